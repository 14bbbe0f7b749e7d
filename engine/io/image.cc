// libpng and libjpeg report errors by longjmp: the functions that call them hold nothing with a destructor, and keep
// what outlives a jump in a struct of the caller.
#include "engine/io/image.h"

#include <jpeglib.h>
#include <png.h>

#include <algorithm>
#include <cmath>
#include <csetjmp>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"

namespace baryon {
namespace {

absl::Status Broken(absl::string_view kind, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("expected a sound ", kind, " picture, got ", why));
}

absl::Status CheckSize(int64_t height, int64_t width) {
  if (height > 0 && width > 0 && height <= kMostPixels / width) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("expected a picture of 1 to ", kMostPixels, " pixels, got ", width, " x ", height));
}

// ---------------------------------------------------------------------------------------------------------------------
// PNG

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

absl::StatusOr<Image> DecodePng(absl::string_view file) {
  PngReader reader;
  reader.rest = file;
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, FailPng, IgnorePngWarning);
  if (reader.png != nullptr) reader.info = png_create_info_struct(reader.png);
  if (reader.info == nullptr) return absl::ResourceExhaustedError("no memory to read a PNG picture");
  if (!ReadPngHeader(reader)) return Broken("PNG", reader.message);
  Image image;
  image.height = png_get_image_height(reader.png, reader.info);
  image.width = png_get_image_width(reader.png, reader.info);
  image.channels = png_get_channels(reader.png, reader.info);
  BARYON_RETURN_IF_ERROR(CheckSize(image.height, image.width));
  image.pixels.resize(image.height * image.width * image.channels);
  std::vector<png_bytep> rows;
  for (int64_t y = 0; y < image.height; ++y) rows.push_back(&image.pixels[y * image.width * image.channels]);
  if (!ReadPngRows(reader, rows.data())) return Broken("PNG", reader.message);
  return image;
}

// ---------------------------------------------------------------------------------------------------------------------
// JPEG

struct JpegReader {
  jpeg_decompress_struct jpeg = {};
  jpeg_error_mgr errors = {};
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX] = "";

  ~JpegReader() { jpeg_destroy_decompress(&jpeg); }
};

[[noreturn]] void FailJpeg(j_common_ptr jpeg) {
  auto& reader = *static_cast<JpegReader*>(jpeg->client_data);
  jpeg->err->format_message(jpeg, reader.message);
  std::longjmp(reader.jump, 1);
}

void IgnoreJpegMessage(j_common_ptr) {}

bool ReadJpegHeader(JpegReader& reader, absl::string_view file, int channels) {
  reader.jpeg.err = jpeg_std_error(&reader.errors);
  reader.errors.error_exit = FailJpeg;
  reader.errors.output_message = IgnoreJpegMessage;
  reader.jpeg.client_data = &reader;
  if (setjmp(reader.jump) != 0) return false;
  jpeg_create_decompress(&reader.jpeg);
  reader.jpeg.client_data = &reader;
  jpeg_mem_src(&reader.jpeg, reinterpret_cast<const unsigned char*>(file.data()), file.size());
  jpeg_read_header(&reader.jpeg, TRUE);
  reader.jpeg.out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_calc_output_dimensions(&reader.jpeg);
  return true;
}

bool ReadJpegRows(JpegReader& reader, uint8_t* pixels, int64_t row_bytes) {
  if (setjmp(reader.jump) != 0) return false;
  jpeg_start_decompress(&reader.jpeg);
  while (reader.jpeg.output_scanline < reader.jpeg.output_height) {
    JSAMPROW row = pixels + reader.jpeg.output_scanline * row_bytes;
    jpeg_read_scanlines(&reader.jpeg, &row, 1);
  }
  jpeg_finish_decompress(&reader.jpeg);
  return true;
}

absl::StatusOr<Image> DecodeJpeg(absl::string_view file, int channels) {
  JpegReader reader;
  if (!ReadJpegHeader(reader, file, channels)) return Broken("JPEG", reader.message);
  Image image;
  image.height = reader.jpeg.output_height;
  image.width = reader.jpeg.output_width;
  image.channels = channels;
  BARYON_RETURN_IF_ERROR(CheckSize(image.height, image.width));
  image.pixels.resize(image.height * image.width * image.channels);
  if (!ReadJpegRows(reader, image.pixels.data(), image.width * image.channels)) return Broken("JPEG", reader.message);
  return image;
}

// ---------------------------------------------------------------------------------------------------------------------

Image WithChannels(const Image& image, int channels) {
  Image result = image;
  result.channels = channels;
  result.pixels.resize(image.height * image.width * channels);
  for (int64_t i = 0; i < image.height * image.width; ++i) {
    const uint8_t* from = &image.pixels[i * image.channels];
    if (channels == 1) {
      constexpr int kRed = 4899, kGreen = 9617, kBlue = 1868, kShift = 14;  // of BT.601, times 2^14
      const int sum = kRed * from[0] + kGreen * from[1] + kBlue * from[2] + (1 << (kShift - 1));
      result.pixels[i] = static_cast<uint8_t>(sum >> kShift);
    } else {
      std::fill_n(&result.pixels[i * channels], channels, from[0]);
    }
  }
  return result;
}

// What an output coordinate reads: the inputs `low` and `low + 1`, or the last one, and how much of the latter.
struct Tap {
  int64_t low, high;
  float share;
};

std::vector<Tap> MakeTaps(int64_t in, int64_t out) {
  std::vector<Tap> taps;
  for (int64_t i = 0; i < out; ++i) {
    const double place = (static_cast<double>(i) + 0.5) * static_cast<double>(in) / static_cast<double>(out) - 0.5;
    const double clamped = std::clamp(place, 0.0, static_cast<double>(in - 1));
    const int64_t low = static_cast<int64_t>(clamped);
    taps.push_back({low, std::min(low + 1, in - 1), static_cast<float>(clamped - static_cast<double>(low))});
  }
  return taps;
}

}  // namespace

absl::StatusOr<Image> DecodeImage(absl::string_view file, int channels) {
  constexpr absl::string_view kPng = "\x89PNG\r\n\x1a\n", kJpeg = "\xff\xd8\xff";
  Image image;
  if (file.substr(0, kPng.size()) == kPng) {
    BARYON_ASSIGN_OR_RETURN(image, DecodePng(file));
  } else if (file.substr(0, kJpeg.size()) == kJpeg) {
    BARYON_ASSIGN_OR_RETURN(image, DecodeJpeg(file, channels));
  } else {
    return absl::InvalidArgumentError("expected a PNG or JPEG picture, got other bytes");
  }
  if (image.channels != channels) image = WithChannels(image, channels);
  return image;
}

Image ResizeImage(const Image& image, int64_t height, int64_t width) {
  if (height == image.height && width == image.width) return image;
  const std::vector<Tap> rows = MakeTaps(image.height, height), columns = MakeTaps(image.width, width);
  Image result = {height, width, image.channels, std::vector<uint8_t>(height * width * image.channels)};
  uint8_t* to = result.pixels.data();
  for (const Tap& y : rows) {
    for (const Tap& x : columns) {
      for (int64_t c = 0; c < image.channels; ++c) {
        const auto across = [&](int64_t row) {
          const float low = image.at(row, x.low, c), high = image.at(row, x.high, c);
          return low + (high - low) * x.share;
        };
        const float upper = across(y.low), lower = across(y.high);
        *to++ = static_cast<uint8_t>(std::lround(upper + (lower - upper) * y.share));
      }
    }
  }
  return result;
}

Image CenterCrop(const Image& image, int64_t height, int64_t width) {
  const int64_t top = (image.height - height) / 2, left = (image.width - width) / 2;
  Image result = {height, width, image.channels, {}};
  for (int64_t y = 0; y < height; ++y) {
    const uint8_t* row = &image.pixels[((top + y) * image.width + left) * image.channels];
    result.pixels.insert(result.pixels.end(), row, row + width * image.channels);
  }
  return result;
}

}  // namespace baryon
