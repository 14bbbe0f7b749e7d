// Pictures for tests, written by the libraries that read them.
#ifndef BARYON_ENGINE_IO_TESTING_ENCODE_PICTURE_H_
#define BARYON_ENGINE_IO_TESTING_ENCODE_PICTURE_H_

#include <png.h>
#include <stdio.h>  // jpeglib.h needs it first
//
#include <jpeglib.h>

#include <cstdlib>
#include <string>

#include "engine/base/check.h"
#include "engine/io/image.h"

namespace baryon {

// A colour at each pixel that tells where it is.
inline Image Pattern(int64_t height, int64_t width, int64_t channels) {
  Image image = {height, width, channels, {}};
  for (int64_t i = 0; i < height * width * channels; ++i) {
    image.pixels.push_back(static_cast<uint8_t>(i * 37 % 251));
  }
  return image;
}

inline std::string EncodePng(const Image& image, png_uint_32 format) {
  png_image png = {};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(image.width);
  png.height = static_cast<png_uint_32>(image.height);
  png.format = format;
  png_alloc_size_t size = 0;
  BARYON_CHECK(png_image_write_to_memory(&png, nullptr, &size, 0, image.pixels.data(), 0, nullptr));
  std::string bytes(size, '\0');
  BARYON_CHECK(png_image_write_to_memory(&png, bytes.data(), &size, 0, image.pixels.data(), 0, nullptr));
  bytes.resize(size);
  return bytes;
}

struct JpegKind {
  int luma_columns = 2, luma_rows = 2;  // for one of the colours
  bool progressive = false;
};

// Of the best quality. 1 channel is grey, 3 are red, green and blue, 4 are inks as they lie in the file.
inline std::string EncodeJpeg(const Image& image, const JpegKind& kind = {}) {
  jpeg_compress_struct jpeg = {};
  jpeg_error_mgr errors;
  jpeg.err = jpeg_std_error(&errors);
  jpeg_create_compress(&jpeg);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;  // NOLINT: libjpeg's type
  jpeg_mem_dest(&jpeg, &buffer, &size);
  jpeg.image_width = static_cast<JDIMENSION>(image.width);
  jpeg.image_height = static_cast<JDIMENSION>(image.height);
  jpeg.input_components = static_cast<int>(image.channels);
  jpeg.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : image.channels == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 100, TRUE);
  if (image.channels == 3) {
    jpeg.comp_info[0].h_samp_factor = kind.luma_columns;
    jpeg.comp_info[0].v_samp_factor = kind.luma_rows;
  }
  if (kind.progressive) jpeg_simple_progression(&jpeg);
  jpeg_start_compress(&jpeg, TRUE);
  for (int64_t y = 0; y < image.height; ++y) {
    JSAMPROW row = const_cast<JSAMPROW>(&image.pixels[y * image.width * image.channels]);
    jpeg_write_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_compress(&jpeg);
  const std::string bytes(reinterpret_cast<char*>(buffer), size);
  jpeg_destroy_compress(&jpeg);
  std::free(buffer);
  return bytes;
}

}  // namespace baryon

#endif  // BARYON_ENGINE_IO_TESTING_ENCODE_PICTURE_H_
