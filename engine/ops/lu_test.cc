#include <cmath>
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

TEST(LuTest, DeterminantsHaveTheirSign) {
  OpTester("_linalg_det").Input(F({2, 2, 2}, {0, 2, 3, 4, 1, 2, 2, 4})).ExpectOutput(F({2}, {-6, 0}), kTolerance);
  OpTester("_linalg_slogdet")
      .Input(F({2, 2, 2}, {0, 2, 3, 4, 1, 0, 0, 1}))
      .ExpectOutputs({F({2}, {-1, 1}), F({2}, {1.7917595f, 0})}, kTolerance);
  OpTester("_linalg_slogdet")
      .Input(F({2, 2}, {1, 2, 2, 4}))
      .ExpectOutputs({F({1}, {0}), F({1}, {-INFINITY})}, kTolerance);
  OpTester("_npi_det").Attr("__np_shape__", true).Input(F({1, 1}, {-3})).ExpectOutput(F({}, {-3}), kTolerance);
}
TEST(LuTest, InvertsMatrices) {
  OpTester("_linalg_inverse")
      .Input(F({2, 2, 2}, {0, 2, 4, 0, 1, 1, 0, 1}))
      .ExpectOutput(F({2, 2, 2}, {0, 0.25f, 0.5f, 0, 1, -1, 0, 1}), kTolerance);
  EXPECT_THAT(OpTester("_linalg_inverse").Input(F({2, 2}, {1, 2, 2, 4})).Run(),
              StatusIs(kInvalid, HasSubstr("invertible")));
  EXPECT_THAT(OpTester("_linalg_inverse").Input({2, 3}).Infer(), StatusIs(kInvalid));
}
TEST(LuTest, InvertsTensorsAsMatrices) {
  OpTester("_npi_tensorinv")
      .Attr("ind", 1)
      .Input(F({4, 2, 2}, {0, 1, 0, 0, 2, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 1}))
      .ExpectOutput(F({2, 2, 4}, {0, 0.5f, 0, 0, 1, 0, 0, 0, 0, 0, 0.25f, 0, 0, 0, 0, 1}), kTolerance);
  EXPECT_THAT(OpTester("_npi_tensorinv").Attr("ind", 1).Input({2, 3}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("_npi_tensorinv").Attr("ind", 0).Input({2, 2}).Infer(), StatusIs(kInvalid));
}
TEST(LuTest, SolvesForVectorsAndMatrices) {
  OpTester("_npi_solve").Input(F({2, 2}, {0, 2, 1, 1})).Input(F({2}, {4, 5})).ExpectOutput(F({2}, {3, 2}), kTolerance);
  OpTester("_npi_solve")
      .Input(F({1, 2, 2}, {0, 2, 1, 1}))
      .Input(F({1, 2, 3}, {4, 0, 2, 5, 0, 1}))
      .ExpectOutput(F({1, 2, 3}, {3, 0, 0, 2, 0, 1}), kTolerance);
  EXPECT_THAT(OpTester("_npi_solve").Input({2, 2}).Input({3}).Infer(), StatusIs(kInvalid, HasSubstr("\"B\"")));
  EXPECT_THAT(OpTester("_npi_solve").Input(F({1, 1}, {0})).Input(F({1}, {1})).Run(), StatusIs(kInvalid));
}
TEST(LuTest, SolvesForTensorsWithAxesMoved) {
  // x of [2] with a[i, j] x[j] = b[i], a given as it is and with its axes exchanged.
  OpTester("_npi_tensorsolve")
      .Input(F({2, 2}, {1, 2, 3, 4}))
      .Input(F({2}, {5, 11}))
      .ExpectOutput(F({2}, {1, 2}), kTolerance);
  OpTester("_npi_tensorsolve")
      .Attr("a_axes", "(0,)")
      .Input(F({2, 2}, {1, 3, 2, 4}))
      .Input(F({2}, {5, 11}))
      .ExpectOutput(F({2}, {1, 2}), kTolerance);
  EXPECT_THAT(OpTester("_npi_tensorsolve").Input({2, 3}).Input({2}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
