#include <cmath>
#include <limits>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/conv_op_tester.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

struct Pool {
  std::string type = "max", convention = "valid";
  IntTuple kernel, stride, pad;
  bool include_pad = true;

  OpTester Tester() const {
    OpTester tester("Pooling");
    tester.Attr("pool_type", type).Attr("pooling_convention", convention).Attr("kernel", kernel);
    tester.Attr("stride", stride).Attr("pad", pad).Attr("count_include_pad", include_pad).Attr("p_value", 2);
    return tester;
  }

  // Over two axes, channels first, straight from the definition.
  std::vector<Tensor> Reference(const std::vector<Tensor>& inputs) const {
    const Shape& in = inputs[0].shape();
    Shape shape = in;
    for (int axis = 0; axis < 2; ++axis) {
      const double steps = static_cast<double>(in[2 + axis] + 2 * pad[axis] - kernel[axis]) / stride[axis];
      shape[2 + axis] = static_cast<int64_t>(convention == "full" ? std::ceil(steps) : std::floor(steps)) + 1;
    }
    Tensor out = Tensor::Allocate({DType::kFloat32, shape});
    float* y = out.mutable_data<float>();
    for (int64_t map = 0; map < in[0] * in[1]; ++map) {
      const float* x = inputs[0].data<float>() + map * in[2] * in[3];
      for (int64_t i = 0; i < shape[2]; ++i) {
        for (int64_t j = 0; j < shape[3]; ++j) *y++ = static_cast<float>(One(x, in[2], in[3], i, j));
      }
    }
    return {out};
  }

  double One(const float* x, int64_t height, int64_t width, int64_t i, int64_t j) const {
    double sum = 0, squares = 0, largest = -std::numeric_limits<float>::max();
    int64_t real = 0, all = 0;
    for (int64_t row = i * stride[0] - pad[0]; row < i * stride[0] - pad[0] + kernel[0]; ++row) {
      for (int64_t column = j * stride[1] - pad[1]; column < j * stride[1] - pad[1] + kernel[1]; ++column) {
        if (row >= height + pad[0] || column >= width + pad[1]) continue;
        ++all;
        if (row < 0 || column < 0 || row >= height || column >= width) continue;
        ++real;
        const double value = x[row * width + column];
        sum += value;
        squares += value * value;
        largest = std::max(largest, value);
      }
    }
    if (type == "max") return largest;
    if (type == "lp") return std::sqrt(squares);
    if (type == "avg") return real == 0 ? 0 : sum / (include_pad ? all : real);
    return sum;
  }

  void Check(const Shape& data) const {
    const OpTester first = Tester().Input(data, Uniform(-1, 1));
    const std::vector<Tensor> want = Reference(first.inputs());
    first.ExpectOutputs(want, {0, 1e-6});
    Tester()
        .Attr("layout", "NHWC")
        .Input(MoveChannels(first.inputs()[0], true))
        .ExpectOutput(MoveChannels(want[0], true), {0, 1e-6});
  }
};

TEST(PoolingTest, MatchesTheDefinitionInBothLayouts) {
  for (const char* type : {"max", "avg", "sum", "lp"}) {
    for (const char* convention : {"valid", "full"}) {
      for (bool include_pad : {true, false}) {
        Pool{type, convention, {2, 2}, {2, 2}, {0, 0}, include_pad}.Check({2, 3, 8, 6});
        Pool{type, convention, {3, 3}, {2, 2}, {1, 1}, include_pad}.Check({1, 20, 8, 9});
        Pool{type, convention, {2, 3}, {3, 1}, {1, 2}, include_pad}.Check({2, 1, 7, 5});
      }
    }
  }
}

TEST(PoolingTest, KeepsLastWindowsThatBeginBeyondTheInput) {
  Pool{"max", "full", {2, 2}, {4, 4}, {1, 1}, true}.Check({1, 2, 4, 4});
  Pool{"avg", "full", {2, 2}, {4, 4}, {1, 1}, true}.Check({1, 2, 4, 4});
}

TEST(PoolingTest, GlobalPoolingIgnoresTheKernel) {
  const Tensor x = Tensor::FromData<float>({1, 2, 2, 2}, {1, 2, 3, 6, -1, -2, -3, -4});
  OpTester("Pooling")
      .Attr("kernel", "(1, 1)")
      .Attr("global_pool", true)
      .Attr("pool_type", "avg")
      .Input(x)
      .ExpectOutput(Tensor::FromData<float>({1, 2, 1, 1}, {3, -2.5f}));
  OpTester("Pooling").Attr("global_pool", true).Input(x).ExpectOutput(Tensor::FromData<float>({1, 2, 1, 1}, {6, -1}));
}

TEST(PoolingTest, PoolsOverOneAndThreeAxes) {
  OpTester("Pooling")
      .Attr("kernel", "(2,)")
      .Attr("stride", "(2,)")
      .Input(Tensor::FromData<float>({1, 1, 4}, {1, 5, 3, 2}))
      .ExpectOutput(Tensor::FromData<float>({1, 1, 2}, {5, 3}));
  OpTester("Pooling")
      .Attr("kernel", "(2, 1, 2)")
      .Attr("pool_type", "sum")
      .Input(Tensor::FromData<float>({1, 1, 2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8}))
      .ExpectOutput(Tensor::FromData<float>({1, 1, 1, 2, 1}, {14, 22}));
}

TEST(PoolingTest, PoolsOtherFloatingTypes) {
  for (DType dtype : {DType::kFloat64, DType::kFloat16}) {
    const Tensor x = Tensor::FromData<float>({1, 1, 2, 2}, {1, 2, 3, 4}).Cast(dtype);
    for (const char* layout : {"NCHW", "NHWC"}) {
      const bool last = std::string(layout) == "NHWC";
      OpTester("Pooling")
          .Attr("kernel", "(2, 2)")
          .Attr("pool_type", "avg")
          .Attr("layout", layout)
          .Input(last ? x.Reshaped({1, 2, 2, 1}) : x)
          .ExpectOutput(Tensor::FromData<float>({1, 1, 1, 1}, {2.5f}).Cast(dtype));
    }
  }
}

TEST(PoolingTest, TheFirstReleasesSawPaddingAsZeros) {
  const Tensor x = Tensor::FromData<float>({1, 1, 1, 3}, {-1, -2, -4});
  OpTester v1("Pooling_v1");
  v1.Attr("kernel", "(1, 2)").Attr("stride", "(1, 2)").Attr("pad", "(0, 1)").Input(x);
  v1.ExpectOutput(Tensor::FromData<float>({1, 1, 1, 2}, {0, -2}));
  v1.Attr("pool_type", "avg").Attr("pooling_convention", "full").Attr("kernel", "(1, 4)");
  v1.ExpectOutput(Tensor::FromData<float>({1, 1, 1, 2}, {-1.75f, -1.5f}));
}

TEST(PoolingTest, RejectsWhatDoesNotFit) {
  const auto refused = [](OpTester tester, const char* message) {
    EXPECT_THAT(tester.Infer(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(message)));
  };
  const Shape image = {1, 1, 4, 4};
  refused(OpTester("Pooling").Attr("kernel", "(5, 5)").Input(image), "at least as large as kernel (5, 5)");
  refused(OpTester("Pooling").Attr("kernel", "(2, 2)").Attr("pool_type", "median").Input(image), "pool_type");
  refused(OpTester("Pooling").Attr("kernel", "(2, 2)").Attr("stride", "(0, 0)").Input(image), "\"stride\"");
  refused(OpTester("Pooling").Attr("kernel", "(2, 2)").Attr("pool_type", "lp").Input(image), "\"p_value\"");
  refused(OpTester("Pooling").Attr("kernel", "(2, 2, 2, 2)").Input(image), "1, 2 or 3");
  refused(OpTester("Pooling").Attr("kernel", "(2, 2)").Input({1, 2, 5}), "rank 4");
  refused(OpTester("Pooling").Input(image), "a kernel");
  refused(OpTester("Pooling").Attr("kernel", "(2, 2)").Attr("pooling_convention", "same").Input(image), "same");
  refused(OpTester("Pooling").Attr("kernel", "(2, 2)").Attr("layout", "NCW").Input(image), "\"layout\"");
  refused(OpTester("Pooling").Attr("global_pool", true).Input({1, 1}), "rank 3, 4 or 5");
}

}  // namespace
}  // namespace baryon
