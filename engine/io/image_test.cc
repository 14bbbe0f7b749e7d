#include "engine/io/image.h"

#include <png.h>
#include <stdio.h>  // jpeglib.h needs it first
//
#include <jpeglib.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

// A colour at each pixel that tells where it is.
Image Pattern(int64_t height, int64_t width, int64_t channels) {
  Image image = {height, width, channels, {}};
  for (int64_t i = 0; i < height * width * channels; ++i) {
    image.pixels.push_back(static_cast<uint8_t>(i * 37 % 251));
  }
  return image;
}

std::string EncodePng(const Image& image, png_uint_32 format) {
  png_image png = {};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(image.width);
  png.height = static_cast<png_uint_32>(image.height);
  png.format = format;
  png_alloc_size_t size = 0;
  EXPECT_TRUE(png_image_write_to_memory(&png, nullptr, &size, 0, image.pixels.data(), 0, nullptr));
  std::string bytes(size, '\0');
  EXPECT_TRUE(png_image_write_to_memory(&png, bytes.data(), &size, 0, image.pixels.data(), 0, nullptr));
  bytes.resize(size);
  return bytes;
}

std::string EncodeJpeg(const Image& image) {
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
  jpeg.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, 100, TRUE);
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

TEST(ImageTest, PngPixelsAreExact) {
  const Image color = Pattern(5, 7, 3), gray = Pattern(4, 3, 1);
  const auto got = DecodeImage(EncodePng(color, PNG_FORMAT_RGB), 3);
  ASSERT_OK(got);
  EXPECT_EQ(got->height, 5);
  EXPECT_EQ(got->width, 7);
  EXPECT_EQ(got->pixels, color.pixels);
  EXPECT_EQ(DecodeImage(EncodePng(gray, PNG_FORMAT_GRAY), 1)->pixels, gray.pixels);
}

TEST(ImageTest, ChannelsAreMadeAsAsked) {
  const Image color = {1, 2, 3, {255, 0, 0, 10, 20, 30}};
  // 0.299 R + 0.587 G + 0.114 B
  EXPECT_THAT(DecodeImage(EncodePng(color, PNG_FORMAT_RGB), 1)->pixels, testing::ElementsAre(76, 18));
  const Image gray = {1, 2, 1, {7, 9}};
  EXPECT_THAT(DecodeImage(EncodePng(gray, PNG_FORMAT_GRAY), 3)->pixels, testing::ElementsAre(7, 7, 7, 9, 9, 9));
}

TEST(ImageTest, TransparencyIsDropped) {
  const Image image = {1, 2, 4, {1, 2, 3, 0, 4, 5, 6, 128}};
  EXPECT_THAT(DecodeImage(EncodePng(image, PNG_FORMAT_RGBA), 3)->pixels, testing::ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(ImageTest, JpegIsDecodedInEitherColour) {
  Image flat = {16, 24, 3, {}};
  for (int i = 0; i < 16 * 24; ++i) flat.pixels.insert(flat.pixels.end(), {200, 100, 50});
  const auto color = DecodeImage(EncodeJpeg(flat), 3);
  ASSERT_OK(color);
  EXPECT_EQ(color->width, 24);
  EXPECT_NEAR(color->at(8, 8, 0), 200, 3);
  EXPECT_NEAR(color->at(8, 8, 2), 50, 3);
  const auto gray = DecodeImage(EncodeJpeg(flat), 1);
  ASSERT_OK(gray);
  EXPECT_NEAR(gray->at(8, 8, 0), 124, 3);
}

TEST(ImageTest, OtherBytesAreRefused) {
  EXPECT_THAT(DecodeImage("GIF89a", 3), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("PNG or JPEG")));
  EXPECT_THAT(DecodeImage("", 3), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(ImageTest, BrokenFilesAreRefusedOrReadButNeverMore) {
  for (const std::string& file : {EncodePng(Pattern(9, 9, 3), PNG_FORMAT_RGB), EncodeJpeg(Pattern(9, 9, 3))}) {
    for (size_t length = 0; length < file.size(); length += 3) {
      const auto cut = DecodeImage(absl::string_view(file).substr(0, length), 3);
      if (cut.ok()) {
        EXPECT_EQ(cut->pixels.size(), 9u * 9 * 3);
      }
    }
    for (size_t i = 0; i < file.size(); ++i) {
      std::string changed = file;
      changed[i] = static_cast<char>(changed[i] ^ 0x55);
      const auto got = DecodeImage(changed, 3);
      if (got.ok()) {
        EXPECT_EQ(static_cast<int64_t>(got->pixels.size()), got->height * got->width * 3);
      }
    }
  }
}

TEST(ImageTest, PicturesThatClaimTooManyPixelsAreRefusedBeforeDecoding) {
  std::string file = EncodePng(Pattern(1, 1, 1), PNG_FORMAT_GRAY);
  // Width and height in the header, then its checksum.
  const unsigned char huge[] = {0x00, 0x0f, 0x42, 0x40, 0x00, 0x0f, 0x42, 0x40};
  std::memcpy(&file[16], huge, sizeof(huge));
  png_uint_32 crc = 0xffffffff;
  for (size_t i = 12; i < 29; ++i) {
    crc ^= static_cast<unsigned char>(file[i]);
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
  }
  crc = ~crc;
  for (int i = 0; i < 4; ++i) file[29 + i] = static_cast<char>(crc >> (24 - 8 * i));
  EXPECT_FALSE(DecodeImage(file, 1).ok());
}

TEST(ImageTest, ResizingIsBilinearBetweenCentres) {
  const Image image = {1, 2, 1, {0, 100}};
  EXPECT_THAT(ResizeImage(image, 1, 4).pixels, testing::ElementsAre(0, 25, 75, 100));
  EXPECT_THAT(ResizeImage(image, 2, 2).pixels, testing::ElementsAre(0, 100, 0, 100));
  const Image wide = {2, 4, 1, {0, 10, 20, 30, 40, 50, 60, 70}};
  EXPECT_THAT(ResizeImage(wide, 1, 2).pixels, testing::ElementsAre(25, 45));
}

TEST(ImageTest, CroppingKeepsTheMiddle) {
  const Image image = Pattern(5, 6, 1), cut = CenterCrop(image, 3, 2);
  EXPECT_EQ(cut.at(0, 0, 0), image.at(1, 2, 0));
  EXPECT_EQ(cut.at(2, 1, 0), image.at(3, 3, 0));
  EXPECT_EQ(cut.pixels.size(), 6u);
}

}  // namespace
}  // namespace baryon
