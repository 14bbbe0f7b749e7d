#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(ImageToTensorTest, ChannelsComeFirstBetweenZeroAndOne) {
  OpTester("_image_to_tensor")
      .Input(Tensor::FromData<uint8_t>({1, 2, 3}, {0, 51, 102, 255, 204, 153}))
      .ExpectOutput(Tensor::FromData<float>({3, 1, 2}, {0, 1, 0.2f, 0.8f, 0.4f, 0.6f}));
}

TEST(ImageToTensorTest, BatchesOnAnyNumberOfThreads) {
  OpTester("_image_to_tensor")
      .Input({3, 60, 70, 3}, Integers(0, 255).As(DType::kUInt8))
      .ExpectNear(
          [](const std::vector<Tensor>& inputs) {
            Tensor result = Tensor::Allocate({DType::kFloat32, {3, 3, 60, 70}});
            for (int64_t i = 0; i < result.num_elements(); ++i) {
              const int64_t picture = i / 12600, channel = i / 4200 % 3, pixel = i % 4200;
              result.mutable_data<float>()[i] =
                  static_cast<float>(inputs[0].data<uint8_t>()[picture * 12600 + pixel * 3 + channel]) / 255.0f;
            }
            return std::vector<Tensor>{result};
          },
          Exactly());
}

TEST(ImageNormalizeTest, EveryChannelHasItsMeanAndDeviation) {
  OpTester("_image_normalize")
      .Attr("mean", "(1, 2, 3)")
      .Attr("std", "(1, 2, 4)")
      .Input(Tensor::FromData<float>({3, 1, 2}, {1, 2, 4, 2, 3, 7}))
      .ExpectOutput(Tensor::FromData<float>({3, 1, 2}, {0, 1, 1, 0, 0, 1}));
  OpTester("_image_normalize")
      .Attr("mean", "0.5")
      .Attr("std", "(0.5,)")
      .Input(Tensor::FromData<float>({2, 1, 1, 1}, {1, 0}))
      .ExpectOutput(Tensor::FromData<float>({2, 1, 1, 1}, {1, -1}));
}

TEST(ImageNormalizeTest, RefusesOtherNumbersOfChannels) {
  EXPECT_THAT(OpTester("_image_normalize").Input({3, 2, 2}).Infer(), StatusIs(kInvalid, HasSubstr("1 or 3 numbers")));
  EXPECT_THAT(OpTester("_image_normalize").Attr("mean", "0").Attr("std", "1").Input({2, 2, 2}).Infer(),
              StatusIs(kInvalid, HasSubstr("channels")));
  EXPECT_THAT(OpTester("_image_to_tensor").Input({2, 2}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
