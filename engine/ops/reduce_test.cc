#include <cmath>
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
  static const Tensor* numbers = new Tensor(Tensor::FromData<float>({2, 3}, {1, 2, 3, 4, 5, 7}));
  return *numbers;
}

OpTester Over(const std::string& op, const char* axis) { return OpTester(op).Attr("axis", axis).Input(Numbers()); }

TEST(ReduceTest, LegacyOperatorsOverOneAxis) {
  Over("sum", "1").ExpectOutput(Tensor::FromData<float>({2}, {6, 16}));
  Over("mean", "0").ExpectOutput(Tensor::FromData<float>({3}, {2.5f, 3.5f, 5}));
  Over("prod", "-1").ExpectOutput(Tensor::FromData<float>({2}, {6, 140}));
  Over("max", "0").ExpectOutput(Tensor::FromData<float>({3}, {4, 5, 7}));
  Over("min", "1").ExpectOutput(Tensor::FromData<float>({2}, {1, 4}));
}

TEST(ReduceTest, NanVariantsLeaveNanOut) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Tensor x = Tensor::FromData<float>({2, 2}, {nan, 3, nan, nan});
  OpTester("nansum").Attr("axis", 1).Input(x).ExpectOutput(Tensor::FromData<float>({2}, {3, 0}));
  OpTester("nanprod").Attr("axis", 1).Input(x).ExpectOutput(Tensor::FromData<float>({2}, {3, 1}));
  OpTester("sum").Attr("axis", 1).Input(x).ExpectOutput(Tensor::FromData<float>({2}, {nan, nan}));
}

TEST(ReduceTest, LegacyReductionsOfEverythingHaveRankOne) {
  const Tensor total = Tensor::FromData<float>({1}, {22});
  OpTester("sum").Input(Numbers()).ExpectOutput(total);
  Over("sum", "()").ExpectOutput(total);
  Over("sum", "(0, 1)").ExpectOutput(total);
  Over("sum", "None").Attr("keepdims", true).ExpectOutput(total.Reshaped({1, 1}));
}

TEST(ReduceTest, ExcludeReducesTheOtherAxes) {
  Over("sum", "1").Attr("exclude", true).ExpectOutput(Tensor::FromData<float>({3}, {5, 7, 10}));
  Over("sum", "(0, 1)").Attr("exclude", true).ExpectOutput(Numbers());
}

TEST(ReduceTest, NumpyReductionsOfEverythingHaveRankZero) {
  OpTester("_np_sum").Input(Numbers()).ExpectOutput(Tensor::FromData<float>(kScalar, {22}));
  Over("_npi_max", "(0, 1)").Attr("keepdims", true).ExpectOutput(Tensor::FromData<float>({1, 1}, {7}));
  Over("_np_sum", "()").ExpectOutput(Numbers());
}

TEST(ReduceTest, NumpyDTypes) {
  const Tensor truths = Tensor::FromData<bool>({2, 2}, {true, false, true, true});
  OpTester("_npi_sum").Attr("axis", 1).Input(truths).ExpectOutput(Tensor::FromData<int64_t>({2}, {1, 2}));
  OpTester("_npi_mean").Attr("axis", 1).Input(truths).ExpectOutput(Tensor::FromData<float>({2}, {0.5f, 1}));
  OpTester("_npi_max").Attr("axis", 1).Input(truths).ExpectOutput(Tensor::FromData<bool>({2}, {true, true}));
  const Tensor whole = Tensor::FromData<int32_t>({2, 2}, {1, 2, 3, 5});
  OpTester("_np_prod").Attr("axis", 0).Input(whole).ExpectOutput(Tensor::FromData<int32_t>({2}, {3, 10}));
  OpTester("_npi_mean").Input(whole).ExpectOutput(Tensor::FromData<float>(kScalar, {2.75f}));
  OpTester("_np_sum").Attr("dtype", "float64").Input(whole).ExpectOutput(Tensor::FromData<double>(kScalar, {11}));
  OpTester("mean").Input(whole).ExpectOutput(Tensor::FromData<int32_t>({1}, {2}));
}

TEST(ReduceTest, AnyAndAllAreBoolean) {
  const Tensor x = Tensor::FromData<float>({2, 2}, {0, 0.5f, 1, -1});
  OpTester("_np_any").Attr("axis", 1).Input(x).ExpectOutput(Tensor::FromData<bool>({2}, {true, true}));
  OpTester("_npi_all").Attr("axis", 1).Input(x).ExpectOutput(Tensor::FromData<bool>({2}, {false, true}));
}

TEST(ReduceTest, ReductionsOverNothing) {
  const Tensor nothing = Tensor::Zeros({DType::kFloat32, {2, 0}});
  OpTester("_np_sum").Attr("axis", 1).Input(nothing).ExpectOutput(Tensor::FromData<float>({2}, {0, 0}));
  OpTester("_np_all").Attr("axis", 1).Input(nothing).ExpectOutput(Tensor::FromData<bool>({2}, {true, true}));
  OpTester("sum").Attr("axis", 0).Input(nothing).ExpectOutput(Tensor::Zeros({DType::kFloat32, {0}}));
  EXPECT_THAT(OpTester("_np_max").Attr("axis", 1).Input(nothing).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("sum").Attr("axis", 1).Input(nothing).Infer(), StatusIs(kInvalid));
}

TEST(ReduceTest, LargeReductionsAgreeOnAnyNumberOfThreads) {
  const auto means = [](const std::vector<Tensor>& inputs) {
    const int64_t rows = 300, channels = 700;
    Tensor mean = Tensor::Allocate({DType::kFloat32, {2, channels}});
    for (int64_t i = 0; i < 2 * channels; ++i) {
      double sum = 0;
      const float* x = inputs[0].data<float>() + i / channels * rows * channels + i % channels;
      for (int64_t row = 0; row < rows; ++row) sum += x[row * channels];
      mean.mutable_data<float>()[i] = static_cast<float>(sum / rows);
    }
    return std::vector<Tensor>{mean};
  };
  OpTester("mean").Attr("axis", 1).Input({2, 300, 700}, Uniform(-1, 1)).ExpectNear(means, Relative(1e-6));
}

TEST(ReduceTest, SameChannelsLast) {
  const std::vector<Tensor> images = OpTester("sum").Input({2, 3, 4, 5}, Integers(-9, 9)).inputs();
  for (const char* op : {"sum", "mean", "max", "min"}) {
    for (const char* axis : {"(2, 3)", "1", "(0, 1)", "(1, 2, 3)"})
      ExpectSameChannelsLast(op, {{"axis", axis}}, images);
    ExpectSameChannelsLast(op, {{"axis", "2"}, {"keepdims", "True"}}, images);
    ExpectSameChannelsLast(op, {{"axis", "(0, 1)"}, {"exclude", "True"}}, images);
    EXPECT_FALSE(HasChannelsLast(op, {{"axis", "2"}}, 4));
  }
  ExpectSameChannelsLast("_npi_mean", {{"axis", "(2, 3)"}}, images);
  ExpectSameChannelsLast("_np_sum", {{"axis", "()"}}, images);
}

TEST(ReduceTest, RejectsAxesThatDoNotExistOrRepeat) {
  EXPECT_THAT(Over("sum", "2").Infer(), StatusIs(kInvalid));
  EXPECT_THAT(Over("sum", "(1, 1)").Infer(), StatusIs(kInvalid));
  EXPECT_THAT(Over("_npi_sum", "-3").Infer(), StatusIs(kInvalid));
}

TEST(ReduceTest, RejectsAnInitialValue) {
  EXPECT_THAT(Over("_np_sum", "1").Attr("initial", 3.0).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
