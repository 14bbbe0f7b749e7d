#include <utility>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr Tolerance kTolerance = {1e-6, 1e-6};

Tensor F(Shape shape, std::initializer_list<float> values) { return Tensor::FromData<float>(std::move(shape), values); }

TEST(CholeskyTest, FactorsOneTriangle) {
  // The other triangle is not read.
  OpTester("_linalg_potrf").Input(F({2, 2}, {4, 99, 2, 5})).ExpectOutput(F({2, 2}, {2, 0, 1, 2}), kTolerance);
  OpTester("_linalg_potrf")
      .Attr("lower", false)
      .Input(F({2, 2}, {4, 2, 99, 5}))
      .ExpectOutput(F({2, 2}, {2, 1, 0, 2}), kTolerance);
  OpTester("_npi_cholesky").Input(F({2, 1, 1}, {9, 16})).ExpectOutput(F({2, 1, 1}, {3, 4}), kTolerance);
}
TEST(CholeskyTest, InvertsFromAFactor) {
  for (bool lower : {true, false}) {
    OpTester("_linalg_potri")
        .Attr("lower", lower)
        .Input(lower ? F({2, 2}, {2, 99, 1, 3}) : F({2, 2}, {2, 1, 99, 3}))
        .ExpectOutput(F({2, 2}, {10 / 36.0f, -2 / 36.0f, -2 / 36.0f, 4 / 36.0f}), kTolerance);
  }
}
TEST(CholeskyTest, RefusesWhatHasNoFactor) {
  EXPECT_THAT(OpTester("_linalg_potrf").Input(F({2, 2}, {1, 2, 2, 1})).Run(),
              StatusIs(kInvalid, HasSubstr("positive definite")));
  EXPECT_THAT(OpTester("_linalg_potri").Input(F({2, 2}, {0, 0, 1, 1})).Run(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("_linalg_potrf").Input({2, 3}).Infer(), StatusIs(kInvalid, HasSubstr("square")));
  EXPECT_THAT(OpTester("_linalg_potrf").Input({2}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("_linalg_potrf").Input({2, 2}, Uniform(0, 1).As(DType::kInt32)).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
