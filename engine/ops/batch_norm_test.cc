#include <cmath>

#include "engine/base/testing/status_matchers.h"
#include "engine/graph/op_registry.h"
#include "engine/ops/testing/channels_last.h"
#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

OpTester BatchNorm(const Shape& shape, int64_t channels, DType dtype = DType::kFloat32, const char* op = "BatchNorm") {
  const DType vector = dtype == DType::kFloat64 ? dtype : DType::kFloat32;
  OpTester tester(op);
  tester.Input(shape, Uniform(-3, 3).As(dtype));
  for (int i = 0; i < 4; ++i) tester.Input({channels}, Uniform(0.5, 2).As(vector));
  return tester;
}

// (x - mean) / sqrt(var + eps) gamma + beta in double.
Reference Normalized(int64_t axis, double eps, bool fix_gamma, bool relu = false) {
  return [=](const std::vector<Tensor>& inputs) {
    std::vector<Tensor> x;
    for (const Tensor& input : inputs) x.push_back(input.Cast(DType::kFloat64));
    const AxisSplit split = SplitAtAxis(x[0].shape(), *NormalizeAxis(axis, x[0].shape().rank()));
    Tensor y = Tensor::Allocate(x[0].type());
    for (int64_t i = 0; i < y.num_elements(); ++i) {
      const int64_t c = i / split.inner % split.size;
      const double gamma = fix_gamma ? 1 : x[1].data<double>()[c], var = x[4].data<double>()[c];
      const double value =
          (x[0].data<double>()[i] - x[3].data<double>()[c]) / std::sqrt(var + eps) * gamma + x[2].data<double>()[c];
      y.mutable_data<double>()[i] = relu && value < 0 ? 0 : value;
    }
    return std::vector<Tensor>{y.Cast(inputs[0].dtype())};
  };
}

TEST(BatchNormTest, GammaCountsAsOneUnlessItIsNotFixed) {
  BatchNorm({2, 3, 4}, 3).ExpectNear(Normalized(1, 1e-3, true), Relative(1e-6));
  BatchNorm({2, 3, 4}, 3).Attr("fix_gamma", false).ExpectNear(Normalized(1, 1e-3, false), Relative(1e-6));
}

TEST(BatchNormTest, EveryAxisAndLargeShapes) {
  for (int axis = -3; axis < 3; ++axis) {
    BatchNorm({5, 5, 5}, 5).Attr("axis", axis).Attr("eps", 0.5).ExpectNear(Normalized(axis, 0.5, true), Relative(1e-6));
  }
  BatchNorm({2, 70, 30, 31}, 70).ExpectNear(Normalized(1, 1e-3, true), Relative(1e-6));
  BatchNorm({2, 30, 31, 70}, 70).Attr("axis", 3).ExpectNear(Normalized(3, 1e-3, true), Relative(1e-6));
  BatchNorm({4, 3}, 3).ExpectNear(Normalized(1, 1e-3, true), Relative(1e-6));
}

TEST(BatchNormTest, OtherFloatingTypes) {
  BatchNorm({2, 3, 4}, 3, DType::kFloat16).ExpectNear(Normalized(1, 1e-3, true), Relative(1e-3));
  BatchNorm({2, 4, 3}, 3, DType::kFloat64).Attr("axis", 2).ExpectNear(Normalized(2, 1e-3, true), Relative(1e-14));
}

TEST(BatchNormTest, WithReluNegativeResultsAreZero) {
  BatchNorm({2, 3, 4, 5}, 3, DType::kFloat32, "_contrib_BatchNormWithReLU")
      .ExpectNear(Normalized(1, 1e-3, true, /*relu=*/true), Relative(1e-6));
}

TEST(BatchNormTest, GivesMeanAndInverseDeviationWhenAsked) {
  const auto statistics = [](const std::vector<Tensor>& inputs) {
    std::vector<Tensor> outputs = Normalized(1, 1e-3, true)(inputs);
    Tensor inverse = Tensor::Allocate(inputs[4].type());
    for (int64_t c = 0; c < inverse.num_elements(); ++c) {
      inverse.mutable_data<float>()[c] = static_cast<float>(1 / std::sqrt(inputs[4].data<float>()[c] + 1e-3));
    }
    outputs.push_back(inputs[3]);
    outputs.push_back(inverse);
    return outputs;
  };
  BatchNorm({2, 3, 4}, 3).Attr("output_mean_var", true).ExpectNear(statistics, Relative(1e-6));
}

TEST(BatchNormTest, SyncBatchNormIsTheSameOnOneDevice) {
  BatchNorm({2, 3, 4}, 3, DType::kFloat32, "_contrib_SyncBatchNorm")
      .Attr("key", "bn0")
      .ExpectNear(Normalized(1, 1e-3, true), Relative(1e-6));
}

TEST(BatchNormTest, SameChannelsLast) {
  const std::vector<Tensor> inputs = BatchNorm({2, 3, 4, 5}, 3).inputs();
  ExpectSameChannelsLast("BatchNorm", {{"fix_gamma", "False"}}, inputs);
  ExpectSameChannelsLast("_contrib_SyncBatchNorm", {{"key", "bn0"}}, inputs);
}

TEST(BatchNormTest, DataAndVectorsCompleteEachOther) {
  const OpDef& op = *FindOp("BatchNorm");
  const BoundAttrs attrs = *op.bind({}, /*from_file=*/true);
  const TensorType data = {DType::kFloat32, {2, 3, 4}}, vector = {DType::kFloat32, {3}};
  TensorTypes inputs = {data, {}, {}, {}, {}}, outputs(3);
  ASSERT_OK(op.complete_types(attrs.get(), inputs, outputs));
  EXPECT_EQ(inputs, (TensorTypes{data, vector, vector, vector, vector}));
  EXPECT_EQ(outputs, (TensorTypes{data, vector, vector}));

  inputs = {{DType::kFloat32, {2, Shape::kUnknownDim, 4}}, vector, {}, {}, {}};
  outputs = TensorTypes(3);
  ASSERT_OK(op.complete_types(attrs.get(), inputs, outputs));
  EXPECT_EQ(inputs[0], data);
  inputs[2].shape = {4};
  EXPECT_THAT(op.complete_types(attrs.get(), inputs, outputs), StatusIs(kInvalid));
}

TEST(BatchNormTest, RejectsVectorsThatDoNotFitTheAxis) {
  EXPECT_THAT(BatchNorm({2, 3, 4}, 4).Infer(), StatusIs(kInvalid, testing::HasSubstr("\"gamma\": expected")));
  EXPECT_THAT(BatchNorm({2, 3, 4}, 3).Attr("axis", 3).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(BatchNorm({2, 3, 4}, 3).Attr("eps", "small").Infer(), StatusIs(kInvalid));
  EXPECT_THAT(BatchNorm({2, 3, 4}, 3, DType::kInt32).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
