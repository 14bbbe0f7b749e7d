#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

// 0, 1, 2, ...
Tensor Count(Shape shape) {
  Tensor tensor = Tensor::Allocate({DType::kUInt8, std::move(shape)});
  for (int64_t i = 0; i < tensor.num_elements(); ++i) tensor.mutable_data<uint8_t>()[i] = static_cast<uint8_t>(i);
  return tensor;
}

OpTester Crop(int x, int y, int width, int height) {
  return OpTester("_image_crop").Attr("x", x).Attr("y", y).Attr("width", width).Attr("height", height);
}

TEST(ImageCropTest, CutsPicturesAndBatches) {
  Crop(1, 0, 2, 1).Input(Count({2, 3, 3})).ExpectOutput(Tensor::FromData<uint8_t>({1, 2, 3}, {3, 4, 5, 6, 7, 8}));
  Crop(2, 1, 1, 1).Input(Count({2, 2, 3, 1})).ExpectOutput(Tensor::FromData<uint8_t>({2, 1, 1, 1}, {5, 11}));
}

TEST(ImageCropTest, RefusesPartsBeyondThePicture) {
  EXPECT_THAT(Crop(2, 0, 2, 1).Input(Count({2, 3, 3})).Infer(), StatusIs(kInvalid, HasSubstr("a width within 3")));
  EXPECT_THAT(Crop(0, -1, 1, 1).Input(Count({2, 3, 3})).Infer(), StatusIs(kInvalid, HasSubstr("a height within 2")));
  EXPECT_THAT(Crop(0, 0, 1, 1).Input(Count({2, 3, 2})).Infer(), StatusIs(kInvalid, HasSubstr("channels")));
  EXPECT_THAT(Crop(0, 0, 1, 1).Input(Count({2, 3})).Infer(), StatusIs(kInvalid));
}

TEST(ImageFlipTest, TurnsRowsAndColumns) {
  const Tensor picture = Count({2, 3, 1});
  OpTester("_image_flip_left_right")
      .Input(picture)
      .ExpectOutput(Tensor::FromData<uint8_t>({2, 3, 1}, {2, 1, 0, 5, 4, 3}));
  OpTester("_image_flip_top_bottom")
      .Input(picture)
      .ExpectOutput(Tensor::FromData<uint8_t>({2, 3, 1}, {3, 4, 5, 0, 1, 2}));
}

TEST(ImageFlipTest, RefusesBatches) {
  EXPECT_THAT(OpTester("_image_flip_left_right").Input({1, 2, 3, 1}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
