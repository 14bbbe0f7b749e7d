#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/channels_last.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

Tensor F(Shape shape, std::initializer_list<float> values) { return Tensor::FromData<float>(std::move(shape), values); }

struct Setting {
  int64_t height, width, samples;
  double scale;
  bool aligned;
};

// Sample by sample, as the definition says.
double Sample(const Tensor& data, int64_t image, int64_t channel, double y, double x) {
  const int64_t height = data.shape()[2], width = data.shape()[3];
  if (y < -1 || y > height || x < -1 || x > width) return 0;
  y = std::clamp(y, 0.0, height - 1.0);
  x = std::clamp(x, 0.0, width - 1.0);
  const int64_t y0 = static_cast<int64_t>(y), x0 = static_cast<int64_t>(x);
  const auto at = [&](int64_t row, int64_t column) {
    row = std::min(row, height - 1), column = std::min(column, width - 1);
    return data.data<float>()[((image * data.shape()[1] + channel) * height + row) * width + column];
  };
  const double dy = y - y0, dx = x - x0;
  return (1 - dy) * ((1 - dx) * at(y0, x0) + dx * at(y0, x0 + 1)) +
         dy * ((1 - dx) * at(y0 + 1, x0) + dx * at(y0 + 1, x0 + 1));
}

Reference SampleBySample(const Setting& s) {
  return [s](const std::vector<Tensor>& inputs) {
    const Tensor &data = inputs[0], &rois = inputs[1];
    const int64_t regions = rois.shape()[0], channels = data.shape()[1];
    Tensor result = Tensor::Allocate({DType::kFloat32, {regions, channels, s.height, s.width}});
    float* out = result.mutable_data<float>();
    for (int64_t r = 0; r < regions; ++r) {
      const float* roi = rois.data<float>() + r * 5;
      const double offset = s.aligned ? 0.5 : 0, left = roi[1] * s.scale - offset, top = roi[2] * s.scale - offset;
      double width = roi[3] * s.scale - offset - left, height = roi[4] * s.scale - offset - top;
      if (!s.aligned) width = std::max(width, 1.0), height = std::max(height, 1.0);
      const double bin_h = height / s.height, bin_w = width / s.width;
      const int64_t grid_h = s.samples > 0 ? s.samples : std::ceil(bin_h);
      const int64_t grid_w = s.samples > 0 ? s.samples : std::ceil(bin_w);
      for (int64_t c = 0; c < channels; ++c) {
        for (int64_t ph = 0; ph < s.height; ++ph) {
          for (int64_t pw = 0; pw < s.width; ++pw) {
            double sum = 0;
            for (int64_t i = 0; i < grid_h && roi[0] >= 0; ++i) {  // of no image nothing is sampled
              for (int64_t j = 0; j < grid_w; ++j) {
                sum += Sample(data, static_cast<int64_t>(roi[0]), c, top + ph * bin_h + (i + 0.5) * bin_h / grid_h,
                              left + pw * bin_w + (j + 0.5) * bin_w / grid_w);
              }
            }
            *out++ = static_cast<float>(sum / (grid_h * grid_w));
          }
        }
      }
    }
    return std::vector<Tensor>{result};
  };
}

OpTester Align(const Setting& s) {
  return OpTester("_contrib_ROIAlign")
      .Attr("pooled_size", IntTuple{s.height, s.width})
      .Attr("spatial_scale", s.scale)
      .Attr("sample_ratio", s.samples)
      .Attr("aligned", s.aligned);
}

const Tensor& Rois() {
  static const Tensor* const rois =
      new Tensor(F({5, 5}, {0,  1.3f, 2.1f, 9.7f, 6.2f, 1, -5,    -3,    14.5f, 20, 1, 3.3f, 3.3f, 3.4f, 3.4f,  //
                            -1, 0,    0,    5,    5,    0, 30.1f, 30.2f, 41,    44}));
  return *rois;
}

TEST(RoiAlignTest, AgreesWithSingleSamples) {
  for (const Setting& s :
       {Setting{2, 3, -1, 1, false}, {3, 2, 2, 0.5, false}, {1, 1, 5, 0.25, true}, {7, 7, -1, 0.5, true}}) {
    Align(s).Input({2, 3, 9, 11}, Uniform(-1, 1)).Input(Rois()).ExpectNear(SampleBySample(s), {1e-5, 2e-6});
  }
}

TEST(RoiAlignTest, ComputesTheSameChannelsLast) {
  for (int64_t channels : {1, 3, 70}) {
    const OpTester tester = OpTester("_contrib_ROIAlign").Input({2, channels, 9, 11}, Uniform(-1, 1));
    const Attrs attrs = {{"pooled_size", "(2, 3)"}, {"spatial_scale", "0.5"}};
    ExpectSameChannelsLast("_contrib_ROIAlign", attrs, {tester.inputs()[0], Rois()}, {1e-6, 1e-6});
  }
}

TEST(RoiAlignTest, PositionSensitiveBinsHaveTheirOwnChannels) {
  Tensor data = Tensor::Allocate({DType::kFloat32, {1, 8, 1, 1}});
  for (int64_t c = 0; c < 8; ++c) data.mutable_data<float>()[c] = static_cast<float>(c);
  const Attrs attrs = {{"pooled_size", "(2, 2)"}, {"spatial_scale", "1"}, {"position_sensitive", "True"}};
  const Tensor roi = F({1, 5}, {0, 0, 0, 1, 1});
  OpTester("_contrib_ROIAlign")
      .Attr("pooled_size", "(2, 2)")
      .Attr("spatial_scale", 1.0)
      .Attr("position_sensitive", true)
      .Input(data)
      .Input(roi)
      .ExpectOutput(F({1, 2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7}));
  ExpectSameChannelsLast("_contrib_ROIAlign", attrs, {data, roi});
}

TEST(RoiAlignTest, RegionsOfFourColumnsBelongToTheFirstImage) {
  Align({1, 1, 1, 1, false})
      .Input(F({2, 1, 1, 1}, {3, 4}))
      .Input(F({1, 4}, {0, 0, 1, 1}))
      .ExpectOutput(F({1, 1, 1, 1}, {3}));
}

TEST(RoiAlignTest, EndlessRegionsCostNothingAndNanIsZero) {
  const float huge = 3e38f, nan = std::numeric_limits<float>::quiet_NaN();
  Align({2, 2, -1, 1, false})
      .Input({1, 1, 4, 4}, Uniform(1, 2))
      .Input(F({2, 5}, {0, -huge, -huge, huge, huge, 0, nan, nan, nan, nan}))
      .ExpectOutput(Tensor::Zeros({DType::kFloat32, {2, 1, 2, 2}}), {0, 1});
}

TEST(RoiAlignTest, RefusesRegionsThatAreNone) {
  const auto run = [](bool aligned, std::initializer_list<float> roi) {
    return Align({1, 1, 1, 1, aligned}).Input({2, 1, 3, 3}).Input(F({1, 5}, roi)).Run();
  };
  EXPECT_THAT(run(false, {2, 0, 0, 1, 1}), StatusIs(kInvalid, HasSubstr("region 0 of an image below 2")));
  EXPECT_THAT(run(true, {0, 1, 1, 1, 2}), StatusIs(kInvalid, HasSubstr("positive size")));
}

TEST(RoiAlignTest, RefusesOtherShapesAndAttributes) {
  EXPECT_THAT(Align({1, 1, 1, 1, false}).Input({2, 1, 3, 3}).Input({4, 3}).Infer(),
              StatusIs(kInvalid, HasSubstr("rois")));
  EXPECT_THAT(Align({0, 1, 1, 1, false}).Input({2, 1, 3, 3}).Input({4, 5}).Infer(),
              StatusIs(kInvalid, HasSubstr("pooled_size")));
  EXPECT_THAT(Align({1, 1, 1, 2, false}).Input({2, 1, 3, 3}).Input({4, 5}).Infer(),
              StatusIs(kInvalid, HasSubstr("spatial_scale")));
  EXPECT_THAT(Align({1, 1, 1 << 20, 1, false}).Input({2, 1, 3, 3}).Input({4, 5}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(Align({2, 2, 1, 1, false}).Attr("position_sensitive", true).Input({2, 6, 3, 3}).Input({4, 5}).Infer(),
              StatusIs(kInvalid, HasSubstr("multiples of 4")));
}

}  // namespace
}  // namespace baryon
