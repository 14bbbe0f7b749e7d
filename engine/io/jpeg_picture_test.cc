// What MXNet reads is compared in pictures_test.cc.
#include "engine/io/jpeg_picture.h"

#include <algorithm>
#include <cmath>

#include "engine/base/testing/status_matchers.h"
#include "engine/io/testing/encode_picture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

// Colours that change slowly, so that a part of their rows tells the others.
Image Slope(int64_t height, int64_t width) {
  Image image = {height, width, 3, {}};
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      for (int64_t level : {40 + 2 * y, 200 - 2 * x, 60 + x + y}) image.pixels.push_back(static_cast<uint8_t>(level));
    }
  }
  return image;
}

int LargestDifference(const Image& a, const Image& b) {
  EXPECT_EQ(a.pixels.size(), b.pixels.size());
  int largest = 0;
  for (size_t i = 0; i < std::min(a.pixels.size(), b.pixels.size()); ++i) {
    largest = std::max(largest, std::abs(int{a.pixels[i]} - int{b.pixels[i]}));
  }
  return largest;
}

TEST(JpegPictureTest, IsDecodedInEitherColour) {
  Image flat = {16, 24, 3, {}};
  for (int i = 0; i < 16 * 24; ++i) flat.pixels.insert(flat.pixels.end(), {200, 100, 50});
  const auto color = DecodeJpeg(EncodeJpeg(flat), 3);
  ASSERT_OK(color);
  EXPECT_EQ(color->width, 24);
  EXPECT_NEAR(color->at(8, 8, 0), 200, 3);
  EXPECT_NEAR(color->at(8, 8, 2), 50, 3);
  const auto gray = DecodeJpeg(EncodeJpeg(flat), 1);
  ASSERT_OK(gray);
  EXPECT_NEAR(gray->at(8, 8, 0), 124, 3);
}

TEST(JpegPictureTest, ColoursOfFewerRowsOrColumnsAreSmooth) {
  const Image slope = Slope(33, 48);
  for (const auto& [columns, rows] : {std::pair(1, 1), {2, 1}, {2, 2}, {1, 2}, {4, 1}}) {
    const auto got = DecodeJpeg(EncodeJpeg(slope, {.luma_columns = columns, .luma_rows = rows}), 3);
    ASSERT_OK(got);
    EXPECT_LE(LargestDifference(*got, slope), columns == 4 ? 9 : 5) << columns << " x " << rows;
  }
}

TEST(JpegPictureTest, ColoursOfHalfTheRowsAreThreePartsOfTheNearestAndOneOfTheNext) {
  const Image top_grey_bottom_red = [] {
    Image image = {32, 8, 3, {}};
    for (int i = 0; i < 32 * 8; ++i) {
      const auto cyan = static_cast<uint8_t>(i < 16 * 8 ? 128 : 100);
      image.pixels.insert(image.pixels.end(), {128, cyan, cyan});
    }
    return image;
  }();
  const auto got = DecodeJpeg(EncodeJpeg(top_grey_bottom_red, {.luma_columns = 1, .luma_rows = 2}), 3);
  ASSERT_OK(got);
  // The surplus of red, as the parts of the lower colour: none, 1/4, 3/4, all.
  const auto surplus = [&](int64_t y) { return int{got->at(y, 4, 0)} - int{got->at(y, 4, 1)}; };
  EXPECT_NEAR(surplus(14), 0, 2);
  EXPECT_NEAR(surplus(15), 7, 2);
  EXPECT_NEAR(surplus(16), 21, 2);
  EXPECT_NEAR(surplus(17), 28, 2);
}

TEST(JpegPictureTest, InksBecomeLight) {
  Image inks = {8, 8, 4, {}};
  for (int i = 0; i < 64; ++i) inks.pixels.insert(inks.pixels.end(), {255, 128, 0, 200});
  const auto color = DecodeJpeg(EncodeJpeg(inks), 1);
  ASSERT_OK(color);
  EXPECT_EQ(color->channels, 3);
  EXPECT_NEAR(color->at(3, 3, 0), 200, 2);
  EXPECT_NEAR(color->at(3, 3, 1), 100, 2);
  EXPECT_NEAR(color->at(3, 3, 2), 0, 2);
}

TEST(JpegPictureTest, AFileThatEndsTooEarlyIsRefused) {
  for (const bool progressive : {false, true}) {
    const std::string file = EncodeJpeg(Pattern(64, 64, 3), {.progressive = progressive});
    for (const size_t percent : {40u, 60u, 90u}) {
      EXPECT_THAT(DecodeJpeg(file.substr(0, file.size() * percent / 100), 3),
                  StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("ends too early")));
    }
  }
}

TEST(JpegPictureTest, OnlyTheMarkOfTheEndMayBeMissing) {
  const std::string file = EncodeJpeg(Pattern(16, 16, 3));
  const auto whole = DecodeJpeg(file, 3), cut = DecodeJpeg(file.substr(0, file.size() - 2), 3);
  ASSERT_OK(cut);
  EXPECT_EQ(cut->pixels, whole->pixels);
}

TEST(JpegPictureTest, PassesWithoutEndAreRefused) {
  std::string file = EncodeJpeg(Pattern(64, 64, 3), {.progressive = true});
  ASSERT_OK(DecodeJpeg(file, 3));
  const size_t last = file.rfind("\xff\xda");
  const std::string scan = file.substr(last, file.size() - 2 - last);
  for (int i = 0; i < 200; ++i) file.insert(last, scan);
  EXPECT_THAT(DecodeJpeg(file, 3), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("100 passes")));
}

TEST(JpegPictureTest, TooManyPixelsAreRefusedBeforeDecoding) {
  std::string file = EncodeJpeg(Pattern(16, 16, 1));
  const size_t frame = file.find("\xff\xc0");
  ASSERT_NE(frame, std::string::npos);
  file.replace(frame + 5, 4, "\xff\xff\xff\xff");  // height and width
  EXPECT_THAT(DecodeJpeg(file, 1), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("pixels")));
}

}  // namespace
}  // namespace baryon
