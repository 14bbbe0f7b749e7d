#include <cmath>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

OpTester Prior() { return OpTester("_contrib_MultiBoxPrior"); }

TEST(MultiBoxPriorTest, SizesComeBeforeRatiosInEveryCell) {
  // One row of two cells: widths are halved, as shares of a picture that is as high as one cell.
  const float root = std::sqrt(4.0f);
  Prior()
      .Attr("sizes", "(0.4, 0.2)")
      .Attr("ratios", "(1, 4)")
      .Input({1, 3, 1, 2})
      .ExpectOutput(Tensor::FromData<float>({1, 6, 4}, {0.15f,
                                                        0.3f,
                                                        0.35f,
                                                        0.7f,
                                                        0.2f,
                                                        0.4f,
                                                        0.3f,
                                                        0.6f,
                                                        0.25f - 0.1f * root,
                                                        0.5f - 0.2f / root,
                                                        0.25f + 0.1f * root,
                                                        0.5f + 0.2f / root,
                                                        0.65f,
                                                        0.3f,
                                                        0.85f,
                                                        0.7f,
                                                        0.7f,
                                                        0.4f,
                                                        0.8f,
                                                        0.6f,
                                                        0.75f - 0.1f * root,
                                                        0.5f - 0.2f / root,
                                                        0.75f + 0.1f * root,
                                                        0.5f + 0.2f / root}),
                    {1e-6, 1e-7});
}

TEST(MultiBoxPriorTest, StepsOffsetsAndClip) {
  Prior()
      .Attr("sizes", "(1,)")
      .Attr("steps", "(0.5, 0.25)")
      .Attr("offsets", "(0, 1)")
      .Input({2, 1, 1, 1})
      .ExpectOutput(Tensor::FromData<float>({1, 1, 4}, {-0.25f, -0.5f, 0.75f, 0.5f}));
  Prior()
      .Attr("sizes", "(2,)")
      .Attr("clip", true)
      .Input({2, 1, 1, 1})
      .ExpectOutput(Tensor::FromData<float>({1, 1, 4}, {0, 0, 1, 1}));
}

TEST(MultiBoxPriorTest, RefusesWrongAttributes) {
  EXPECT_THAT(Prior().Attr("sizes", "()").Input({1, 1, 2, 2}).Infer(), StatusIs(kInvalid, HasSubstr("sizes")));
  EXPECT_THAT(Prior().Attr("steps", "(1,)").Input({1, 1, 2, 2}).Infer(), StatusIs(kInvalid, HasSubstr("steps")));
  EXPECT_THAT(Prior().Attr("offsets", "(2, 0)").Input({1, 1, 2, 2}).Infer(), StatusIs(kInvalid, HasSubstr("offsets")));
  EXPECT_THAT(Prior().Input({1, 2, 2}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
