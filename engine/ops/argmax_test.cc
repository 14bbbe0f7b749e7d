#include <limits>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/channels_last.h"
#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;
const Shape kScalar;

const Tensor& Numbers() {
  static const Tensor* numbers = new Tensor(Tensor::FromData<float>({2, 3}, {1, 9, 9, 5, 4, 3}));
  return *numbers;
}

TEST(ArgmaxTest, LegacyIndicesHaveTheDTypeOfTheData) {
  OpTester("argmax").Attr("axis", 1).Input(Numbers()).ExpectOutput(Tensor::FromData<float>({2}, {1, 0}));
  OpTester("argmin")
      .Attr("axis", 0)
      .Attr("keepdims", true)
      .Input(Numbers())
      .ExpectOutput(Tensor::FromData<float>({1, 3}, {0, 1, 1}));
  OpTester("argmax")
      .Attr("axis", -1)
      .Input(Numbers().Cast(DType::kInt32))
      .ExpectOutput(Tensor::FromData<int32_t>({2}, {1, 0}));
}

TEST(ArgmaxTest, NumpyIndicesAreInt64) {
  OpTester("_npi_argmax").Attr("axis", 1).Input(Numbers()).ExpectOutput(Tensor::FromData<int64_t>({2}, {1, 0}));
  OpTester("_npi_argmin").Input(Numbers()).ExpectOutput(Tensor::FromData<int64_t>(kScalar, {0}));
}

TEST(ArgmaxTest, WithoutAxisTheFlattenedArrayIsSearched) {
  OpTester("argmin").Input(Numbers()).ExpectOutput(Tensor::FromData<float>({1}, {0}));
  OpTester("argmax").Attr("keepdims", true).Input(Numbers()).ExpectOutput(Tensor::FromData<float>({1, 1}, {1}));
}

TEST(ArgmaxTest, ChannelMeansAxisOne) {
  OpTester("argmax_channel").Input(Numbers()).ExpectOutput(Tensor::FromData<float>({2}, {1, 0}));
  EXPECT_THAT(OpTester("argmax_channel").Input({3}).Infer(), StatusIs(kInvalid));
}

TEST(ArgmaxTest, SameChannelsLast) {
  const std::vector<Tensor> maps = OpTester("argmax").Input({2, 5, 3, 4}, Distinct()).inputs();
  ExpectSameChannelsLast("argmax", {{"axis", "1"}}, maps);
  ExpectSameChannelsLast("argmax", {{"axis", "3"}, {"keepdims", "True"}}, maps);
  ExpectSameChannelsLast("argmax_channel", {}, maps);
  EXPECT_FALSE(HasChannelsLast("argmax", {}, 4));
  EXPECT_FALSE(HasChannelsLast("argmax", {{"axis", "2"}}, 4));
}

TEST(ArgmaxTest, LargeSearchesAgreeOnAnyNumberOfThreads) {
  const auto places = [](const std::vector<Tensor>& inputs) {
    Tensor place = Tensor::Allocate({DType::kFloat32, {1, 3000}});
    for (int64_t i = 0; i < 3000; ++i) {
      const float* column = inputs[0].data<float>() + i;
      int64_t best = 0;
      for (int64_t row = 1; row < 41; ++row) best = column[row * 3000] > column[best * 3000] ? row : best;
      place.mutable_data<float>()[i] = static_cast<float>(best);
    }
    return std::vector<Tensor>{place};
  };
  OpTester("argmax").Attr("axis", 1).Input({1, 41, 3000}, Distinct()).ExpectNear(places, Exactly());
}

TEST(ArgmaxTest, RejectsAxesBeyondTheRankAndNothingToSearch) {
  EXPECT_THAT(OpTester("argmax").Attr("axis", 2).Input({2, 3}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("argmax").Attr("axis", 1).Input({2, 0}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
