#include "engine/io/preprocess.h"

#include <png.h>

#include <string>

#include "engine/base/file.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/io/npy.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/support/golden.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

std::string Png(int64_t height, int64_t width, const std::vector<uint8_t>& rgb) {
  png_image png = {};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(width);
  png.height = static_cast<png_uint_32>(height);
  png.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = 0;
  png_image_write_to_memory(&png, nullptr, &size, 0, rgb.data(), 0, nullptr);
  std::string bytes(size, '\0');
  png_image_write_to_memory(&png, bytes.data(), &size, 0, rgb.data(), 0, nullptr);
  bytes.resize(size);
  return bytes;
}

TEST(PreprocessTest, ElementsAreScaledAndNormalisedByChannel) {
  const auto preprocess =
      ParsePreprocess(R"({"input": "x", "scale": "1/100", "mean": [1, 0.5, 0], "std": [2, 1, 0.5], "color": "bgr"})");
  ASSERT_OK(preprocess);
  const auto row = PreparePicture(*preprocess, Png(1, 1, {100, 50, 200}));
  ASSERT_OK(row);
  EXPECT_EQ(row->shape(), Shape({1, 3, 1, 1}));
  // Blue, green, red.
  EXPECT_THAT(row->span<float>(), testing::ElementsAre(0.5f, 0.0f, 2.0f));
}

TEST(PreprocessTest, TheShortSideIsResizedAndTheMiddleCut) {
  const auto preprocess = ParsePreprocess(R"({"input": "x", "resize": 4, "crop": [3, 2]})");
  ASSERT_OK(preprocess);
  const auto row = PreparePicture(*preprocess, Png(8, 16, std::vector<uint8_t>(8 * 16 * 3, 9)));
  ASSERT_OK(row);
  EXPECT_EQ(row->shape(), Shape({1, 3, 2, 3}));
}

TEST(PreprocessTest, PicturesAreResizedAsTheModelSays) {
  const std::string edge = Png(1, 2, {0, 0, 0, 200, 200, 200});
  const auto first = [&](const std::string& name) {
    const auto preprocess =
        ParsePreprocess(R"({"input": "x", "resize": [4, 1], "color": "gray", "interpolation": ")" + name + "\"}");
    EXPECT_OK(preprocess);
    const auto row = PreparePicture(*preprocess, edge);
    EXPECT_OK(row);
    return std::vector<float>(row->span<float>().begin(), row->span<float>().end());
  };
  EXPECT_THAT(first("nearest"), testing::ElementsAre(0, 0, 200, 200));
  EXPECT_THAT(first("area"), testing::ElementsAre(0, 0, 200, 200));
  EXPECT_THAT(first("bilinear"), testing::ElementsAre(0, 50, 150, 200));
  EXPECT_THAT(first("bicubic"), testing::ElementsAre(0, 45, 155, 221));  // 200 times -0.105, 0.227, 0.773, 1.105
  EXPECT_EQ(first("lanczos").size(), 4u);
}

TEST(PreprocessTest, APictureSmallerThanTheCropIsRefused) {
  const auto preprocess = ParsePreprocess(R"({"input": "x", "crop": 4})");
  ASSERT_OK(preprocess);
  EXPECT_THAT(PreparePicture(*preprocess, Png(3, 9, std::vector<uint8_t>(81, 9))),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("at least 4 x 4, got 9 x 3")));
}

TEST(PreprocessTest, WrongFieldsAreNamed) {
  for (const char* text :
       {R"({"resize": 4})", R"({"input": "x", "resize": 0})", R"({"input": "x", "crop": [1]})",
        R"({"input": "x", "mean": [1, 2]})", R"({"input": "x", "std": [1, 0, 1]})", R"({"input": "x", "scale": "1/0"})",
        R"({"input": "x", "scale": "a"})", R"({"input": "x", "color": "cmyk"})",
        R"({"input": "x", "interpolation": "cubic"})", R"({"input": "x", "interpolation": 1})", R"({"input": 3})",
        R"({"input": "x", "size": 3})", R"({"input": "x", "resize": 1e99})", "[]"}) {
    EXPECT_THAT(ParsePreprocess(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
  EXPECT_THAT(ParsePreprocess("{\n\"input\": x"), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("line 2")));
}

TEST(PreprocessTest, ImageNetworksThatSayNothingGetTheUsual) {
  const auto fixed = DefaultPreprocess("data", {DType::kFloat32, {-1, 1, 8, 10}});
  ASSERT_TRUE(fixed.has_value());
  EXPECT_EQ(fixed->color, Preprocess::Color::kGray);
  EXPECT_EQ(fixed->height, 8);
  EXPECT_EQ(fixed->width, 10);
  const auto open = DefaultPreprocess("data", {DType::kFloat32, {-1, 3, -1, -1}});
  ASSERT_TRUE(open.has_value());
  EXPECT_EQ(open->crop_width, 224);
  EXPECT_FALSE(DefaultPreprocess("data", {DType::kFloat32, {-1, 7, 8, 8}}).has_value());
  EXPECT_FALSE(DefaultPreprocess("data", {DType::kFloat32, {-1, 64}}).has_value());
  EXPECT_FALSE(DefaultPreprocess("data", {DType::kInt32, {-1, 3, 8, 8}}).has_value());
}

// The pictures of the digits are rows of their test set.
TEST(PreprocessTest, DigitsPicturesAreTheRowsTheyWereMadeFrom) {
  const std::string folder = GoldenFolder("digits");
  const auto preprocess = ParsePreprocess(R"({"input": "data", "scale": "1/255", "color": "gray"})");
  const auto inputs = ReadNpz(folder + "/input.npz");
  const auto text = ReadFile(folder + "/case.json");
  ASSERT_OK(preprocess);
  ASSERT_OK(inputs);
  ASSERT_OK(text);
  const Tensor& data = inputs->front().second;
  const nlohmann::json pictures = nlohmann::json::parse(*text)["rows_of_pictures"];
  for (const auto& [name, row] : pictures.items()) {
    const auto file = ReadFile(folder + "/" + name);
    ASSERT_OK(file);
    const auto got = PreparePicture(*preprocess, *file);
    ASSERT_OK(got);
    const Tensor want = data.Rows(row.get<int64_t>(), row.get<int64_t>() + 1);
    ASSERT_EQ(got->shape(), want.shape());
    for (int64_t i = 0; i < want.num_elements(); ++i) {
      ASSERT_NEAR(got->data<float>()[i], want.data<float>()[i], 1.01 / 255) << name;
    }
  }
}

}  // namespace
}  // namespace baryon
