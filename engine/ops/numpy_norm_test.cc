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

const Tensor kData = F({2, 2, 2}, {3, 4, 0, -5, 1, 0, 0, -2});

OpTester Norm(double ord, const char* axis, int64_t flag) {
  OpTester tester("_npi_norm");
  tester.Attr("ord", ord).Attr("axis", axis).Attr("flag", flag).Input(kData);
  return tester;
}

TEST(NumpyNormTest, RootsOfSquares) {
  Norm(2, "None", -2).ExpectOutput(F({}, {7.4161985f}), kTolerance);
  Norm(2, "(1,)", 1).ExpectOutput(F({2, 2}, {3, 6.4031242f, 1, 2}), kTolerance);
  Norm(2, "(2,)", -1).ExpectOutput(F({2, 2}, {5, 5, 1, 2}), kTolerance);
  Norm(2, "None", 1).Attr("keepdims", true).ExpectOutput(F({2, 1, 1}, {7.0710678f, 2.236068f}), kTolerance);
}
TEST(NumpyNormTest, OtherOrdersOfVectors) {
  Norm(0, "(1,)", -1).ExpectOutput(F({2, 2}, {1, 2, 1, 1}));
  Norm(1, "(2,)", -1).ExpectOutput(F({2, 2}, {7, 5, 1, 2}), kTolerance);
  Norm(3, "(2,)", -1).ExpectOutput(F({2, 2}, {4.4979414f, 5, 1, 2}), kTolerance);
}
TEST(NumpyNormTest, SingularValuesOfMatrices) {
  Norm(2, "(1, 2)", 0).ExpectOutput(F({2}, {6.7082039f, 2}), kTolerance);
  Norm(-2, "(1, 2)", 0).ExpectOutput(F({2}, {2.236068f, 1}), kTolerance);
  Norm(2, "(1, 2)", 2).ExpectOutput(F({2}, {8.9442719f, 3}), kTolerance);
}
TEST(NumpyNormTest, RefusesWhatHasNoSuchNorm) {
  EXPECT_THAT(Norm(2, "(1,)", 0).Infer(), StatusIs(kInvalid, HasSubstr("two axes")));
  EXPECT_THAT(Norm(3, "(1, 2)", 0).Infer(), StatusIs(kInvalid, HasSubstr("\"ord\"")));
  EXPECT_THAT(Norm(2, "(3,)", 1).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(Norm(2, "(1,)", 3).Infer(), StatusIs(kInvalid, HasSubstr("\"flag\"")));
}

}  // namespace
}  // namespace baryon
