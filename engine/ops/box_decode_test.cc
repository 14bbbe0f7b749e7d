#include <cmath>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(BoxDecodeTest, MovesAndScalesAnchorsOfBothFormats) {
  const Tensor codes = Tensor::FromData<float>({2, 1, 4}, {0, 0, 0, 0, 1, -1, std::log(2.0f), 0});
  const Tensor want = Tensor::FromData<float>({2, 1, 4}, {8, 17, 12, 23, 10, 11, 18, 17});
  OpTester("_contrib_box_decode")
      .Input(codes)
      .Input(Tensor::FromData<float>({1, 1, 4}, {10, 20, 4, 6}))
      .ExpectOutput(want, Ulps(2));
  OpTester("_contrib_box_decode")
      .Attr("format", "corner")
      .Input(codes)
      .Input(Tensor::FromData<float>({1, 1, 4}, {8, 17, 12, 23}))
      .ExpectOutput(want, Ulps(2));
}

TEST(BoxDecodeTest, DeviationsScaleAndTheClipLimitsSizes) {
  const Tensor codes = Tensor::FromData<float>({1, 2, 4}, {2, 4, 0, 0, 0, 0, 50, -50});
  const Tensor anchors = Tensor::FromData<float>({1, 2, 4}, {0, 0, 2, 2, 0, 0, 2, 2});
  const float wide = std::exp(0.5f), narrow = std::exp(-5.0f);
  OpTester("_contrib_box_decode")
      .Attr("std0", 0.5)
      .Attr("std1", 0.25)
      .Attr("std2", 0.1)
      .Attr("std3", 0.1)
      .Attr("clip", 0.5)
      .Input(codes)
      .Input(anchors)
      .ExpectOutput(Tensor::FromData<float>({1, 2, 4}, {1, 1, 3, 3, -wide, -narrow, wide, narrow}), Ulps(4));
}

TEST(BoxDecodeTest, RefusesAnchorsOfAnotherNumber) {
  EXPECT_THAT(OpTester("_contrib_box_decode").Input({2, 5, 4}).Input({1, 6, 4}).Infer(),
              StatusIs(kInvalid, HasSubstr("\"anchors\": expected float32 [1, 5, 4]")));
  EXPECT_THAT(OpTester("_contrib_box_decode").Input({5, 4}).Input({1, 5, 4}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
