#include <cmath>
#include <string>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

Tensor Row() { return Tensor::FromData<float>({4}, {-2, -0.5f, 0, 3}); }
float Elu(float x) { return std::exp(x) - 1; }

TEST(LeakyReluTest, SlopesAndExponentials) {
  OpTester("LeakyReLU").Input(Row()).ExpectOutput(Tensor::FromData<float>({4}, {-0.5f, -0.125f, 0, 3}));
  OpTester("LeakyReLU").Attr("slope", 0.5).Input(Row()).ExpectOutput(Tensor::FromData<float>({4}, {-1, -0.25f, 0, 3}));
  OpTester("LeakyReLU")
      .Attr("act_type", "elu")
      .Attr("slope", 2.0)
      .Input(Row())
      .ExpectOutput(Tensor::FromData<float>({4}, {2 * Elu(-2), 2 * Elu(-0.5f), 0, 3}), Relative(2e-6));
  OpTester("LeakyReLU")
      .Attr("act_type", "rrelu")
      .Attr("lower_bound", 0.0)
      .Attr("upper_bound", 1.0)
      .Input(Row())
      .ExpectOutput(Tensor::FromData<float>({4}, {-1, -0.25f, 0, 3}));
}

TEST(LeakyReluTest, GaussianAndScaledUnits) {
  const auto gelu = [](double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); };
  const Tensor row = Row();
  std::vector<float> want;
  for (float x : row.span<float>()) want.push_back(static_cast<float>(gelu(x)));
  OpTester("LeakyReLU")
      .Attr("act_type", "gelu")
      .Input(row)
      .ExpectOutput(Tensor::FromData<float>({4}, absl::MakeConstSpan(want)), Relative(2e-6));
  const float scale = 1.0507009873554805f, alpha = 1.6732632423543772f;
  OpTester("LeakyReLU")
      .Attr("act_type", "selu")
      .Input(row)
      .ExpectOutput(Tensor::FromData<float>({4}, {scale * alpha * Elu(-2), scale * alpha * Elu(-0.5f), 0, scale * 3}),
                    Relative(2e-6));
}

Reference Prelu(int64_t axis) {
  return [axis](const std::vector<Tensor>& inputs) {
    const Shape& shape = inputs[0].shape();
    const int64_t inner = shape.Product(axis + 1, shape.rank()), channels = shape[axis];
    Tensor wide = inputs[0].Cast(DType::kFloat64), gamma = inputs[1].Cast(DType::kFloat64),
           out = Tensor::Allocate(wide.type());
    for (int64_t i = 0; i < wide.num_elements(); ++i) {
      const double x = wide.data<double>()[i],
                   slope = gamma.data<double>()[gamma.num_elements() == 1 ? 0 : i / inner % channels];
      out.mutable_data<double>()[i] = x > 0 ? x : x * slope;
    }
    return std::vector<Tensor>{out.Cast(inputs[0].dtype())};
  };
}

TEST(LeakyReluTest, PreluHasASlopeForEachChannelOrOne) {
  for (const Shape& shape : {Shape{3, 5}, Shape{2, 5, 7}, Shape{2, 5, 3, 9}}) {
    for (int64_t slopes : {1, 5}) {
      for (DType dtype : {DType::kFloat32, DType::kFloat64, DType::kFloat16}) {
        OpTester("LeakyReLU")
            .Attr("act_type", "prelu")
            .Input(shape, Uniform(-2, 2).As(dtype))
            .Input({slopes}, Uniform(-1, 1).As(dtype))
            .ExpectNear(Prelu(1), dtype == DType::kFloat16 ? Relative(1e-3) : Ulps(1));
      }
    }
  }
  OpTester("LeakyReLU")
      .Attr("act_type", "prelu")
      .Attr("axis", 2)
      .Input({4, 6, 21})
      .Input({21})
      .ExpectNear(Prelu(2), Ulps(1));
}

TEST(LeakyReluTest, RefusesOtherNumbersOfSlopes) {
  EXPECT_THAT(OpTester("LeakyReLU").Attr("act_type", "prelu").Input({2, 5}).Input({4}).Infer(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"gamma\": expected float32 [5]")));
  EXPECT_THAT(OpTester("LeakyReLU").Attr("act_type", "leakier").Input({2}).Infer(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("leakier")));
}

}  // namespace
}  // namespace baryon
