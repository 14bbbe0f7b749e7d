#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/conv_op_tester.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

OpTester Resize() { return OpTester("_contrib_BilinearResize2D"); }

Shape SizeOf(const OpTester& tester) {
  const absl::StatusOr<TensorTypes> types = tester.Infer();
  EXPECT_OK(types);
  return types.ok() ? (*types)[0].shape : Shape();
}

TEST(BilinearResizeTest, InterpolatesInBothLayouts) {
  const Tensor x = Tensor::FromData<float>({1, 2, 2, 2}, {0, 1, 2, 3, 10, 20, 30, 40});
  const Tensor want = Tensor::FromData<float>({1, 2, 3, 3}, {0, 0.5f, 1, 1, 1.5f, 2, 2, 2.5f, 3,  //
                                                             10, 15, 20, 20, 25, 30, 30, 35, 40});
  Resize().Attr("height", 3).Attr("width", 3).Input(x).ExpectOutput(want);
  Resize()
      .Attr("height", 3)
      .Attr("width", 3)
      .Attr("layout", "NHWC")
      .Input(MoveChannels(x, true))
      .ExpectOutput(MoveChannels(want, true));
}

TEST(BilinearResizeTest, EqualSizesAreACopy) {
  for (bool align_corners : {true, false}) {
    const OpTester tester =
        Resize().Attr("height", 5).Attr("width", 4).Attr("align_corners", align_corners).Input({2, 3, 5, 4});
    tester.ExpectOutput(tester.inputs()[0], {1e-6, 1e-6});
  }
}

TEST(BilinearResizeTest, EveryModeHasItsSize) {
  const auto scaled = [](const char* mode) {
    return Resize().Attr("mode", mode).Attr("scale_height", 2.0).Attr("scale_width", 0.5);
  };
  EXPECT_EQ(SizeOf(scaled("size").Input({1, 1, 5, 6})), Shape({1, 1, 10, 3}));
  EXPECT_EQ(SizeOf(scaled("odd_scale").Input({1, 1, 5, 6})), Shape({1, 1, 9, 3}));
  EXPECT_EQ(SizeOf(Resize().Attr("mode", "like").Input({1, 1, 5, 6}).Input({1, 7, 8, 9})), Shape({1, 1, 8, 9}));
  EXPECT_EQ(SizeOf(Resize().Attr("mode", "to_even_down").Input({1, 1, 5, 6})), Shape({1, 1, 4, 6}));
  EXPECT_EQ(SizeOf(Resize().Attr("mode", "to_even_up").Input({1, 1, 5, 6})), Shape({1, 1, 6, 6}));
  EXPECT_EQ(SizeOf(Resize().Attr("mode", "to_odd_down").Input({1, 1, 5, 6})), Shape({1, 1, 5, 5}));
  EXPECT_EQ(SizeOf(Resize().Attr("mode", "to_odd_up").Input({1, 1, 5, 6})), Shape({1, 1, 5, 7}));
}

TEST(BilinearResizeTest, RejectsSizesOfNothing) {
  EXPECT_THAT(Resize().Attr("mode", "to_even_down").Input({1, 1, 1, 6}).Infer(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("from 1 to 2^24")));
  EXPECT_THAT(Resize().Attr("scale_height", 1e30).Attr("scale_width", 1.0).Input({1, 1, 4, 4}).Infer(),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Resize().Attr("scale_height", 2.0).Input({1, 1, 4, 4}).Infer(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("scale_width")));
}

}  // namespace
}  // namespace baryon
