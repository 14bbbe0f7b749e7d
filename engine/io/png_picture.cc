// libpng reports errors by longjmp: the functions that call it hold nothing with a destructor, and keep what outlives a
// jump in a struct of the caller.
#include "engine/io/png_picture.h"

#include <png.h>

#include <csetjmp>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"

namespace baryon {
namespace {

absl::Status Broken(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("expected a sound PNG picture, got ", why));
}

struct PngReader {
  absl::string_view rest;
  png_structp png = nullptr;
  png_infop info = nullptr;
  char message[128] = "";

  ~PngReader() { png_destroy_read_struct(&png, &info, nullptr); }
};

void ReadPngBytes(png_structp png, png_bytep to, size_t count) {
  auto& reader = *static_cast<PngReader*>(png_get_io_ptr(png));
  if (count > reader.rest.size()) png_error(png, "a file that ends too early");
  std::memcpy(to, reader.rest.data(), count);
  reader.rest.remove_prefix(count);
}

void FailPng(png_structp png, png_const_charp message) {
  auto& reader = *static_cast<PngReader*>(png_get_error_ptr(png));
  std::strncpy(reader.message, message, sizeof(reader.message) - 1);
  png_longjmp(png, 1);
}

void IgnorePngWarning(png_structp, png_const_charp) {}

// Leaves colours of 8 bits, three or one grey. False after an error.
bool ReadPngHeader(PngReader& reader) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_set_read_fn(reader.png, &reader, ReadPngBytes);
  png_read_info(reader.png, reader.info);
  png_set_expand(reader.png);
  png_set_strip_16(reader.png);
  png_set_strip_alpha(reader.png);
  png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  return true;
}

bool ReadPngRows(PngReader& reader, png_bytep* rows) {
  if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
  png_read_image(reader.png, rows);
  return true;
}

}  // namespace

absl::StatusOr<Image> DecodePng(absl::string_view file) {
  PngReader reader;
  reader.rest = file;
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, FailPng, IgnorePngWarning);
  if (reader.png != nullptr) reader.info = png_create_info_struct(reader.png);
  if (reader.info == nullptr) return absl::ResourceExhaustedError("no memory to read a PNG picture");
  if (!ReadPngHeader(reader)) return Broken(reader.message);
  Image image;
  image.height = png_get_image_height(reader.png, reader.info);
  image.width = png_get_image_width(reader.png, reader.info);
  image.channels = png_get_channels(reader.png, reader.info);
  BARYON_RETURN_IF_ERROR(CheckPictureSize(image.height, image.width));
  image.pixels.resize(image.height * image.width * image.channels);
  std::vector<png_bytep> rows;
  for (int64_t y = 0; y < image.height; ++y) rows.push_back(&image.pixels[y * image.width * image.channels]);
  if (!ReadPngRows(reader, rows.data())) return Broken(reader.message);
  return image;
}

}  // namespace baryon
