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

TEST(SyrkTest, MultipliesAMatrixWithItself) {
  const Tensor a = F({1, 2, 3}, {1, 2, 3, 4, 5, 6});
  OpTester("_linalg_syrk").Input(a).ExpectOutput(F({1, 2, 2}, {14, 32, 32, 77}), kTolerance);
  OpTester("_linalg_syrk")
      .Attr("transpose", true)
      .Attr("alpha", 2.0)
      .Input(a)
      .ExpectOutput(F({1, 3, 3}, {34, 44, 54, 44, 58, 72, 54, 72, 90}), kTolerance);
}
TEST(SyrkTest, RefusesVectors) {
  EXPECT_THAT(OpTester("_linalg_syrk").Input({3}).Infer(), StatusIs(kInvalid, HasSubstr("rank 2")));
}

}  // namespace
}  // namespace baryon
