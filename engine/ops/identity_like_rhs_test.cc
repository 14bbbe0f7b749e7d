#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(IdentityLikeRhsTest, ReturnsTheFirstInput) {
  const Tensor x = Tensor::FromData<float>({2}, {1, 2});
  OpTester("_identity_with_attr_like_rhs").Input(x).Input({2}).ExpectOutput(x);
}

TEST(IdentityLikeRhsTest, RejectsShapesThatDiffer) {
  EXPECT_THAT(OpTester("_identity_with_attr_like_rhs").Input({2}).Input({3}).Infer(),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace baryon
