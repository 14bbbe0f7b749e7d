#include <string>
#include <utility>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/graph/op_registry.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr int64_t kSteps = 5, kBatch = 3, kInputs = 4, kUnits = 6;
constexpr Tolerance kTolerance = {2e-6, 2e-6};

// A node with drawn operands. Its answers come from the same node in float64, which runs in plain loops.
struct RnnTester {
  std::string mode;
  int64_t layers = 1;
  bool bidirectional = false;
  int64_t projection = 0;
  std::vector<float> lengths = {};
  std::pair<double, double> limits = {};

  OpTester Node(DType dtype) const {
    const int64_t directions = bidirectional ? 2 : 1, outputs = projection > 0 ? projection : kUnits;
    const int64_t gates = (mode == "lstm" ? 4 : mode == "gru" ? 3 : 1) * kUnits;
    int64_t parameters = 0;
    for (int64_t layer = 0; layer < layers; ++layer) {
      const int64_t inputs = layer == 0 ? kInputs : directions * outputs;
      parameters += directions * (gates * (inputs + outputs + 2) + projection * kUnits);
    }
    OpTester tester("RNN");
    tester.Attr("mode", mode).Attr("state_size", kUnits).Attr("num_layers", layers).Attr("state_outputs", true);
    tester.Attr("bidirectional", bidirectional).Attr("p", 0.5);
    if (projection > 0) tester.Attr("projection_size", projection);
    tester.Attr("use_sequence_length", !lengths.empty());
    if (limits.first < limits.second) {
      tester.Attr("lstm_state_clip_min", limits.first).Attr("lstm_state_clip_max", limits.second);
    }
    tester.Input({kSteps, kBatch, kInputs}, Uniform(-1, 1).As(dtype));
    tester.Input({parameters}, Uniform(-0.7, 0.7).As(dtype));
    tester.Input({layers * directions, kBatch, outputs}, Uniform(-1, 1).As(dtype));
    if (mode == "lstm") tester.Input({layers * directions, kBatch, kUnits}, Uniform(-1, 1).As(dtype));
    if (!lengths.empty()) tester.Input(Tensor::FromData<float>({kBatch}, lengths));
    return tester;
  }

  void Check() const {
    const absl::StatusOr<std::vector<Tensor>> wide = Node(DType::kFloat64).Run();
    ASSERT_OK(wide);
    std::vector<Tensor> want;
    for (const Tensor& output : *wide) want.push_back(output.Cast(DType::kFloat32));
    Node(DType::kFloat32).ExpectOutputs(want, kTolerance);
  }
};

TEST(RnnTest, StacksLayersOfEitherDirection) {
  for (const char* mode : {"rnn_relu", "rnn_tanh", "lstm", "gru"}) {
    for (int64_t layers : {1, 2, 3}) {
      for (bool bidirectional : {false, true}) RnnTester{mode, layers, bidirectional}.Check();
    }
  }
}

TEST(RnnTest, LstmProjectsItsOutputsAndLimitsItsCells) {
  for (bool bidirectional : {false, true}) {
    RnnTester{"lstm", 2, bidirectional, 3}.Check();
    RnnTester{"lstm", 2, bidirectional, 3, {}, {-0.2, 0.3}}.Check();
  }
}

TEST(RnnTest, SequencesHaveLengths) {
  for (const char* mode : {"rnn_tanh", "lstm", "gru"}) RnnTester{mode, 2, true, 0, {5, 0, 2}}.Check();
  RnnTester tester{"gru", 1, false, 0, {2, 5, 0}};
  ASSERT_OK_AND_ASSIGN(const std::vector<Tensor> outputs, tester.Node(DType::kFloat32).Run());
  const float* out = outputs[0].data<float>();
  EXPECT_NE(out[1 * kBatch * kUnits], 0);  // the last step of the first sequence
  EXPECT_EQ(out[2 * kBatch * kUnits], 0);
  tester.lengths = {2, 6, 0};
  EXPECT_THAT(tester.Node(DType::kFloat32).Run(),
              StatusIs(kInvalid, HasSubstr("expected a sequence length in [0, 5], got 6")));
  EXPECT_THAT(tester.Node(DType::kFloat64).Run(), StatusIs(kInvalid));
}

TEST(RnnTest, ComputesInFloat16) {
  ASSERT_OK_AND_ASSIGN(const std::vector<Tensor> want, RnnTester{"lstm"}.Node(DType::kFloat32).Run());
  std::vector<Tensor> narrow;
  for (const Tensor& output : want) narrow.push_back(output.Cast(DType::kFloat16));
  RnnTester{"lstm"}.Node(DType::kFloat16).ExpectOutputs(narrow, {5e-3, 5e-3});
}

OpTester Wrong(const char* mode, int64_t parameters, const Shape& data, const Shape& state) {
  OpTester tester("RNN");
  tester.Attr("mode", mode).Attr("state_size", 4).Attr("num_layers", 1);
  tester.Input(data).Input({parameters}).Input(state);
  return tester;
}

TEST(RnnTest, RefusesOperandsThatDoNotFit) {
  EXPECT_OK(Wrong("gru", 108, {2, 1, 3}, {1, 1, 4}).Infer());
  EXPECT_THAT(Wrong("gru", 107, {2, 1, 3}, {1, 1, 4}).Infer(),
              StatusIs(kInvalid, HasSubstr("\"parameters\": expected float32 [108], got float32 [107]")));
  EXPECT_THAT(Wrong("gru", 108, {2, 1, 3}, {2, 1, 4}).Infer(), StatusIs(kInvalid, HasSubstr("\"state\"")));
  EXPECT_THAT(Wrong("gru", 108, {2, 3}, {1, 1, 4}).Infer(), StatusIs(kInvalid, HasSubstr("rank 3")));
  EXPECT_THAT(Wrong("qrnn", 108, {2, 1, 3}, {1, 1, 4}).Infer(), StatusIs(kInvalid, HasSubstr("rnn_relu")));
  EXPECT_THAT(Wrong("gru", 108, {2, 1, 3}, {1, 1, 4}).Attr("projection_size", 2).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(Wrong("gru", 108, {2, 1, 3}, {1, 1, 4}).Attr("num_layers", 0).Infer(), StatusIs(kInvalid));
}

TEST(RnnTest, CompletesBeginStatesFromTheDataAndInputsFromTheParameters) {
  const OpDef* op = FindOp("RNN");
  ASSERT_OK_AND_ASSIGN(
      const BoundAttrs attrs,
      op->bind({{"mode", "lstm"}, {"state_size", "4"}, {"num_layers", "1"}, {"bidirectional", "True"}}, true));
  TensorTypes outputs = {{}};
  TensorTypes inputs = {{DType::kFloat32, {-1, 7, -1}}, {{}, {320}}, {{}, {2, -1, 4}}, {}};
  ASSERT_OK(op->complete_types(attrs.get(), inputs, outputs));
  EXPECT_EQ(inputs[0], (TensorType{DType::kFloat32, {-1, 7, 4}}));
  EXPECT_EQ(inputs[2], (TensorType{DType::kFloat32, {2, 7, 4}}));
  EXPECT_EQ(inputs[3], (TensorType{DType::kFloat32, {2, 7, 4}}));
  EXPECT_EQ(outputs[0], (TensorType{DType::kFloat32, {-1, 7, 8}}));
  inputs = {{DType::kFloat32, {-1, -1, 3}}, {}, {{}, {2, 9, 4}}, {}};
  outputs = {{}};
  ASSERT_OK(op->complete_types(attrs.get(), inputs, outputs));
  EXPECT_EQ(inputs[0].shape, Shape({-1, 9, 3}));
  EXPECT_EQ(inputs[1], (TensorType{DType::kFloat32, {288}}));
}

}  // namespace
}  // namespace baryon
