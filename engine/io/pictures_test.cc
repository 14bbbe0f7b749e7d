// Pictures as MXNet reads, resizes and prepares them.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "engine/base/file.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/io/image.h"
#include "engine/io/json.h"
#include "engine/io/npz.h"
#include "engine/io/preprocess.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/golden.h"

namespace baryon {
namespace {

class PicturesTest : public testing::Test {
 protected:
  PicturesTest() {
    const auto arrays = ReadNpz(folder_ + "/pictures.npz");
    EXPECT_OK(arrays);
    for (const auto& [name, tensor] : *arrays) arrays_.emplace(name, tensor);
    const auto text = ReadFile(folder_ + "/pictures.json");
    EXPECT_OK(text);
    profiles_ = (*ParseJson(*text))["profiles"];
  }

  std::string File(const std::string& name) const { return ReadFile(absl::StrCat(folder_, "/", name)).value_or(""); }
  // The arrays KIND/REST, by REST.
  std::map<std::string, Tensor> Arrays(const std::string& kind) const {
    std::map<std::string, Tensor> found;
    for (const auto& [name, tensor] : arrays_) {
      if (absl::StartsWith(name, kind + "/")) found.emplace(name.substr(kind.size() + 1), tensor);
    }
    EXPECT_FALSE(found.empty()) << kind;
    return found;
  }
  Preprocess Profile(const std::string& name) const {
    const auto preprocess = ParsePreprocess(profiles_[name].dump());
    EXPECT_OK(preprocess);
    return *preprocess;
  }

  const std::string folder_ = GoldenFolder("pictures");
  std::map<std::string, Tensor> arrays_;
  Json profiles_;
};

// The largest difference between the pixels and an array [height, width, channels], in levels.
int Difference(const Image& image, const Tensor& expected) {
  EXPECT_EQ(expected.shape(), Shape({image.height, image.width, image.channels}));
  if (expected.num_elements() != static_cast<int64_t>(image.pixels.size())) return 256;
  int largest = 0;
  for (size_t i = 0; i < image.pixels.size(); ++i) {
    largest = std::max(largest, std::abs(int{image.pixels[i]} - int{expected.data<uint8_t>()[i]}));
  }
  return largest;
}

TEST_F(PicturesTest, HaveThePixelsThatMxnetReads) {
  for (const auto& [name, expected] : Arrays("decoded")) {
    const auto image = DecodeImage(File(name), 3);
    ASSERT_OK(image);
    EXPECT_EQ(Difference(*image, expected), 0) << name;
  }
}

TEST_F(PicturesTest, HaveTheGreyLevelsThatMxnetReads) {
  for (const auto& [name, expected] : Arrays("gray")) {
    const auto image = DecodeImage(File(name), 1);
    ASSERT_OK(image);
    // Of colours in a PNG file libpng makes grey levels by weights of its own.
    EXPECT_LE(Difference(*image, expected), absl::EndsWith(name, ".png") ? 1 : 0) << name;
  }
}

TEST_F(PicturesTest, AreResizedAsByMxnet) {
  for (const auto& [kind, filter] : {std::pair("resized", kernels::ResizeFilter::kLinear),
                                     {"cubic", kernels::ResizeFilter::kCubic},
                                     {"area", kernels::ResizeFilter::kArea}}) {
    for (const auto& [name, expected] : Arrays(kind)) {
      const std::vector<std::string> parts = absl::StrSplit(name, absl::ByAnyChar("/x"));
      int64_t width = 0, height = 0;
      ASSERT_TRUE(parts.size() == 3 && absl::SimpleAtoi(parts[1], &width) && absl::SimpleAtoi(parts[2], &height));
      const Tensor& pixels = arrays_.at("decoded/" + parts[0]);
      const Image image = {pixels.shape()[0],
                           pixels.shape()[1],
                           3,
                           {pixels.data<uint8_t>(), pixels.data<uint8_t>() + pixels.num_elements()}};
      // OpenCV sums cubes in float32 where it has vectors for it.
      const int tolerance = filter == kernels::ResizeFilter::kCubic ? 1 : 0;
      EXPECT_LE(Difference(ResizeImage(image, height, width, filter), expected), tolerance) << kind << " " << name;
    }
  }
}

TEST_F(PicturesTest, ArePreparedAsByGluonsTransforms) {
  for (const char* profile : {"small", "stretched"}) {
    const Preprocess preprocess = Profile(profile);
    for (const auto& [name, expected] : Arrays(profile)) {
      const auto row = PreparePicture(preprocess, File(name));
      ASSERT_OK(row);
      ASSERT_EQ(row->shape(), expected.shape()) << name;
      float largest = 0;
      for (int64_t i = 0; i < row->num_elements(); ++i) {
        largest = std::max(largest, std::fabs(row->data<float>()[i] - expected.data<float>()[i]));
      }
      EXPECT_LE(largest, 1e-6f) << profile << " " << name;
    }
  }
}

TEST_F(PicturesTest, AreCutAsTheZooWasTrained) {
  for (const char* profile : {"zoo224", "zoo299"}) {
    for (const auto& [name, expected] : Arrays(profile)) {
      const auto row = PreparePicture(Profile(profile), File(name));
      ASSERT_OK(row);
      const int64_t edge = expected.shape()[0];
      ASSERT_EQ(row->shape(), Shape({1, 3, edge, edge}));
      float largest = 0;
      for (int64_t c = 0; c < 3; ++c) {
        for (int64_t i = 0; i < edge * edge; ++i) {
          const float want = expected.data<uint8_t>()[i * 3 + c];
          largest = std::max(largest, std::fabs(row->data<float>()[c * edge * edge + i] - want));
        }
      }
      EXPECT_EQ(largest, 0) << profile << " " << name;
    }
  }
}

}  // namespace
}  // namespace baryon
