#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(PolyvalTest, TheFirstCoefficientHasTheHighestPower) {
  OpTester("_npi_polyval")
      .Input(Tensor::FromData<float>({3}, {1, -2, 5}))
      .Input(Tensor::FromData<float>({2, 2}, {0, 1, 3, -1}))
      .ExpectOutput(Tensor::FromData<float>({2, 2}, {5, 4, 8, 8}));
}

TEST(PolyvalTest, RejectsCoefficientsThatAreNoVectorOrOfAnotherDType) {
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(OpTester("_npi_polyval").Input({3, 1}).Input({2}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("_npi_polyval").Input({3}, Uniform(0, 1).As(DType::kFloat64)).Input({2}).Infer(),
              StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
