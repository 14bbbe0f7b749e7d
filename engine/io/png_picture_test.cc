#include "engine/io/png_picture.h"

#include <cstring>

#include "engine/base/testing/status_matchers.h"
#include "engine/io/testing/encode_picture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

TEST(PngPictureTest, PixelsAreExact) {
  const Image color = Pattern(5, 7, 3), gray = Pattern(4, 3, 1);
  const auto got = DecodePng(EncodePng(color, PNG_FORMAT_RGB));
  ASSERT_OK(got);
  EXPECT_EQ(got->height, 5);
  EXPECT_EQ(got->width, 7);
  EXPECT_EQ(got->pixels, color.pixels);
  EXPECT_EQ(DecodePng(EncodePng(gray, PNG_FORMAT_GRAY))->pixels, gray.pixels);
}

TEST(PngPictureTest, TransparencyIsDropped) {
  const Image image = {1, 2, 4, {1, 2, 3, 0, 4, 5, 6, 128}};
  EXPECT_THAT(DecodePng(EncodePng(image, PNG_FORMAT_RGBA))->pixels, testing::ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(PngPictureTest, TooManyPixelsAreRefusedBeforeDecoding) {
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
  EXPECT_THAT(DecodePng(file), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("1000000 x 1000000")));
}

TEST(PngPictureTest, AFileThatEndsTooEarlyIsRefused) {
  const std::string file = EncodePng(Pattern(9, 9, 3), PNG_FORMAT_RGB);
  EXPECT_THAT(DecodePng(file.substr(0, file.size() / 2)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("ends too early")));
}

}  // namespace
}  // namespace baryon
