#include <cmath>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;
const Shape kScalar;

const Tensor& Numbers() {
  static const Tensor* numbers = new Tensor(Tensor::FromData<float>({2, 2}, {1, 3, -3, 5}));
  return *numbers;
}

TEST(MomentsTest, GivesMeanAndVariance) {
  OpTester("moments")
      .Attr("axes", "1")
      .Input(Numbers())
      .ExpectOutputs({Tensor::FromData<float>({2}, {2, 1}), Tensor::FromData<float>({2}, {1, 16})});
  OpTester("moments")
      .Attr("axes", "(0, 1)")
      .Attr("keepdims", true)
      .Input(Numbers())
      .ExpectOutputs({Tensor::FromData<float>({1, 1}, {1.5f}), Tensor::FromData<float>({1, 1}, {8.75f})});
}

TEST(MomentsTest, WantsItsAxesNamed) {
  EXPECT_THAT(OpTester("moments").Input(Numbers()).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("moments").Attr("axes", "()").Input(Numbers()).Infer(), StatusIs(kInvalid));
}

TEST(MomentsTest, VarianceAndDeviationTakeDegreesOfFreedom) {
  OpTester("_npi_var").Attr("axis", 1).Input(Numbers()).ExpectOutput(Tensor::FromData<float>({2}, {1, 16}));
  OpTester("_npi_var")
      .Attr("axis", 1)
      .Attr("ddof", 1)
      .Input(Numbers())
      .ExpectOutput(Tensor::FromData<float>({2}, {2, 32}));
  OpTester("_npi_std")
      .Attr("axis", 1)
      .Attr("keepdims", true)
      .Input(Numbers())
      .ExpectOutput(Tensor::FromData<float>({2, 1}, {1, 4}));
  OpTester("_npi_std").Input(Numbers()).ExpectOutput(Tensor::FromData<float>(kScalar, {std::sqrt(8.75f)}), Ulps(1));
  OpTester("_npi_var")
      .Attr("dtype", "float64")
      .Input({3}, Integers(4, 4).As(DType::kInt32))
      .ExpectOutput(Tensor::FromData<double>(kScalar, {0}));
}

TEST(MomentsTest, VarianceSurvivesALargeMean) {
  Tensor x = Tensor::Allocate({DType::kFloat32, {1, 1000}});
  for (int64_t i = 0; i < 1000; ++i) x.mutable_data<float>()[i] = 10000.0f + (i % 2 == 0 ? -1.0f : 1.0f);
  OpTester("_npi_var").Attr("axis", 1).Input(x).ExpectOutput(Tensor::FromData<float>({1}, {1}), Ulps(2));
}

TEST(MomentsTest, NormsOfOrderOneAndTwo) {
  OpTester("norm").Attr("ord", 1).Attr("axis", 1).Input(Numbers()).ExpectOutput(Tensor::FromData<float>({2}, {4, 8}));
  OpTester("norm")
      .Attr("axis", 0)
      .Input({2, 1}, Integers(3, 3))
      .ExpectOutput(Tensor::FromData<float>({1}, {std::sqrt(18.0f)}), Ulps(1));
  OpTester("norm").Input(Numbers()).ExpectOutput(Tensor::FromData<float>({1}, {std::sqrt(44.0f)}), Ulps(1));
  OpTester("norm")
      .Attr("out_dtype", "float64")
      .Input({1}, Integers(-2, -2))
      .ExpectOutput(Tensor::FromData<double>({1}, {2}));
}

TEST(MomentsTest, RejectsOtherOrdersAndWholeNumbers) {
  EXPECT_THAT(OpTester("norm").Attr("ord", 3).Input(Numbers()).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("moments").Attr("axes", "0").Input({2}, Filler().As(DType::kInt32)).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
