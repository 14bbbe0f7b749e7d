#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;
const Shape kScalar;

const Tensor& Numbers() {
  static const Tensor* numbers = new Tensor(Tensor::FromData<float>({2, 2}, {1, 2, 3, 5}));
  return *numbers;
}

OpTester Weighted(const Tensor& weights) { return OpTester("_npi_average").Input(Numbers()).Input(weights); }

TEST(AverageTest, AVectorOfWeightsGoesAlongTheAxis) {
  Weighted(Tensor::FromData<float>({2}, {1, 3}))
      .Attr("axis", 1)
      .Attr("returned", true)
      .ExpectOutputs({Tensor::FromData<float>({2}, {1.75f, 4.5f}), Tensor::FromData<float>(kScalar, {4})});
}

TEST(AverageTest, WeightsOfTheDatasShape) {
  Weighted(Numbers())
      .Attr("axis", 0)
      .Attr("returned", true)
      .ExpectOutputs({Tensor::FromData<float>({2}, {2.5f, 29.0f / 7}), Tensor::FromData<float>({2}, {4, 7})});
  Weighted(Numbers()).ExpectOutput(Tensor::FromData<float>(kScalar, {39.0f / 11}));
}

TEST(AverageTest, WithoutWeightsItIsTheMean) {
  OpTester("_npi_average")
      .Attr("weighted", false)
      .Attr("returned", true)
      .Input(Numbers())
      .ExpectOutputs({Tensor::FromData<float>(kScalar, {2.75f}), Tensor::FromData<float>(kScalar, {4})});
}

TEST(AverageTest, RejectsWeightsThatDoNotFit) {
  EXPECT_THAT(Weighted(Tensor::FromData<float>({3}, {1, 2, 3})).Attr("axis", 1).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(Weighted(Tensor::FromData<float>({2}, {1, 2})).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(Weighted(Tensor::FromData<double>({2}, {1, 2})).Attr("axis", 0).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
