#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

OpTester Resize(const char* size) { return OpTester("_image_resize").Attr("size", size); }

Shape NewShape(const OpTester& tester) {
  const absl::StatusOr<TensorTypes> types = tester.Infer();
  EXPECT_OK(types);
  return types.ok() ? (*types)[0].shape : Shape();
}

TEST(ImageResizeTest, SizesAreWidthAndHeightOrOneNumber) {
  EXPECT_EQ(NewShape(Resize("(5, 7)").Input({3, 4, 3})), Shape({7, 5, 3}));
  EXPECT_EQ(NewShape(Resize("6").Input({2, 3, 4, 3})), Shape({2, 6, 6, 3}));
  EXPECT_EQ(NewShape(Resize("6").Attr("keep_ratio", true).Input({3, 4, 3})), Shape({6, 8, 3}));
  EXPECT_EQ(NewShape(Resize("6").Attr("keep_ratio", true).Input({5, 3, 1})), Shape({10, 6, 1}));
}

TEST(ImageResizeTest, InterpolatesPicturesOfABatch) {
  Resize("(4, 1)")
      .Input(Tensor::FromData<float>({2, 1, 2, 1}, {0, 4, 8, 0}))
      .ExpectOutput(Tensor::FromData<float>({2, 1, 4, 1}, {0, 1, 3, 4, 8, 6, 2, 0}));
}

TEST(ImageResizeTest, TheNearestNeighbourTakesAnyType) {
  Resize("(2, 2)")
      .Attr("interp", 0)
      .Input(Tensor::FromData<int32_t>({1, 1, 1}, {7}))
      .ExpectOutput(Tensor::FromData<int32_t>({2, 2, 1}, {7, 7, 7, 7}));
}

TEST(ImageResizeTest, AgreesOnAnyNumberOfThreads) {
  const OpTester tester =
      Resize("(37, 41)").Attr("interp", 2).Input({2, 29, 31, 3}, Integers(0, 255).As(DType::kUInt8));
  tester.ExpectOutputs(*tester.Run());
}

TEST(ImageResizeTest, RefusesOtherTypesAndSizes) {
  EXPECT_THAT(Resize("(2, 2)").Input({3, 3, 1}, Integers(0, 9).As(DType::kInt32)).Infer(),
              StatusIs(kInvalid, HasSubstr("uint8, float32 or float64")));
  EXPECT_THAT(Resize("(2, 0)").Input({3, 3, 1}).Infer(), StatusIs(kInvalid, HasSubstr("size")));
  EXPECT_THAT(Resize("()").Input({3, 3, 1}).Infer(), StatusIs(kInvalid, HasSubstr("size")));
  EXPECT_THAT(Resize("(2, 2)").Attr("interp", 9).Input({3, 3, 1}).Infer(), StatusIs(kInvalid, HasSubstr("interp")));
  EXPECT_THAT(Resize("(2, 2)").Input({3, 3}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
