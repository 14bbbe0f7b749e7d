#include <cmath>

#include "engine/base/testing/status_matchers.h"
#include "engine/graph/op_registry.h"
#include "engine/ops/testing/channels_last.h"
#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

OpTester Norm(const char* op, const Shape& shape, int64_t vector, DType dtype = DType::kFloat32) {
  return OpTester(op)
      .Input(shape, Uniform(-1, 5).As(dtype))
      .Input({vector}, Uniform(0.5, 2).As(dtype))
      .Input({vector}, Uniform(-1, 1).As(dtype));
}

Reference Normalized(int64_t groups, double eps) {
  return [=](const std::vector<Tensor>& inputs) {
    const Tensor x = inputs[0].Cast(DType::kFloat64), gamma = inputs[1].Cast(DType::kFloat64);
    const Tensor beta = inputs[2].Cast(DType::kFloat64);
    const int64_t channels = x.shape()[1], positions = x.shape().Product(2, x.shape().rank());
    const int64_t per_group = channels / groups, size = per_group * positions;
    Tensor y = Tensor::Allocate(x.type());
    for (int64_t row = 0; row < x.shape()[0] * groups; ++row) {
      const double* from = x.data<double>() + row * size;
      double mean = 0, variance = 0;
      for (int64_t i = 0; i < size; ++i) mean += from[i] / size;
      for (int64_t i = 0; i < size; ++i) variance += std::pow(from[i] - mean, 2) / size;
      for (int64_t i = 0; i < size; ++i) {
        const int64_t group = row % groups, channel = group * per_group + i / positions;
        const int64_t place = gamma.num_elements() == channels ? channel : group;
        y.mutable_data<double>()[row * size + i] =
            (from[i] - mean) / std::sqrt(variance + eps) * gamma.data<double>()[place] + beta.data<double>()[place];
      }
    }
    return std::vector<Tensor>{y.Cast(inputs[0].dtype())};
  };
}

TEST(GroupNormTest, VectorsForEachGroupOrForEachChannel) {
  for (int64_t groups : {1, 2, 3, 6}) {
    for (int64_t vector : {groups, int64_t{6}}) {
      Norm("GroupNorm", {2, 6, 5, 4}, vector)
          .Attr("num_groups", groups)
          .ExpectNear(Normalized(groups, 1e-5), Relative(5e-6));
    }
  }
}

TEST(GroupNormTest, GivesMeanAndDeviationWhenAsked) {
  const Tensor x = Tensor::FromData<float>({1, 2, 2}, {1, 3, 5, 5}), one = Tensor::FromData<float>({2}, {1, 1});
  OpTester("GroupNorm")
      .Attr("num_groups", 2)
      .Attr("eps", 0.0)
      .Attr("output_mean_var", true)
      .Input(x)
      .Input(one)
      .Input(one)
      .ExpectOutputs({Tensor::FromData<float>({1, 2, 2}, {0, 2, NAN, NAN}), Tensor::FromData<float>({1, 2}, {2, 5}),
                      Tensor::FromData<float>({1, 2}, {1, 0})});
}

TEST(GroupNormTest, OtherFloatingTypes) {
  Norm("GroupNorm", {2, 6, 5}, 6, DType::kFloat64)
      .Attr("num_groups", 2)
      .ExpectNear(Normalized(2, 1e-5), Relative(1e-13));
  Norm("InstanceNorm", {2, 6, 5}, 6, DType::kFloat16).ExpectNear(Normalized(6, 1e-3), Relative(2e-3));
}

TEST(GroupNormTest, InstanceNormHasAGroupForEachChannel) {
  Norm("InstanceNorm", {2, 6, 5}, 6).ExpectNear(Normalized(6, 1e-3), Relative(5e-6));
  Norm("InstanceNorm", {1, 100, 20, 21}, 100).Attr("eps", 0.1).ExpectNear(Normalized(100, 0.1), Relative(5e-6));
}

TEST(GroupNormTest, SameChannelsLast) {
  for (const char* groups : {"1", "2", "3", "30"}) {
    ExpectSameChannelsLast("GroupNorm", {{"num_groups", groups}}, Norm("GroupNorm", {2, 150, 4, 5}, 150).inputs(),
                           Relative(5e-6));
    ExpectSameChannelsLast("GroupNorm", {{"num_groups", groups}},
                           Norm("GroupNorm", {2, 150, 4, 5}, 150, DType::kFloat64).inputs(), Relative(1e-13));
  }
  ExpectSameChannelsLast("InstanceNorm", {}, Norm("InstanceNorm", {2, 150, 4, 5}, 150).inputs(), Relative(5e-6));
}

TEST(GroupNormTest, UnknownVectorsGetTheLengthOfTheFilesVersion) {
  const OpDef& op = *FindOp("GroupNorm");
  for (bool np_shape : {false, true}) {
    const BoundAttrs attrs =
        *op.bind({{"num_groups", "2"}, {"__np_shape__", np_shape ? "True" : "False"}}, /*from_file=*/true);
    TensorTypes inputs = {{DType::kFloat32, {1, 6, 2}}, {}, {}}, outputs(3);
    ASSERT_OK(op.complete_types(attrs.get(), inputs, outputs));
    EXPECT_EQ(inputs[1], (TensorType{DType::kFloat32, {np_shape ? 6 : 2}}));
    EXPECT_EQ(inputs[2], inputs[1]);
  }
}

TEST(GroupNormTest, RejectsWhatDoesNotFit) {
  EXPECT_THAT(Norm("GroupNorm", {1, 3, 2}, 2).Attr("num_groups", 2).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(Norm("GroupNorm", {1, 6, 2}, 3).Attr("num_groups", 2).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(Norm("GroupNorm", {1, 6, 2}, 6).Attr("num_groups", 0).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(Norm("InstanceNorm", {1, 6, 2}, 3).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(Norm("InstanceNorm", {6, 2}, 2).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
