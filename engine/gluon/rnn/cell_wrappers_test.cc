#include "engine/gluon/rnn/cell_wrappers.h"

#include "absl/strings/str_cat.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "engine/gluon/rnn/rnn_layer.h"
#include "engine/gluon/testing/both_ways.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/seeded.h"

namespace baryon {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

void ExpectNear(const NDArray& got, const NDArray& expected) {
  EXPECT_TRUE(np::AllClose(got, expected, 1e-5, 1e-6)) << got << expected;
}

// Both cells with the parameters of a layer of two directions.
rnn::BidirectionalCell CellsOf(const rnn::LSTM& layer) {
  rnn::BidirectionalCell cells(rnn::LSTMCell(4), rnn::LSTMCell(4));
  for (auto [name, parameter] : cells.CollectParams()) {  // "l_cell.i2h_weight" is l0_i2h_weight
    EXPECT_OK(parameter.LoadData(layer.param(absl::StrCat(name.substr(0, 1), "0_", name.substr(7))).data()));
  }
  return cells;
}

TEST(BidirectionalCellTest, UnrollsToWhatLayersCompute) {
  rnn::LSTM layer(4, {.layout = "NTC", .bidirectional = true, .input_size = 3});
  layer.Initialize(init::Normal(0.5));
  rnn::BidirectionalCell cells = CellsOf(layer);
  const NDArray x = SeededInput("x", {2, 5, 3});
  const auto [output, last] = layer(x, layer.BeginState(2));
  const rnn::Unrolled merged = cells.Unroll(5, x, {}, {.merge_outputs = true});
  ASSERT_EQ(merged.outputs.size(), 1u);
  ExpectNear(merged.outputs[0], output);
  ASSERT_EQ(merged.states.size(), 4u);
  ExpectNear(merged.states[0], last[0][0]);
  ExpectNear(merged.states[3], last[1][1]);
  const rnn::Unrolled steps = cells.Unroll(5, np::SwapAxes(x, 0, 1), cells.BeginState(2), {.layout = "TNC"});
  ASSERT_EQ(steps.outputs.size(), 5u);
  ExpectNear(np::Stack(steps.outputs, 1), output);
  EXPECT_EQ(cells.ToString(), "BidirectionalCell(forward=LSTMCell(3 -> 16), backward=LSTMCell(3 -> 16))");
}

// Each sequence as if it were alone.
TEST(BidirectionalCellTest, BeginsAtTheEndsOfSequences) {
  rnn::LSTM layer(4, {.layout = "NTC", .bidirectional = true, .input_size = 3});
  layer.Initialize(init::Normal(0.5));
  rnn::BidirectionalCell cells = CellsOf(layer);
  const NDArray x = SeededInput("x", {2, 4, 3});
  const rnn::Unrolled both = cells.Unroll(4, x, {}, {.merge_outputs = true, .valid_length = np::Array({4, 2})});
  ExpectNear(both.outputs[0][0], layer(x)[0]);
  const NDArray second = np::SwapAxes(np::SwapAxes(x, 0, 1).Slice(0, 2), 0, 1);
  ExpectNear(both.outputs[0][1].Slice(0, 2), layer(second)[1]);
  EXPECT_TRUE(np::ArrayEqual(both.outputs[0][1].Slice(2), np::Zeros({2, 8})));
}

TEST(BidirectionalCellTest, CannotBeStepped) {
  rnn::BidirectionalCell cells(rnn::GRUCell(2, {.input_size = 3}), rnn::GRUCell(2, {.input_size = 3}));
  cells.Initialize();
  EXPECT_THAT(cells(np::Ones({1, 3}), cells.BeginState(1)).output.status(),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("Bidirectional cannot be stepped")));
  EXPECT_THAT(cells.Unroll(1, np::Ones({1, 1, 3}), {np::Ones({1, 2})}).outputs[0].status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("2 states, got 1 steps and 1 states")));
}

TEST(CellWrappersTest, StandBetweenCells) {
  rnn::HybridSequentialRNNCell stack;
  stack.Add(rnn::BidirectionalCell(rnn::LSTMCell(2), rnn::GRUCell(1)), rnn::DropoutCell(0.5),
            rnn::ResidualCell(rnn::GRUCell(3)), rnn::ZoneoutCell(rnn::RNNCell(3, {.activation = "relu"}), 0.1, 0.2));
  EXPECT_EQ(stack.ToString(),
            "HybridSequentialRNNCell(\n"
            "(0): BidirectionalCell(forward=LSTMCell(None -> 8), backward=GRUCell(None -> 3))\n"
            "(1): DropoutCell(rate=0.5, axes=())\n"
            "(2): ResidualCell(GRUCell(None -> 9))\n"
            "(3): ZoneoutCell(p_out=0.1, p_state=0.2, RNNCell(None -> 3, relu))\n)");
  stack.Initialize(init::Normal(0.5));
  EXPECT_EQ(stack.StateInfos().size(), 5u);
  const rnn::Unrolled unrolled = stack.Unroll(4, SeededInput("x", {2, 4, 5}));
  ASSERT_EQ(unrolled.outputs.size(), 4u);
  EXPECT_EQ(unrolled.outputs[3].shape(), Shape({2, 3}));
  EXPECT_EQ(unrolled.states.size(), 5u);
}

TEST(CellWrappersTest, DropNothingAndAddInputs) {
  const NDArray x = SeededInput("x", {2, 3}), h = SeededInput("h", {2, 3});
  rnn::DropoutCell dropout(0.5);
  EXPECT_TRUE(np::ArrayEqual(AllBothWays(dropout, {x})[0], x));
  rnn::GRUCell cell(3, {.input_size = 3});
  cell.Initialize(init::Normal(0.5));
  const NDArray y = cell(x, {h}).output;
  const auto shared = std::make_shared<rnn::GRUCell>(std::move(cell));
  rnn::ResidualCell residual(shared);
  rnn::ZoneoutCell zoneout(shared, 0.5, 0.5);
  ExpectNear(AllBothWays(residual, {x, h})[0], x + y);
  ExpectNear(AllBothWays(residual, {x, h})[1], y);
  ExpectNear(AllBothWays(zoneout, {x, h})[0], y);
}

}  // namespace
}  // namespace baryon
