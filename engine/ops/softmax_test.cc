#include <cmath>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/channels_last.h"
#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

// exp(scale x) / sum along `axis`, or its logarithm, in double.
Reference Softmax(int64_t axis, double scale, bool log) {
  return [=](const std::vector<Tensor>& inputs) {
    const Tensor x = inputs[0].Cast(DType::kFloat64);
    const AxisSplit split = SplitAtAxis(x.shape(), *NormalizeAxis(axis, x.shape().rank()));
    Tensor y = Tensor::Allocate(x.type());
    for (int64_t line = 0; line < split.outer * split.inner; ++line) {
      const int64_t first = line / split.inner * split.size * split.inner + line % split.inner;
      double sum = 0;
      for (int64_t i = 0; i < split.size; ++i) sum += std::exp(scale * x.data<double>()[first + i * split.inner]);
      for (int64_t i = 0; i < split.size; ++i) {
        const double shifted = scale * x.data<double>()[first + i * split.inner] - std::log(sum);
        y.mutable_data<double>()[first + i * split.inner] = log ? shifted : std::exp(shifted);
      }
    }
    return std::vector<Tensor>{y.Cast(inputs[0].dtype())};
  };
}

TEST(SoftmaxTest, MatchesReferenceOnEveryAxis) {
  for (const Shape& shape : {Shape{1}, Shape{2, 3}, Shape{2, 3, 40}, Shape{3, 130, 70}}) {
    for (int64_t axis = -shape.rank(); axis < shape.rank(); ++axis) {
      const auto tester = [&](const char* op) {
        return OpTester(op).Attr("axis", axis).Input(shape, Uniform(-20, 20));
      };
      tester("softmax").ExpectNear(Softmax(axis, 1, false), Relative(1e-5));
      tester("softmin").ExpectNear(Softmax(axis, -1, false), Relative(1e-5));
      tester("log_softmax").ExpectNear(Softmax(axis, 1, true), Relative(2e-6));
      tester("softmax").Attr("temperature", 0.5).ExpectNear(Softmax(axis, 2, false), Relative(1e-5));
    }
  }
}

TEST(SoftmaxTest, OtherFloatingTypes) {
  OpTester("softmax")
      .Attr("axis", 0)
      .Input({5, 3}, Uniform(-4, 4).As(DType::kFloat64))
      .ExpectNear(Softmax(0, 1, false), Relative(1e-14));
  OpTester("log_softmax")
      .Input({5, 3}, Uniform(-4, 4).As(DType::kFloat16))
      .ExpectNear(Softmax(-1, 1, true), Relative(2e-3));
  const auto as_float = [](const std::vector<Tensor>& inputs) {
    return std::vector<Tensor>{Softmax(-1, 1, false)({inputs[0].Cast(DType::kFloat32)})};
  };
  OpTester("softmax")
      .Attr("dtype", "float32")
      .Input({5, 3}, Uniform(-4, 4).As(DType::kFloat16))
      .ExpectNear(as_float, Relative(4e-3));
}

TEST(SoftmaxTest, ElementsBeyondTheLengthTakeNoPart) {
  const float e = std::exp(1.0f);
  const Tensor x = Tensor::FromData<float>({4, 3}, {1, 2, 3, 1, 2, 3, 1, 1, 1, 0, 0, 0});
  OpTester("softmax")
      .Attr("use_length", true)
      .Input(x)
      .Input(Tensor::FromData<int32_t>({4}, {2, 0, 9, -1}))
      .ExpectOutput(Tensor::FromData<float>(
                        {4, 3}, {1 / (1 + e), e / (1 + e), 0, 0, 0, 0, 1.0f / 3, 1.0f / 3, 1.0f / 3, 0, 0, 0}),
                    Ulps(4));
  OpTester("softmax")
      .Attr("use_length", true)
      .Attr("axis", 0)
      .Input(x.Reshaped({3, 4}))
      .Input(Tensor::FromData<int64_t>({4}, {1, 0, 1, 0}))
      .ExpectOutput(Tensor::FromData<float>({3, 4}, {1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST(SoftmaxTest, SameChannelsLast) {
  const std::vector<Tensor> maps = OpTester("softmax").Input({2, 5, 3, 4}, Uniform(-3, 3)).inputs();
  for (const char* op : {"softmax", "log_softmax", "softmin"}) {
    for (const char* axis : {"0", "1", "2", "-1"}) ExpectSameChannelsLast(op, {{"axis", axis}}, maps, Relative(1e-6));
  }
  EXPECT_FALSE(HasChannelsLast("softmax", {{"axis", "2"}, {"use_length", "True"}}, 4));
  EXPECT_TRUE(HasChannelsLast("softmax", {{"axis", "1"}, {"use_length", "True"}}, 4));
}

TEST(SoftmaxTest, RejectsWhatDoesNotFit) {
  const Tensor x = Tensor::Zeros({DType::kFloat32, {2, 3}});
  const auto with_length = [&](const TensorType& length) {
    return OpTester("softmax").Attr("use_length", true).Input(x).Input(Tensor::Zeros(length)).Infer();
  };
  EXPECT_THAT(OpTester("softmax").Attr("axis", 2).Input(x).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("softmax").Input({2}, Filler().As(DType::kInt32)).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("softmax").Attr("dtype", "int32").Input(x).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(with_length({DType::kInt32, {3}}), StatusIs(kInvalid));
  EXPECT_THAT(with_length({DType::kFloat32, {2}}), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("log_softmax").Attr("use_length", true).Input(x).Input(x).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
