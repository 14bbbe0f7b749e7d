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

OpTester Triangular(const char* op, const char* attr, Tensor b) {
  OpTester tester(op);
  tester.Attr("alpha", 2.0);
  if (*attr != 0) tester.Attr(attr, std::string(attr) != "lower");
  return tester.Input(F({2, 2}, {2, 5, 1, 4})).Input(std::move(b));
}

TEST(TriangularMatrixTest, MultipliesByOneTriangle) {
  const Tensor b = F({2, 2}, {1, 2, 3, 4});
  Triangular("_linalg_trmm", "", b).ExpectOutput(F({2, 2}, {4, 8, 26, 36}), kTolerance);
  Triangular("_linalg_trmm", "lower", b).ExpectOutput(F({2, 2}, {34, 48, 24, 32}), kTolerance);
  Triangular("_linalg_trmm", "transpose", b).ExpectOutput(F({2, 2}, {10, 16, 24, 32}), kTolerance);
  Triangular("_linalg_trmm", "rightside", b).ExpectOutput(F({2, 2}, {8, 16, 20, 32}), kTolerance);
}
TEST(TriangularMatrixTest, DividesByOneTriangle) {
  for (const char* attr : {"", "lower", "transpose", "rightside"}) {
    const Tensor b = F({2, 2}, {1, 2, 3, 4});
    ASSERT_OK_AND_ASSIGN(const std::vector<Tensor> product, Triangular("_linalg_trmm", attr, b).Run());
    // alpha is 2 on both ways.
    Triangular("_linalg_trsm", attr, product[0]).ExpectOutput(F({2, 2}, {4, 8, 12, 16}), kTolerance);
  }
}
TEST(TriangularMatrixTest, TakesWideOperandsAndRefusesOthers) {
  OpTester("_linalg_trmm")
      .Input(F({1, 1}, {3}))
      .Input(F({1, 3}, {1, 2, 3}))
      .ExpectOutput(F({1, 3}, {3, 6, 9}), kTolerance);
  EXPECT_THAT(OpTester("_linalg_trmm").Input({2, 2}).Input({3, 2}).Infer(), StatusIs(kInvalid, HasSubstr("\"B\"")));
  EXPECT_THAT(OpTester("_linalg_trsm").Input({2, 3}).Input({2, 2}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
