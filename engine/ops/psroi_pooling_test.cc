#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/channels_last.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

Tensor F(Shape shape, std::initializer_list<float> values) { return Tensor::FromData<float>(std::move(shape), values); }

OpTester Pool(int output_dim, int pooled_size, int group_size) {
  return OpTester("_contrib_PSROIPooling")
      .Attr("spatial_scale", 1.0)
      .Attr("output_dim", output_dim)
      .Attr("pooled_size", pooled_size)
      .Attr("group_size", group_size);
}

// Channel c is 100 c plus 0 to 3.
Tensor Channels(int64_t channels) {
  Tensor data = Tensor::Allocate({DType::kFloat32, {1, channels, 2, 2}});
  for (int64_t i = 0; i < channels * 4; ++i) {
    data.mutable_data<float>()[i] = static_cast<float>(i / 4 * 100 + i % 4);
  }
  return data;
}

TEST(PsroiPoolingTest, EveryBinReadsItsOwnChannels) {
  Pool(2, 2, 2)
      .Input(Channels(8))
      .Input(F({1, 5}, {0, 0, 0, 1, 1}))
      .ExpectOutput(F({1, 2, 2, 2}, {0, 101, 202, 303, 400, 501, 602, 703}));
  Pool(1, 2, 0).Input(Channels(4)).Input(F({1, 5}, {0, 0, 0, 1, 1})).ExpectOutput(F({1, 1, 2, 2}, {0, 101, 202, 303}));
}

TEST(PsroiPoolingTest, BinsAreAveragesAndGroupsMayBeFewer) {
  Pool(1, 1, 1)
      .Input(Channels(1))
      .Input(F({2, 5}, {0, 0, 0, 1, 1, 0, 1.6f, 0, 1.6f, 1}))
      .ExpectOutput(F({2, 1, 1, 1}, {1.5f, 0}));  // the second begins at column 2
  Pool(1, 2, 1).Input(Channels(1)).Input(F({1, 5}, {0, 0, 0, 1, 1})).ExpectOutput(F({1, 1, 2, 2}, {0, 1, 2, 3}));
}

TEST(PsroiPoolingTest, ComputesTheSameChannelsLast) {
  const OpTester tester = Pool(3, 2, 2)
                              .Input({2, 12, 9, 8}, Uniform(-1, 1))
                              .Input(F({3, 5}, {0, 1, 2, 7, 8, 1, 0, 0, 3, 3, 1, 4, 4, 30, 30}));
  ExpectSameChannelsLast("_contrib_PSROIPooling",
                         {{"spatial_scale", "0.7"}, {"output_dim", "3"}, {"pooled_size", "2"}, {"group_size", "2"}},
                         tester.inputs());
}

TEST(PsroiPoolingTest, RefusesTooFewChannelsAndImagesThatAreNotThere) {
  EXPECT_THAT(Pool(2, 2, 2).Input({1, 7, 3, 3}).Input({2, 5}).Infer(), StatusIs(kInvalid, HasSubstr("8 channels")));
  EXPECT_THAT(Pool(0, 2, 2).Input({1, 8, 3, 3}).Input({2, 5}).Infer(), StatusIs(kInvalid, HasSubstr("output_dim")));
  for (float image : {-1.0f, 1.0f}) {
    EXPECT_THAT(Pool(1, 1, 1).Input(Channels(1)).Input(F({1, 5}, {image, 0, 0, 1, 1})).Run(),
                StatusIs(kInvalid, HasSubstr("region 0 of an image below 1")));
  }
}

}  // namespace
}  // namespace baryon
