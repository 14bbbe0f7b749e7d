#include "engine/ops/fused_activation.h"

#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(FusedActivationTest, KnowsTheNamesOfOperators) {
  EXPECT_EQ(ToActivationSpec("none", 0, 0)->kind, kernels::Activation::kNone);
  EXPECT_EQ(ToActivationSpec("softrelu", 0, 0)->kind, kernels::Activation::kSoftRelu);
  ASSERT_OK_AND_ASSIGN(const kernels::ActivationSpec clip, ToActivationSpec("clip", -1, 6));
  EXPECT_EQ(clip.kind, kernels::Activation::kClip);
  EXPECT_EQ(clip.alpha, -1);
  EXPECT_EQ(clip.beta, 6);
}

TEST(FusedActivationTest, RejectsOtherNames) {
  EXPECT_THAT(ToActivationSpec("relu6", 0, 0), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace baryon
