#include <algorithm>
#include <limits>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

const Tensor& Numbers() {
  static const Tensor* numbers = new Tensor(Tensor::FromData<float>({2, 4}, {1, 7, 7, 3, 5, 2, 8, 0}));
  return *numbers;
}

OpTester TopK(const char* returns, int k) {
  return OpTester("topk").Attr("ret_typ", returns).Attr("k", k).Input(Numbers());
}

TEST(TopKTest, ReturnsIndicesValuesMaskOrBoth) {
  const Tensor indices = Tensor::FromData<float>({2, 2}, {1, 2, 2, 0});
  const Tensor values = Tensor::FromData<float>({2, 2}, {7, 7, 8, 5});
  TopK("indices", 2).ExpectOutputs({indices});
  TopK("value", 2).ExpectOutputs({values});
  TopK("both", 2).ExpectOutputs({values, indices});
  TopK("mask", 2).ExpectOutputs({Tensor::FromData<float>({2, 4}, {0, 1, 1, 0, 1, 0, 1, 0})});
}

TEST(TopKTest, OtherAxesDirectionsAndDTypes) {
  OpTester("topk")
      .Attr("axis", 0)
      .Attr("dtype", "int32")
      .Input(Numbers())
      .ExpectOutput(Tensor::FromData<int32_t>({1, 4}, {1, 0, 1, 0}));
  TopK("value", 1).Attr("is_ascend", true).ExpectOutput(Tensor::FromData<float>({2, 1}, {1, 0}));
  TopK("value", 3).Attr("axis", "None").ExpectOutput(Tensor::FromData<float>({3}, {8, 7, 7}));
}

TEST(TopKTest, KBelowOneMeansAll) {
  TopK("indices", 0).ExpectOutput(Tensor::FromData<float>({2, 4}, {1, 2, 3, 0, 2, 0, 1, 3}));
}

TEST(TopKTest, RejectsMoreElementsThanThereAre) {
  EXPECT_THAT(TopK("indices", 5).Infer(), StatusIs(kInvalid, testing::HasSubstr("k of at most 4")));
  EXPECT_THAT(TopK("index", 1).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("topk").Attr("axis", 2).Input({2, 3}).Infer(), StatusIs(kInvalid));
}

TEST(SortTest, SortsAlongAnyAxis) {
  OpTester("sort").Input(Numbers()).ExpectOutput(Tensor::FromData<float>({2, 4}, {1, 3, 7, 7, 0, 2, 5, 8}));
  OpTester("sort")
      .Attr("axis", 0)
      .Attr("is_ascend", false)
      .Input(Numbers())
      .ExpectOutput(Tensor::FromData<float>({2, 4}, {5, 7, 8, 3, 1, 2, 7, 0}));
  OpTester("sort")
      .Attr("axis", "None")
      .Input(Numbers().Cast(DType::kUInt8))
      .ExpectOutput(Tensor::FromData<uint8_t>({8}, {0, 1, 2, 3, 5, 7, 7, 8}));
}

TEST(SortTest, ArgsortGivesPlaces) {
  OpTester("argsort").Input(Numbers()).ExpectOutput(Tensor::FromData<float>({2, 4}, {0, 3, 1, 2, 3, 1, 0, 2}));
  OpTester("argsort")
      .Attr("dtype", "int64")
      .Attr("is_ascend", false)
      .Input(Numbers())
      .ExpectOutput(Tensor::FromData<int64_t>({2, 4}, {1, 2, 3, 0, 2, 0, 1, 3}));
}

TEST(SortTest, LargeSortsAgreeOnAnyNumberOfThreads) {
  const auto sorted = [](const std::vector<Tensor>& inputs) {
    Tensor result = Tensor::Allocate(inputs[0].type());
    const absl::Span<const float> x = inputs[0].span<float>();
    std::copy(x.begin(), x.end(), result.mutable_data<float>());
    for (int64_t row = 0; row < 40; ++row) {
      std::sort(result.mutable_data<float>() + row * 1000, result.mutable_data<float>() + (row + 1) * 1000);
    }
    return std::vector<Tensor>{result};
  };
  OpTester("sort").Input({40, 1000}, Distinct()).ExpectNear(sorted, Exactly());
}

}  // namespace
}  // namespace baryon
