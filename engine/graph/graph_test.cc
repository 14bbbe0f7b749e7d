#include "engine/graph/graph.h"

#include <string>
#include <utility>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/graph/graph_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

Graph FromText(const char* text) {
  absl::StatusOr<Graph> graph = GraphFromText(text);
  EXPECT_OK(graph);
  return *std::move(graph);
}

std::vector<std::string> Names(const Graph& graph, const std::vector<NodeId>& ids) {
  std::vector<std::string> names;
  for (NodeId id : ids) names.push_back(graph.node(id).name);
  return names;
}

TEST(GraphTest, TheTypesOfWeightsFollowFromTheData) {
  Graph graph;
  const NodeId data = graph.AddInput("data", {DType::kFloat32, {2, 3, 8, 8}});
  const NodeId weight = graph.AddInput("weight", {});
  const auto conv = graph.AddOperator(
      "Convolution", "conv", {{"kernel", "(3,3)"}, {"num_filter", "4"}, {"no_bias", "1"}}, {{data, 0}, {weight, 0}});
  ASSERT_OK(conv);
  graph.AddOutput({*conv, 0}, "conv_output");
  ASSERT_OK(InferTypes(graph));
  EXPECT_EQ(graph.type({weight, 0}).ToString(), "float32 [4, 3, 3, 3]");
  EXPECT_EQ(graph.type({*conv, 0}).ToString(), "float32 [2, 4, 6, 6]");
  EXPECT_OK(VerifyGraph(graph));
}

TEST(GraphTest, ErrorsNameNodeExpectedAndGot) {
  Graph graph;
  const NodeId data = graph.AddInput("data", {DType::kFloat32, {2, 7}});
  const NodeId weight = graph.AddInput("weight", {DType::kFloat32, {5, 8}});
  EXPECT_THAT(graph.AddOperator("FullyConnected", "dense", {{"num_hidden", "5"}, {"no_bias", "True"}},
                                {{data, 0}, {weight, 0}}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       testing::AllOf(HasSubstr("dense"), HasSubstr("expected"), HasSubstr("[5, 8]"))));
  EXPECT_THAT(graph.AddOperator("FullyConnected", "dense", {}, {{data, 0}, {weight, 0}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("num_hidden")));
  EXPECT_THAT(graph.AddOperator("FullyConnected", "dense", {{"num_hidden", "5"}}, {{data, 0}, {weight, 0}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("3 inputs")));
  EXPECT_THAT(graph.AddOperator("Telepathy", "t", {}, {{data, 0}}),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("unknown operator \"Telepathy\"")));
}

TEST(GraphTest, FilesMayNotSetWhatPassesSet) {
  Graph graph;
  const NodeId data = graph.AddInput("data", {DType::kFloat32, {2, 7}});
  const NodeId weight = graph.AddInput("weight", {DType::kFloat32, {5, 7}});
  const Attrs attrs = {{"num_hidden", "5"}, {"no_bias", "True"}, {"activation", "relu"}};
  EXPECT_OK(graph.AddOperator("FullyConnected", "a", attrs, {{data, 0}, {weight, 0}}));
  EXPECT_THAT(graph.AddOperator("FullyConnected", "b", attrs, {{data, 0}, {weight, 0}}, /*from_file=*/true),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("activation")));
}

TEST(GraphTest, PruneDropsWhatNobodyReadsAndKeepsInputs) {
  Graph graph = FromText(R"(
      input data: float32 [2, 3]
      input unread: float32 [1]
      const k: float32 [3]
      dead = softmax(k)
      y = softmax(data)
      output y_output = y)");
  graph.Prune();
  EXPECT_EQ(graph.num_nodes(), 3);
  EXPECT_THAT(Names(graph, graph.inputs()), testing::ElementsAre("data", "unread"));
  EXPECT_OK(VerifyGraph(graph));
}

TEST(GraphTest, TopologicalOrderPutsInputsBeforeReadersHoweverDeep) {
  Graph graph;
  Value value = {graph.AddInput("data", {DType::kFloat32, {2, 3}}), 0};
  for (int i = 0; i < 100000; ++i) {
    value = {*graph.AddOperator("_copy", "copy", {}, {value}), 0};
  }
  graph.AddOutput(value, "out");
  const std::vector<NodeId> order = graph.TopologicalOrder();
  ASSERT_EQ(order.size(), 100001u);
  for (size_t i = 1; i < order.size(); ++i) EXPECT_LT(order[i - 1], order[i]);
}

TEST(GraphTest, UseCountsCountReadersAndOutputs) {
  const Graph graph = FromText(R"(
      input data: float32 [2, 3]
      a = softmax(data)
      b = Concat(a, a) {num_args=2}
      output a_output = a
      output b_output = b)");
  const auto uses = graph.UseCounts();
  EXPECT_EQ(uses[graph.outputs()[0].value.node][0], 3);
  EXPECT_EQ(uses[graph.outputs()[1].value.node][0], 1);
}

TEST(GraphTest, ReplaceUsesLeavesOutTheExceptedReader) {
  Graph graph = FromText(R"(
      input data: float32 [2, 3]
      a = softmax(data)
      b = softmax(a)
      output a_output = a
      output b_output = b)");
  const Value a = graph.outputs()[0].value, b = graph.outputs()[1].value;
  graph.ReplaceUses(a, {graph.inputs()[0], 0}, b.node);
  EXPECT_EQ(graph.outputs()[0].value.node, graph.inputs()[0]);
  EXPECT_EQ(graph.node(b.node).inputs[0], a);
}

TEST(GraphTest, VerifyFindsTypesThatDoNotFollow) {
  Graph graph = FromText(R"(
      input data: float32 [2, 3]
      y = softmax(data)
      output y_output = y)");
  EXPECT_OK(VerifyGraph(graph));
  graph.SetType(graph.outputs()[0].value, {DType::kFloat32, {2, 4}});
  EXPECT_FALSE(VerifyGraph(graph).ok());
}

TEST(GraphTest, CheckTypesKnownNamesTheInput) {
  Graph graph;
  const NodeId data = graph.AddInput("picture", {});
  const auto y = graph.AddOperator("softmax", "y", {}, {{data, 0}});
  ASSERT_OK(y);
  graph.AddOutput({*y, 0}, "y_output");
  ASSERT_OK(InferTypes(graph));
  EXPECT_THAT(CheckTypesKnown(graph), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("picture")));
}

}  // namespace
}  // namespace baryon
