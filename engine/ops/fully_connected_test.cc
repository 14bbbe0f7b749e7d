#include "engine/base/testing/status_matchers.h"
#include "engine/graph/op_registry.h"
#include "engine/kernels/reference.h"
#include "engine/ops/fused_activation.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr Tolerance kTolerance = {0, 3e-6};

// y = activation(x W' + b + residual) for inputs x, W, b and perhaps residual, x as [m, k].
Reference Dense(int64_t m, int64_t k, int64_t n, Shape output, kernels::ActivationSpec activation = {}) {
  return [=](const std::vector<Tensor>& inputs) {
    Tensor y = Tensor::Allocate({DType::kFloat32, output});
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        double sum = inputs[2].data<float>()[j];
        for (int64_t p = 0; p < k; ++p) {
          sum += static_cast<double>(inputs[0].data<float>()[i * k + p]) * inputs[1].data<float>()[j * k + p];
        }
        if (inputs.size() > 3) sum += inputs[3].data<float>()[i * n + j];
        y.mutable_data<float>()[i * n + j] = static_cast<float>(reference::Activate(activation, sum));
      }
    }
    return std::vector<Tensor>{y};
  };
}

TEST(FullyConnectedTest, MatchesReferenceForEveryNumberOfRows) {
  for (int64_t m : {1, 2, 3, 4, 7, 40}) {
    for (int64_t n : {1, 10, 64, 130}) {
      OpTester("FullyConnected")
          .Attr("num_hidden", n)
          .Input({m, 33}, Uniform(-1, 1))
          .Input({n, 33}, Uniform(-1, 1))
          .Input({n}, Uniform(-1, 1))
          .ExpectNear(Dense(m, 33, n, {m, n}), kTolerance);
    }
  }
}

TEST(FullyConnectedTest, FlattensAllAxesButTheFirst) {
  OpTester("FullyConnected")
      .Attr("num_hidden", 5)
      .Input({3, 2, 2, 4}, Uniform(-1, 1))
      .Input({5, 16}, Uniform(-1, 1))
      .Input({5}, Uniform(-1, 1))
      .ExpectNear(Dense(3, 16, 5, {3, 5}), kTolerance);
}

TEST(FullyConnectedTest, KeepsLeadingAxesWithoutFlatten) {
  OpTester("FullyConnected")
      .Attr("num_hidden", 5)
      .Attr("flatten", false)
      .Input({3, 2, 2, 4}, Uniform(-1, 1))
      .Input({5, 4}, Uniform(-1, 1))
      .Input({5, 1}, Uniform(-1, 1))
      .ExpectNear(Dense(12, 4, 5, {3, 2, 2, 5}), kTolerance);
}

TEST(FullyConnectedTest, AddsAResidualAndAppliesAnActivation) {
  for (const char* activation : {"none", "relu", "tanh"}) {
    OpTester("FullyConnected")
        .Attr("num_hidden", 70)
        .Attr("residual", true)
        .Attr("activation", activation)
        .Input({9, 20}, Uniform(-1, 1))
        .Input({70, 20}, Uniform(-1, 1))
        .Input({70}, Uniform(-1, 1))
        .Input({9, 70}, Uniform(-1, 1))
        .ExpectNear(Dense(9, 20, 70, {9, 70}, *ToActivationSpec(activation, 0, 0)), kTolerance);
  }
}

TEST(FullyConnectedTest, ComputesInOtherFloatingTypes) {
  for (auto [dtype, tolerance] : {std::pair(DType::kFloat64, 1e-7), {DType::kFloat16, 1e-2}}) {
    OpTester wide("FullyConnected"), narrow("FullyConnected");
    for (OpTester* tester : {&wide, &narrow}) {
      const DType type = tester == &wide ? DType::kFloat32 : dtype;
      tester->Attr("num_hidden", 6).Input({4, 9}, Uniform(-1, 1).As(type));
      tester->Input({6, 9}, Uniform(-1, 1).As(type)).Input({6}, Uniform(-1, 1).As(type));
    }
    ASSERT_OK_AND_ASSIGN(const std::vector<Tensor> want, wide.Run());
    narrow.ExpectOutput(want[0].Cast(dtype), {tolerance, tolerance});
  }
}

TEST(FullyConnectedTest, TakesEmptyOperands) {
  OpTester rows("FullyConnected"), columns("FullyConnected");
  rows.Attr("num_hidden", 3).Attr("no_bias", true).Input({0, 4}).Input({3, 4});
  ASSERT_OK_AND_ASSIGN(const std::vector<Tensor> no_rows, rows.Run());
  EXPECT_EQ(no_rows[0].shape(), Shape({0, 3}));
  columns.Attr("num_hidden", 3).Attr("no_bias", true).Input({2, 0}).Input({3, 0});
  columns.ExpectOutput(Tensor::Zeros({DType::kFloat32, {2, 3}}));
}

TEST(FullyConnectedTest, RejectsWeightsThatDoNotFit) {
  EXPECT_THAT(OpTester("FullyConnected").Attr("num_hidden", 3).Input({2, 6}).Input({3, 5}).Input({3}).Infer(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("\"weight\": expected float32 [3, 6], got float32 [3, 5]")));
  EXPECT_THAT(OpTester("FullyConnected").Attr("num_hidden", 4).Input({2, 6}).Input({4, 6}).Input({3}).Infer(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"bias\"")));
  EXPECT_THAT(OpTester("FullyConnected").Attr("num_hidden", 0).Input({2, 6}).Input({0, 6}).Input({0}).Infer(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"num_hidden\"")));
}

TEST(FullyConnectedTest, PassesUnknownDimensionsOn) {
  const OpDef* op = FindOp("FullyConnected");
  ASSERT_OK_AND_ASSIGN(const BoundAttrs attrs, op->bind({{"num_hidden", "3"}, {"no_bias", "True"}}, true));
  ASSERT_OK_AND_ASSIGN(const TensorTypes out,
                       op->infer_types(attrs.get(), {{DType::kFloat32, {-1, 2, 3}}, {DType::kFloat32, {3, 6}}}));
  EXPECT_EQ(out[0].shape, Shape({-1, 3}));
}

TEST(FullyConnectedTest, CompletesTheTypesOfItsParameters) {
  const OpDef* op = FindOp("FullyConnected");
  ASSERT_OK_AND_ASSIGN(const BoundAttrs attrs, op->bind({{"num_hidden", "3"}}, true));
  TensorTypes inputs = {{DType::kFloat32, {-1, 2, 5}}, {}, {}}, outputs = {{}};
  ASSERT_OK(op->complete_types(attrs.get(), inputs, outputs));
  EXPECT_EQ(inputs[1], (TensorType{DType::kFloat32, {3, 10}}));
  EXPECT_EQ(inputs[2], (TensorType{DType::kFloat32, {3}}));
  EXPECT_EQ(outputs[0], (TensorType{DType::kFloat32, {-1, 3}}));
}

}  // namespace
}  // namespace baryon
