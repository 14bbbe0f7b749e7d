#include "engine/io/image.h"

#include <string>

#include "engine/base/testing/status_matchers.h"
#include "engine/io/testing/encode_picture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

TEST(ImageTest, ChannelsAreMadeAsAsked) {
  const Image color = {1, 2, 3, {255, 0, 0, 10, 20, 30}};
  // 0.299 R + 0.587 G + 0.114 B
  EXPECT_THAT(DecodeImage(EncodePng(color, PNG_FORMAT_RGB), 1)->pixels, testing::ElementsAre(76, 18));
  const Image gray = {1, 2, 1, {7, 9}};
  EXPECT_THAT(DecodeImage(EncodePng(gray, PNG_FORMAT_GRAY), 3)->pixels, testing::ElementsAre(7, 7, 7, 9, 9, 9));
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
