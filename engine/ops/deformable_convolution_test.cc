#include <cmath>
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

struct Setting {
  int64_t channels, filters, groups, move_groups;
  int64_t stride, dilation, pad;
  bool has_mask, has_bias;

  const char* op() const {
    return has_mask ? "_contrib_ModulatedDeformableConvolution" : "_contrib_DeformableConvolution";
  }
  Attrs attrs() const {
    return {{"kernel", "(3, 2)"},
            {"num_filter", FormatAttr(filters)},
            {"num_group", FormatAttr(groups)},
            {"num_deformable_group", FormatAttr(move_groups)},
            {"stride", FormatAttr(IntTuple{stride, stride})},
            {"dilate", FormatAttr(IntTuple{dilation, dilation})},
            {"pad", FormatAttr(IntTuple{pad, pad})},
            {"no_bias", FormatAttr(!has_bias)}};
  }
};

constexpr int64_t kHeight = 8, kWidth = 7, kBatch = 2, kPositions = 6;

int64_t OutSize(const Setting& s, int64_t in, int64_t kernel) {
  return (in + 2 * s.pad - s.dilation * (kernel - 1) - 1) / s.stride + 1;
}

OpTester Tester(const Setting& s) {
  OpTester tester(s.op());
  for (const auto& [name, value] : s.attrs()) tester.Attr(name, value);
  const int64_t height = OutSize(s, kHeight, 3), width = OutSize(s, kWidth, 2);
  tester.Input({kBatch, s.channels, kHeight, kWidth}, Uniform(-1, 1));
  tester.Input({kBatch, 2 * kPositions * s.move_groups, height, width}, Uniform(-2.5, 2.5));
  if (s.has_mask) tester.Input({kBatch, kPositions * s.move_groups, height, width}, Uniform(0, 1));
  tester.Input({s.filters, s.channels / s.groups, 3, 2}, Uniform(-1, 1));
  if (s.has_bias) tester.Input({s.filters}, Uniform(-1, 1));
  return tester;
}

// The image at any point, by the border rule of either version.
double At(const float* plane, double y, double x, bool zero_border) {
  if (!zero_border) {
    if (y < 0 || y >= kHeight || x < 0 || x >= kWidth) return 0;
    y = std::min(y, kHeight - 1.0), x = std::min(x, kWidth - 1.0);
  }
  double sum = 0;
  for (int corner = 0; corner < 4; ++corner) {
    const double row = std::floor(y) + corner / 2, column = std::floor(x) + corner % 2;
    if (row < 0 || row >= kHeight || column < 0 || column >= kWidth) continue;
    sum += (1 - std::abs(y - row)) * (1 - std::abs(x - column)) * plane[static_cast<int64_t>(row * kWidth + column)];
  }
  return sum;
}

Reference WindowByWindow(const Setting& s) {
  return [s](const std::vector<Tensor>& inputs) {
    const int64_t height = OutSize(s, kHeight, 3), width = OutSize(s, kWidth, 2), pixels = height * width;
    const Tensor& weight = inputs[s.has_mask ? 3 : 2];
    const int64_t per_group = s.channels / s.groups, per_move = s.channels / s.move_groups;
    std::vector<float> values;
    for (int64_t i = 0; i < kBatch * s.filters * pixels; ++i) {
      const int64_t n = i / (s.filters * pixels), filter = i / pixels % s.filters, pixel = i % pixels;
      double sum = s.has_bias ? inputs.back().data<float>()[filter] : 0;
      for (int64_t k = 0; k < per_group * kPositions; ++k) {
        const int64_t c = filter / (s.filters / s.groups) * per_group + k / kPositions, position = k % kPositions;
        const int64_t move = c / per_move * kPositions + position, moves = kPositions * s.move_groups;
        const float* offset = inputs[1].data<float>() + (n * 2 * moves + 2 * move) * pixels + pixel;
        const double y = pixel / width * s.stride - s.pad + position / 2 * s.dilation + offset[0];
        const double x = pixel % width * s.stride - s.pad + position % 2 * s.dilation + offset[pixels];
        const float* plane = inputs[0].data<float>() + (n * s.channels + c) * kHeight * kWidth;
        const double mask = s.has_mask ? inputs[2].data<float>()[(n * moves + move) * pixels + pixel] : 1;
        sum += weight.data<float>()[filter * per_group * kPositions + k] * mask * At(plane, y, x, s.has_mask);
      }
      values.push_back(static_cast<float>(sum));
    }
    return std::vector<Tensor>{Tensor::FromData<float>({kBatch, s.filters, height, width}, values)};
  };
}

const std::vector<Setting>& Settings() {
  static const auto* const settings = new std::vector<Setting>{
      {4, 5, 1, 1, 1, 1, 0, false, true}, {4, 6, 2, 4, 2, 1, 1, false, false}, {12, 20, 4, 2, 1, 2, 2, false, true},
      {4, 5, 1, 2, 1, 1, 1, true, true},  {6, 6, 3, 2, 2, 2, 2, true, false},  {40, 70, 1, 1, 1, 1, 1, true, true},
  };
  return *settings;
}

TEST(DeformableConvolutionTest, AgreesWithSingleWindows) {
  for (const Setting& s : Settings()) Tester(s).ExpectNear(WindowByWindow(s), {2e-5, 5e-6});
}

TEST(DeformableConvolutionTest, ComputesTheSameChannelsLast) {
  for (const Setting& s : Settings()) ExpectSameChannelsLast(s.op(), s.attrs(), Tester(s).inputs(), {1e-5, 1e-6});
}

TEST(DeformableConvolutionTest, OtherTypesRunInPlainLoops) {
  for (const Setting& s : {Settings()[1], Settings()[4]}) {
    OpTester tester(s.op());
    for (const auto& [name, value] : s.attrs()) tester.Attr(name, value);
    const std::vector<Tensor> inputs = Tester(s).inputs();
    for (const Tensor& input : inputs) tester.Input(input.Cast(DType::kFloat64));
    const Tensor want = WindowByWindow(s)(inputs)[0];
    const absl::StatusOr<std::vector<Tensor>> got = tester.Run();
    ASSERT_OK(got);
    EXPECT_EQ(Difference((*got)[0].Cast(DType::kFloat32), want, {2e-5, 5e-6}), "");
  }
}

TEST(DeformableConvolutionTest, RefusesOffsetsAndMasksThatDoNotFit) {
  const Setting s = Settings()[3];
  const auto infer = [&](size_t changed, const Shape& shape) {
    OpTester tester(s.op());
    for (const auto& [name, value] : s.attrs()) tester.Attr(name, value);
    const std::vector<Tensor> inputs = Tester(s).inputs();
    for (size_t i = 0; i < inputs.size(); ++i) i == changed ? tester.Input(shape) : tester.Input(inputs[i]);
    return tester.Infer();
  };
  EXPECT_THAT(infer(1, {2, 23, 8, 8}), StatusIs(kInvalid, HasSubstr("\"offset\": expected float32 [2, 24, 8, 8]")));
  EXPECT_THAT(infer(2, {2, 11, 8, 8}), StatusIs(kInvalid, HasSubstr("\"mask\"")));
  EXPECT_THAT(infer(3, {5, 3, 3, 2}), StatusIs(kInvalid, HasSubstr("\"weight\"")));
  EXPECT_THAT(infer(0, {2, 5, 8, 7}), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
