#include <cmath>

#include "engine/base/testing/status_matchers.h"
#include "engine/graph/op_registry.h"
#include "engine/ops/testing/channels_last.h"
#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

OpTester LayerNorm(const Shape& shape, int64_t axis, DType dtype = DType::kFloat32) {
  OpTester tester("LayerNorm");
  tester.Attr("axis", axis).Input(shape, Uniform(-1, 5).As(dtype));
  const int64_t size = shape[*NormalizeAxis(axis, shape.rank())];
  return tester.Input({size}, Uniform(0.5, 2).As(dtype)).Input({size}, Uniform(-1, 1).As(dtype));
}

// Output, mean and sqrt(variance + eps) in double.
Reference Normalized(int64_t given_axis, double eps) {
  return [=](const std::vector<Tensor>& inputs) {
    const Tensor x = inputs[0].Cast(DType::kFloat64), gamma = inputs[1].Cast(DType::kFloat64);
    const Tensor beta = inputs[2].Cast(DType::kFloat64);
    const int64_t axis = *NormalizeAxis(given_axis, x.shape().rank());
    const AxisSplit split = SplitAtAxis(x.shape(), axis);
    TensorType moment = x.type();
    moment.shape[axis] = 1;
    Tensor y = Tensor::Allocate(x.type()), means = Tensor::Allocate(moment), deviations = Tensor::Allocate(moment);
    for (int64_t line = 0; line < split.outer * split.inner; ++line) {
      const auto at = [&](int64_t i) {
        return (line / split.inner * split.size + i) * split.inner + line % split.inner;
      };
      double mean = 0, variance = 0;
      for (int64_t i = 0; i < split.size; ++i) mean += x.data<double>()[at(i)] / split.size;
      for (int64_t i = 0; i < split.size; ++i) variance += std::pow(x.data<double>()[at(i)] - mean, 2) / split.size;
      means.mutable_data<double>()[line] = mean;
      deviations.mutable_data<double>()[line] = std::sqrt(variance + eps);
      for (int64_t i = 0; i < split.size; ++i) {
        y.mutable_data<double>()[at(i)] =
            (x.data<double>()[at(i)] - mean) / std::sqrt(variance + eps) * gamma.data<double>()[i] +
            beta.data<double>()[i];
      }
    }
    const DType dtype = inputs[0].dtype();
    return std::vector<Tensor>{y.Cast(dtype), means.Cast(dtype), deviations.Cast(dtype)};
  };
}

TEST(LayerNormTest, MatchesReferenceOnEveryAxis) {
  for (const Shape& shape : {Shape{7}, Shape{3, 40}, Shape{2, 3, 20}, Shape{60, 4, 80}}) {
    for (int64_t axis = -shape.rank(); axis < shape.rank(); ++axis) {
      LayerNorm(shape, axis).Attr("output_mean_var", true).ExpectNear(Normalized(axis, 1e-5), Relative(5e-6));
    }
  }
}

TEST(LayerNormTest, OtherFloatingTypes) {
  LayerNorm({3, 40}, 1, DType::kFloat64)
      .Attr("eps", 0.1)
      .Attr("output_mean_var", true)
      .ExpectNear(Normalized(1, 0.1), Relative(1e-13));
  LayerNorm({3, 40}, 1, DType::kFloat16)
      .ExpectNear([](const std::vector<Tensor>& inputs) { return std::vector<Tensor>{Normalized(1, 1e-5)(inputs)[0]}; },
                  Relative(2e-3));
}

TEST(LayerNormTest, SameChannelsLast) {
  for (const char* axis : {"1", "-1", "2"}) {
    const int64_t resolved = *NormalizeAxis(std::atoi(axis), 4);
    ExpectSameChannelsLast("LayerNorm", {{"axis", axis}, {"output_mean_var", "True"}},
                           LayerNorm({2, 3, 4, 5}, resolved).inputs(), Relative(2e-6));
  }
}

TEST(LayerNormTest, DataAndVectorsCompleteEachOther) {
  const OpDef& op = *FindOp("LayerNorm");
  const BoundAttrs attrs = *op.bind({}, /*from_file=*/true);
  TensorTypes inputs = {{DType::kFloat32, {2, Shape::kUnknownDim}}, {}, {DType::kUnknown, {5}}}, outputs(3);
  ASSERT_OK(op.complete_types(attrs.get(), inputs, outputs));
  const TensorType data = {DType::kFloat32, {2, 5}}, vector = {DType::kFloat32, {5}};
  EXPECT_EQ(inputs, (TensorTypes{data, vector, vector}));
  EXPECT_EQ(outputs[0], data);
}

TEST(LayerNormTest, RejectsVectorsThatDoNotFitTheAxis) {
  EXPECT_THAT(OpTester("LayerNorm").Input({2, 3}).Input({4}).Input({4}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("LayerNorm").Attr("axis", 2).Input({2, 3}).Input({3}).Input({3}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
