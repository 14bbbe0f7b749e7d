// libjpeg reports errors by longjmp: the functions that call it hold nothing with a destructor, and keep what outlives
// a jump in a struct of the caller.
#include "engine/io/jpeg_picture.h"

#include <stdio.h>  // jpeglib.h needs it first
//
#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <csetjmp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"

namespace baryon {
namespace {

// Each pass of a progressive picture goes over all of its pixels, in however few bytes: those that programs write have
// ten or so.
constexpr int kMostScans = 100;

struct JpegReader {
  jpeg_decompress_struct jpeg = {};
  jpeg_error_mgr errors = {};
  jpeg_progress_mgr progress = {};
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX] = "";
  bool has_ended = false, lacks_bits = false;  // warnings: the file came to its end; there are too few bits in a part

  ~JpegReader() { jpeg_destroy_decompress(&jpeg); }

  bool is_cut_off() const { return has_ended && (lacks_bits || jpeg.progressive_mode != FALSE); }
};

JpegReader& ReaderOf(j_common_ptr jpeg) { return *static_cast<JpegReader*>(jpeg->client_data); }

[[noreturn]] void FailJpeg(j_common_ptr jpeg) {
  jpeg->err->format_message(jpeg, ReaderOf(jpeg).message);
  std::longjmp(ReaderOf(jpeg).jump, 1);
}

void NoteWarning(j_common_ptr jpeg, int level) {
  if (level >= 0) return;  // it only tells what it does
  ReaderOf(jpeg).has_ended |= jpeg->err->msg_code == JWRN_JPEG_EOF;
  ReaderOf(jpeg).lacks_bits |= jpeg->err->msg_code == JWRN_HIT_MARKER;
}

void CountScans(j_common_ptr jpeg) {
  JpegReader& reader = ReaderOf(jpeg);
  if (reader.jpeg.input_scan_number <= kMostScans) return;
  std::snprintf(reader.message, sizeof(reader.message), "one of more than %d passes", kMostScans);
  std::longjmp(reader.jump, 1);
}

// Colours at half the rows: 4:4:0, as of a 4:2:2 picture that was turned without loss.
bool HasHalfColorRows(const jpeg_decompress_struct& jpeg) {
  if (jpeg.num_components != 3 || jpeg.jpeg_color_space != JCS_YCbCr) return false;
  const jpeg_component_info& luma = jpeg.comp_info[0];
  return std::all_of(jpeg.comp_info + 1, jpeg.comp_info + 3, [&](const jpeg_component_info& color) {
    return color.h_samp_factor == luma.h_samp_factor && color.v_samp_factor * 2 == luma.v_samp_factor;
  });
}

bool ReadHeader(JpegReader& reader, absl::string_view file, int channels) {
  jpeg_decompress_struct& jpeg = reader.jpeg;
  jpeg.err = jpeg_std_error(&reader.errors);
  reader.errors.error_exit = FailJpeg;
  reader.errors.emit_message = NoteWarning;
  reader.progress.progress_monitor = CountScans;
  jpeg.client_data = &reader;
  if (setjmp(reader.jump) != 0) return false;
  jpeg_create_decompress(&jpeg);
  jpeg.client_data = &reader;
  jpeg.progress = &reader.progress;
  jpeg_mem_src(&jpeg, reinterpret_cast<const unsigned char*>(file.data()), file.size());
  jpeg_read_header(&jpeg, TRUE);
  jpeg.dct_method = JDCT_ISLOW;
  jpeg.do_fancy_upsampling = TRUE;
  jpeg.out_color_space = jpeg.num_components == 4 ? JCS_CMYK : channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  if (jpeg.out_color_space == JCS_RGB && HasHalfColorRows(jpeg)) {
    jpeg.out_color_space = JCS_YCbCr;
    jpeg.do_fancy_upsampling = FALSE;  // each row of colours comes twice
  }
  jpeg_calc_output_dimensions(&jpeg);
  return true;
}

bool ReadRows(JpegReader& reader, uint8_t* pixels, int64_t row_bytes) {
  if (setjmp(reader.jump) != 0) return false;
  jpeg_start_decompress(&reader.jpeg);
  while (reader.jpeg.output_scanline < reader.jpeg.output_height) {
    JSAMPROW row = pixels + reader.jpeg.output_scanline * row_bytes;
    jpeg_read_scanlines(&reader.jpeg, &row, 1);
  }
  jpeg_finish_decompress(&reader.jpeg);
  return true;
}

// By BT.601 in units of 2^-16, rounded as libjpeg does.
void WriteRgb(int luma, int blue, int red, uint8_t* to) {
  constexpr int kHalf = 1 << 15, kRedOfRed = 91881, kGreenOfRed = 46802, kGreenOfBlue = 22554, kBlueOfBlue = 116130;
  blue -= 128, red -= 128;
  const int sums[] = {luma + ((kRedOfRed * red + kHalf) >> 16),
                      luma + ((-kGreenOfBlue * blue - kGreenOfRed * red + kHalf) >> 16),
                      luma + ((kBlueOfBlue * blue + kHalf) >> 16)};
  for (int sum : sums) *to++ = static_cast<uint8_t>(std::clamp(sum, 0, 255));
}

// From luma and colours whose rows come twice each: three parts of the row of colours that is there and one of the next
// nearest, a quarter rounded up where libjpeg-turbo 2.1 goes by turns.
Image FromHalfColorRows(const Image& image) {
  Image result = image;
  for (int64_t y = 0; y < image.height; ++y) {
    const int64_t next = std::clamp<int64_t>(y % 2 == 0 ? y - 1 : y + 1, 0, image.height - 1);
    for (int64_t x = 0; x < image.width; ++x) {
      const auto color = [&](int64_t c) { return (3 * image.at(y, x, c) + image.at(next, x, c) + 1) >> 2; };
      WriteRgb(image.at(y, x, 0), color(1), color(2), &result.pixels[(y * image.width + x) * 3]);
    }
  }
  return result;
}

// Inks, stored as the light they leave, as OpenCV mixes them.
Image FromInks(const Image& image) {
  Image result = {image.height, image.width, 3, {}};
  result.pixels.reserve(image.height * image.width * 3);
  for (size_t i = 0; i < image.pixels.size(); i += 4) {
    const int black = image.pixels[i + 3];
    for (size_t c = 0; c < 3; ++c) {
      result.pixels.push_back(static_cast<uint8_t>(black - ((255 - image.pixels[i + c]) * black >> 8)));
    }
  }
  return result;
}

absl::Status Broken(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("expected a sound JPEG picture, got ", why));
}

}  // namespace

absl::StatusOr<Image> DecodeJpeg(absl::string_view file, int channels) {
  JpegReader reader;
  if (!ReadHeader(reader, file, channels)) return Broken(reader.message);
  Image image;
  image.height = reader.jpeg.output_height;
  image.width = reader.jpeg.output_width;
  image.channels = reader.jpeg.out_color_components;
  BARYON_RETURN_IF_ERROR(CheckPictureSize(image.height, image.width));
  image.pixels.resize(image.height * image.width * image.channels);
  if (!ReadRows(reader, image.pixels.data(), image.width * image.channels)) return Broken(reader.message);
  if (reader.is_cut_off()) return Broken("a file that ends too early");
  if (image.channels == 4) return FromInks(image);
  return reader.jpeg.out_color_space == JCS_YCbCr ? FromHalfColorRows(image) : std::move(image);
}

}  // namespace baryon
