#include "engine/kernels/resize_image.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

using ::testing::ElementsAre;

template <typename T>
std::vector<T> Resize(ResizeFilter filter, const ImageSizes& sizes, const std::vector<T>& in, int64_t parts = 1) {
  const ImageResizer resizer(filter, sizes);
  std::vector<double> scratch(resizer.scratch_bytes() / 8 + 1);
  std::vector<T> out(sizes.new_height * sizes.new_width * sizes.channels);
  for (int64_t part = parts - 1; part >= 0; --part) {
    resizer.Resize(in.data(), sizes.new_height * part / parts, sizes.new_height * (part + 1) / parts, out.data(),
                   scratch.data());
  }
  return out;
}

TEST(ResizeImageTest, TheNearestNeighbourIsTheOneBefore) {
  EXPECT_THAT(Resize<uint32_t>(ResizeFilter::kNearest, {1, 4, 1, 2, 1}, {1, 2, 3, 4}), ElementsAre(1, 3));
  EXPECT_THAT(Resize<uint16_t>(ResizeFilter::kNearest, {1, 2, 1, 5, 1}, {1, 2}), ElementsAre(1, 1, 1, 2, 2));
}

TEST(ResizeImageTest, LinearWeightsLieBetweenPixelCentres) {
  EXPECT_THAT(Resize<float>(ResizeFilter::kLinear, {1, 2, 1, 4, 1}, {0, 4}), ElementsAre(0, 1, 3, 4));
  EXPECT_THAT(Resize<uint8_t>(ResizeFilter::kLinear, {2, 1, 4, 1, 1}, {0, 100}), ElementsAre(0, 25, 75, 100));
  EXPECT_THAT(Resize<double>(ResizeFilter::kLinear, {1, 2, 1, 3, 2}, {0, 10, 6, 40}), ElementsAre(0, 10, 3, 25, 6, 40));
}

TEST(ResizeImageTest, HalvingIsTheMeanOfFourRoundedUp) {
  EXPECT_THAT(Resize<uint8_t>(ResizeFilter::kLinear, {2, 2, 1, 1, 1}, {0, 0, 1, 1}), ElementsAre(1));
  EXPECT_THAT(Resize<uint8_t>(ResizeFilter::kLinear, {2, 2, 1, 1, 2}, {0, 0, 0, 1, 1, 1, 1, 2}), ElementsAre(0, 1));
  EXPECT_THAT(Resize<float>(ResizeFilter::kLinear, {2, 2, 1, 1, 1}, {0, 1, 2, 4}), ElementsAre(1.75f));
}

TEST(ResizeImageTest, AreasAreMeansOfWhatTheyCover) {
  EXPECT_THAT(Resize<float>(ResizeFilter::kArea, {1, 6, 1, 2, 1}, {1, 2, 3, 4, 5, 6}), ElementsAre(2, 5));
  const std::vector<float> thirds = Resize<float>(ResizeFilter::kArea, {1, 3, 1, 2, 1}, {0, 3, 6});
  EXPECT_NEAR(thirds[0], 1, 1e-6);
  EXPECT_NEAR(thirds[1], 5, 1e-6);
  EXPECT_THAT(Resize<float>(ResizeFilter::kArea, {1, 2, 1, 5, 1}, {0, 5}), ElementsAre(0, 0, 2.5f, 5, 5));
}

// Filters reproduce what they are made for: cubic and Lanczos ones constants, cubic ones also ramps.
TEST(ResizeImageTest, WideFiltersKeepConstantsAndRamps) {
  std::vector<float> ramp(20);
  std::iota(ramp.begin(), ramp.end(), 0.0f);
  const std::vector<float> cubic = Resize<float>(ResizeFilter::kCubic, {1, 20, 1, 40, 1}, ramp);
  const std::vector<float> lanczos =
      Resize<float>(ResizeFilter::kLanczos, {1, 20, 1, 30, 1}, std::vector<float>(20, 3.0f));
  for (int i = 6; i < 34; ++i) EXPECT_NEAR(cubic[i], (i + 0.5) / 2 - 0.5, 0.05) << i;
  for (float value : lanczos) EXPECT_NEAR(value, 3, 1e-5);
}

TEST(ResizeImageTest, BytesAgreeWithFloats) {
  std::vector<uint8_t> bytes(23 * 17 * 3);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 73 % 256);
  const std::vector<float> floats(bytes.begin(), bytes.end());
  for (ResizeFilter filter :
       {ResizeFilter::kLinear, ResizeFilter::kCubic, ResizeFilter::kArea, ResizeFilter::kLanczos}) {
    for (const ImageSizes& sizes : {ImageSizes{23, 17, 31, 40, 3}, ImageSizes{23, 17, 9, 11, 3}}) {
      const std::vector<uint8_t> got = Resize(filter, sizes, bytes);
      const std::vector<float> want = Resize(filter, sizes, floats);
      for (size_t i = 0; i < got.size(); ++i) {
        ASSERT_NEAR(got[i], std::clamp(want[i], 0.0f, 255.0f), 1.01) << static_cast<int>(filter) << " " << i;
      }
    }
  }
}

TEST(ResizeImageTest, PartsOfAPictureAreThePicture) {
  std::vector<float> in(15 * 13);
  for (size_t i = 0; i < in.size(); ++i) in[i] = static_cast<float>(i * 37 % 101);
  for (int filter = 0; filter <= 4; ++filter) {
    for (int64_t height : {5, 6, 15, 40}) {
      const ImageSizes sizes = {15, 13, height, 20, 1};
      const std::vector<float> whole = Resize(static_cast<ResizeFilter>(filter), sizes, in);
      EXPECT_EQ(Resize(static_cast<ResizeFilter>(filter), sizes, in, 3), whole) << filter << " " << height;
    }
  }
}

}  // namespace
}  // namespace baryon::kernels
