#include "engine/gluon/rnn/rnn_cell.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "engine/gluon/rnn/rnn_layer.h"
#include "engine/gluon/symbol_block.h"
#include "engine/gluon/testing/both_ways.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/seeded.h"

namespace baryon {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

// Parameters that any language can make from their names. What is expected below is what MXNet 1.9.1 gave for them.
template <typename Cell>
void SetSeeded(Cell& cell, const NDArrays& inputs) {
  cell.Initialize();
  ASSERT_OK(cell.Call(inputs)[0].status());
  for (auto [name, parameter] : cell.params()) {
    ASSERT_OK(parameter.SetData(SeededParameter(name, parameter.shape())));
  }
}

void ExpectNear(const NDArray& got, const NDArray& expected) {
  EXPECT_TRUE(np::AllClose(got, expected, 1e-5, 1e-6)) << got;
}

TEST(RecurrentCellTest, GivesWhatMXNetGives) {
  const NDArray x = SeededInput("x", {2, 3}), h = SeededInput("h", {2, 2}), c = SeededInput("c", {2, 2});
  rnn::RNNCell simple(2);
  SetSeeded(simple, {x, h});
  ExpectNear(AllBothWays(simple, {x, h})[0], np::Array({{-0.9619636, -0.6634182}, {0.5854332, 0.9112564}}));
  rnn::LSTMCell lstm(2);
  SetSeeded(lstm, {x, h, c});
  const NDArrays outputs = AllBothWays(lstm, {x, h, c});
  ASSERT_EQ(outputs.size(), 3u);
  ExpectNear(outputs[0], np::Array({{0.03403, 0.05893791}, {-0.2636856, -0.2562632}}));
  ExpectNear(outputs[2], np::Array({{0.06669949, 0.1331741}, {-0.7894908, -0.564774}}));
  rnn::GRUCell gru(2);
  SetSeeded(gru, {x, h});
  const auto [output, states] = gru(x, {h});
  ExpectNear(output, np::Array({{0.6619785, -0.08442484}, {-0.3570966, -0.185332}}));
  EXPECT_TRUE(np::ArrayEqual(states[0], output));
}

// The layer is one operator, the cell many.
template <typename Cell, typename Layer>
void ExpectUnrollsTo(Cell cell, Layer layer) {
  const NDArray x = SeededInput("x", {2, 5, 3});
  SetSeeded(cell, [&] {
    NDArrays inputs = cell.BeginState(2);
    inputs.insert(inputs.begin(), SeededInput("step", {2, 3}));
    return inputs;
  }());
  layer.Initialize();
  ASSERT_OK(layer(x).status());
  for (auto [name, parameter] : layer.params()) ASSERT_OK(parameter.SetData(cell.param(name.substr(3)).data()));
  const auto [output, last] = layer(x, layer.BeginState(2));
  const rnn::Unrolled merged = cell.Unroll(5, x, {}, {.merge_outputs = true});
  ASSERT_EQ(merged.outputs.size(), 1u);
  ExpectNear(merged.outputs[0], output);
  ASSERT_EQ(merged.states.size(), last.size());
  for (size_t i = 0; i < last.size(); ++i) ExpectNear(merged.states[i], last[i][0]);
  const rnn::Unrolled steps = cell.Unroll(5, np::SwapAxes(x, 0, 1), cell.BeginState(2), {.layout = "TNC"});
  ASSERT_EQ(steps.outputs.size(), 5u);
  ExpectNear(np::Stack(steps.outputs, 1), output);
}

TEST(RecurrentCellTest, UnrollsToWhatLayersCompute) {
  ExpectUnrollsTo(rnn::RNNCell(4, {.activation = "relu"}), rnn::RNN(4, {.layout = "NTC"}));
  ExpectUnrollsTo(rnn::LSTMCell(4), rnn::LSTM(4, {.layout = "NTC"}));
  ExpectUnrollsTo(rnn::GRUCell(4), rnn::GRU(4, {.layout = "NTC"}));
}

TEST(RecurrentCellTest, EndsSequencesAtTheirLengths) {
  rnn::GRUCell cell(2, {.input_size = 3});
  cell.Initialize(init::Normal(0.5));
  const NDArray x = SeededInput("x", {2, 3, 3});
  const rnn::Unrolled all = cell.Unroll(3, x, {}, {.merge_outputs = true});
  const rnn::Unrolled cut = cell.Unroll(3, x, {}, {.valid_length = np::Array({3, 1})});
  ASSERT_EQ(cut.outputs.size(), 3u);
  EXPECT_TRUE(np::ArrayEqual(cut.outputs[2][1], np::Zeros({2})));
  ExpectNear(cut.outputs[2][0], all.outputs[0][0][2]);
  ExpectNear(cut.states[0][1], all.outputs[0][1][0]);
}

rnn::HybridSequentialRNNCell Stacked() {
  rnn::HybridSequentialRNNCell stack;
  const NameScope scope(stack);
  stack.Add(rnn::LSTMCell(2), rnn::GRUCell(2), rnn::RNNCell(2, {.activation = "relu"}));
  return stack;
}

TEST(SequentialRNNCellTest, HandsOutputsOn) {
  rnn::HybridSequentialRNNCell stack = Stacked();
  stack.Initialize(init::Normal(0.5));
  ASSERT_EQ(stack.StateInfos(3).size(), 4u);
  const NDArray x = SeededInput("x", {3, 4, 5});
  const rnn::Unrolled unrolled = stack.Unroll(4, x);
  ASSERT_EQ(unrolled.outputs.size(), 4u);
  NDArrays states = stack.BeginState(3);
  for (int64_t t = 0; t < 4; ++t) {
    auto [output, next] = stack(np::SwapAxes(x, 0, 1)[t], states);
    ExpectNear(output, unrolled.outputs[t]);
    states = next;
  }
  for (size_t i = 0; i < states.size(); ++i) ExpectNear(states[i], unrolled.states[i]);
  EXPECT_EQ(stack.ToString(),
            "HybridSequentialRNNCell(\n(0): LSTMCell(5 -> 8)\n(1): GRUCell(2 -> 6)\n(2): RNNCell(2 -> 2, relu)\n)");
}

// A block that unrolls cells becomes a graph for any batch, with MXNet's names, each time it is traced.
TEST(SequentialRNNCellTest, ExportsUnrolled) {
  class Net : public gluon::HybridBlock {
   public:
    Net() {
      const NameScope scope(*this);
      cells = Register("cells", Stacked());
    }
    NDArray Forward(const NDArray& x) override { return cells->Unroll(2, x, {}, {.merge_outputs = true}).outputs[0]; }
    Child<rnn::HybridSequentialRNNCell> cells;
  };
  const NameManager fresh;
  Net net;
  net.Initialize(init::Normal(0.5));
  const NDArray x = SeededInput("x", {2, 2, 3}), more = SeededInput("x", {5, 2, 3});
  const NDArray y = BothWays(net, x);
  net.Hybridize();
  for (const NDArray& input : {more, x}) {
    ASSERT_OK(net(input).status());
    std::vector<std::string> names;
    for (NodeId id = 0; id < net.traced_graph()->num_nodes(); ++id) names.push_back(net.traced_graph()->node(id).name);
    for (const char* name :
         {"net0_split0", "net0_hybridsequentialrnncell0_lstm0_t0_i2h", "net0_hybridsequentialrnncell0_rnn0_t1_out",
          "net0_net0_hybridsequentialrnncell0_lstm0_begin_state_1", "net0_hybridsequentialrnncell0_gru0_t1_mul20",
          "net0_stack0"}) {
      EXPECT_THAT(names, testing::Contains(name));
    }
  }
  const auto files = net.Export(testing::TempDir() + "/unrolled");
  ASSERT_OK(files.status());
  auto imported = gluon::SymbolBlock::Imports(files->first, {"data"}, files->second);
  ASSERT_OK(imported.status());
  ExpectNear((*imported)(x), y);
  ExpectNear((*imported)(more), net(more));
}

TEST(RecurrentCellTest, Prints) {
  EXPECT_EQ(rnn::RNNCell(2, {.input_size = 3}).ToString(), "RNNCell(3 -> 2, tanh)");
  EXPECT_EQ(rnn::LSTMCell(2).ToString(), "LSTMCell(None -> 8)");
  EXPECT_EQ(rnn::GRUCell(2).ToString(), "GRUCell(None -> 6)");
}

TEST(RecurrentCellTest, ReportsBadInputs) {
  rnn::LSTMCell cell(2, {.input_size = 3});
  cell.Initialize();
  const NDArray x = np::Ones({2, 4, 3});
  EXPECT_THAT(cell.Call({x})[0].status(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("and 2 states, got 1")));
  EXPECT_THAT(cell.Unroll(5, x).states[1].status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("expected 5 steps (NTC), got an input of shape")));
  EXPECT_THAT(cell.Unroll(2, {x[0], x[1]}, {x[0]}).outputs[0].status(), StatusIs(StatusCode::kInvalidArgument));
  rnn::SequentialRNNCell stack;
  stack.RegisterChild(std::make_shared<rnn::LSTM>(2));
  EXPECT_THAT(stack.status(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("recurrent cell, got LSTM")));
}

}  // namespace
}  // namespace baryon
