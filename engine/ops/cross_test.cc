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

TEST(CrossTest, MultipliesVectorsOfThreeAndTwo) {
  OpTester("_npi_cross").Input(F({3}, {1, 2, 3})).Input(F({3}, {4, 5, 6})).ExpectOutput(F({3}, {-3, 6, -3}));
  OpTester("_npi_cross").Input(F({2}, {1, 2})).Input(F({3}, {4, 5, 6})).ExpectOutput(F({3}, {12, -6, -3}));
  OpTester("_npi_cross").Input(F({2}, {1, 2})).Input(F({2}, {4, 5})).ExpectOutput(F({}, {-3}));
}
TEST(CrossTest, BroadcastsAndChoosesAxes) {
  OpTester("_npi_cross")
      .Attr("axisa", 0)
      .Attr("axisc", 0)
      .Input(F({3, 2}, {1, 0, 0, 1, 0, 0}))
      .Input(F({3}, {0, 0, 1}))
      .ExpectOutput(F({3, 2}, {0, 1, -1, 0, 0, 0}));
  OpTester("_npi_cross")
      .Input(F({2, 1, 2}, {1, 0, 0, 1}))
      .Input(F({3, 2}, {1, 2, 3, 4, 5, 6}))
      .ExpectOutput(F({2, 3}, {2, 4, 6, -1, -3, -5}));
}
TEST(CrossTest, RefusesOtherLengthsAndShapes) {
  EXPECT_THAT(OpTester("_npi_cross").Input({4}).Input({3}).Infer(), StatusIs(kInvalid, HasSubstr("2 or 3 elements")));
  EXPECT_THAT(OpTester("_npi_cross").Input({2, 3}).Input({4, 3}).Infer(), StatusIs(kInvalid, HasSubstr("broadcast")));
  EXPECT_THAT(OpTester("_npi_cross").Attr("axisc", 3).Input({2, 3}).Input({3}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
