#include "engine/runtime/row_chains.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/graph/graph_text.h"
#include "engine/graph/run_op.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Large maps up to `c`; `wide` has more weights than a row has elements.
constexpr char kNet[] = R"(
    input data: float32 [ROWS, 48, 48, 8]
    const w: float32 [16, 3, 3, 8]
    const v: float32 [16, 1, 1, 16]
    const u: float32 [64, 18432]
    a = Convolution(data, w) {kernel=(3, 3), pad=(1, 1), num_filter=16, no_bias=True, layout=NHWC}
    b = Activation(a) {act_type=relu}
    pool = Pooling(a) {kernel=(3, 3), pad=(1, 1), stride=(1, 1), pool_type=max, layout=NHWC}
    c = Convolution(b, v, pool) {kernel=(1, 1), num_filter=16, no_bias=True, residual=True, layout=NHWC}
    half = Pooling(c) {kernel=(2, 1), stride=(2, 1), pool_type=avg, layout=NHWC}
    wide = FullyConnected(half, u) {num_hidden=64, no_bias=True}
    output y = wide
    output z = b)";

Graph Net(int rows, const std::string& text = kNet) {
  absl::StatusOr<Graph> graph = GraphFromText(absl::StrReplaceAll(text, {{"ROWS", absl::StrCat(rows)}}));
  EXPECT_OK(graph);
  EXPECT_OK(InferTypes(*graph));
  return *std::move(graph);
}

std::vector<std::string> NamesOf(const Graph& graph, const std::vector<NodeId>& nodes) {
  std::vector<std::string> names;
  for (NodeId id : nodes) names.push_back(graph.node(id).name);
  return names;
}

std::vector<std::string> NamesOf(const Graph& graph, const std::vector<Value>& values) {
  std::vector<std::string> names;
  for (const Value& value : values) names.push_back(graph.node(value.node).name);
  return names;
}

TEST(RowChainsTest, GoAsFarAsRowsAreApartAndWeightsSmall) {
  const Graph graph = Net(4);
  const std::vector<RowChain> chains = PlanRowChains(graph);
  ASSERT_EQ(chains.size(), 1);
  EXPECT_EQ(chains[0].rows, 4);
  EXPECT_THAT(NamesOf(graph, chains[0].nodes), testing::UnorderedElementsAre("a", "b", "pool", "c", "half"));
  EXPECT_THAT(NamesOf(graph, chains[0].inputs), ElementsAre("data"));
  EXPECT_THAT(NamesOf(graph, chains[0].outputs), testing::UnorderedElementsAre("b", "half"));
}

TEST(RowChainsTest, ASingleRowHasNone) { EXPECT_THAT(PlanRowChains(Net(1)), IsEmpty()); }

TEST(RowChainsTest, SmallMapsStayInTheCacheAnyway) {
  EXPECT_THAT(PlanRowChains(Net(4, R"(
      input data: float32 [ROWS, 32, 32, 8]
      a = Activation(data) {act_type=relu}
      b = Pooling(a) {kernel=(2, 2), pool_type=max, layout=NHWC}
      output y = b)")),
              IsEmpty());
}

TEST(RowChainsTest, WhatMixesRowsEndsThem) {
  const Graph graph = Net(4, R"(
      input data: float32 [ROWS, 64, 64, 16]
      const scale: float32 [ROWS, 64, 64, 16]
      a = Activation(data) {act_type=relu}
      b = Activation(a) {act_type=tanh}
      turned = transpose(b) {axes=(3, 1, 2, 0)}
      c = Activation(turned) {act_type=relu}
      d = Activation(c) {act_type=relu}
      back = transpose(d) {axes=(3, 1, 2, 0)}
      e = elemwise_mul(back, scale)
      f = Activation(e) {act_type=relu}
      output y = f)");
  const std::vector<RowChain> chains = PlanRowChains(graph);
  ASSERT_EQ(chains.size(), 2);
  EXPECT_THAT(NamesOf(graph, chains[0].nodes), ElementsAre("a", "b"));
  EXPECT_EQ(chains[0].rows, 4);
  EXPECT_THAT(NamesOf(graph, chains[1].nodes), ElementsAre("c", "d"));
  EXPECT_EQ(chains[1].rows, 16);
}

// The join of b and c lies within a chain; that of e and g would lie in another one than e.
TEST(RowChainsTest, NoJoinCrossesTheirBorder) {
  const Graph graph = Net(4, R"(
      input data: float32 [64, 64, ROWS, 16]
      turned = transpose(data) {axes=(2, 0, 1, 3)}
      a = Activation(turned) {act_type=relu}
      b = Pooling(a) {kernel=(1, 1), pool_type=max, layout=NHWC}
      c = Pooling(a) {kernel=(3, 3), pad=(1, 1), pool_type=max, layout=NHWC}
      bc = Concat(b, c) {dim=3, num_args=2}
      d = Activation(bc) {act_type=tanh}
      e = Pooling(d) {kernel=(1, 1), pool_type=max, layout=NHWC}
      f = Pooling(d) {kernel=(1, 1), pool_type=avg, layout=NHWC}
      back = transpose(f) {axes=(0, 3, 1, 2)}
      there = transpose(back) {axes=(0, 2, 3, 1)}
      g = Pooling(there) {kernel=(1, 1), pool_type=avg, layout=NHWC}
      eg = Concat(e, g) {dim=3, num_args=2}
      output y = eg)");
  const std::vector<RowChain> chains = PlanRowChains(graph);
  ASSERT_FALSE(chains.empty());
  EXPECT_THAT(NamesOf(graph, chains[0].nodes), testing::IsSupersetOf({"a", "b", "c", "bc"}));
  for (const RowChain& chain : chains) {
    const std::vector<std::string> names = NamesOf(graph, chain.nodes);
    const auto has = [&](const char* name) { return std::find(names.begin(), names.end(), name) != names.end(); };
    EXPECT_EQ(has("e"), has("eg"));
    EXPECT_EQ(has("g"), has("eg"));
  }
}

TEST(RowChainsTest, BatchNormsBelongToThem) {
  const Graph graph = Net(4, R"(
      input data: float32 [ROWS, 64, 64, 16]
      const gamma: float32 [16]
      const beta: float32 [16]
      const mean: float32 [16]
      const var: float32 [16]
      a = BatchNorm(data, gamma, beta, mean, var) {axis=3}
      b = Activation(a) {act_type=tanh}
      c = _contrib_BatchNormWithReLU(b, gamma, beta, mean, var) {axis=3}
      output y = c)");
  const std::vector<RowChain> chains = PlanRowChains(graph);
  ASSERT_EQ(chains.size(), 1);
  EXPECT_THAT(NamesOf(graph, chains[0].nodes), ElementsAre("a", "b", "c"));
  EXPECT_OK(RowGraph(graph, chains[0]));
}

TEST(RowChainsTest, AComputedWeightIsNoRow) {
  EXPECT_THAT(PlanRowChains(Net(16, R"(
      input data: float32 [ROWS, 32, 32, 16]
      input w: float32 [16, 1, 1, 16]
      a = Convolution(data, w) {kernel=(1, 1), num_filter=16, no_bias=True, layout=NHWC}
      b = Convolution(a, w) {kernel=(1, 1), num_filter=16, no_bias=True, layout=NHWC}
      output y = b)")),
              IsEmpty());
}

TEST(RowChainsTest, TheGraphOfARowComputesThatRow) {
  const Graph graph = Net(3);
  const RowChain chain = PlanRowChains(graph)[0];
  const absl::StatusOr<Graph> row_graph = RowGraph(graph, chain);
  ASSERT_OK(row_graph);
  Tensor data = Tensor::Allocate({DType::kFloat32, {3, 48, 48, 8}});
  for (int64_t i = 0; i < data.num_elements(); ++i) data.mutable_data<float>()[i] = (i * 7 % 23) / 11.0f - 1;
  ThreadPool pool(1);
  const auto all = RunGraph(graph, absl::MakeConstSpan(&data, 1), pool);
  ASSERT_OK(all);
  const size_t b = graph.node(chain.outputs[0].node).name == "b" ? 0 : 1;
  for (int64_t row = 0; row < 3; ++row) {
    const Tensor one = data.Rows(row, row + 1);
    const auto alone = RunGraph(*row_graph, absl::MakeConstSpan(&one, 1), pool);
    ASSERT_OK(alone);
    const Tensor want = (*all)[1].Rows(row, row + 1), got = (*alone)[b];
    ASSERT_EQ(got.type(), want.type());
    EXPECT_TRUE(std::equal(want.data<float>(), want.data<float>() + want.num_elements(), got.data<float>())) << row;
  }
}

}  // namespace
}  // namespace baryon
