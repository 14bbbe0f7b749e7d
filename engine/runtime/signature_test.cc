#include "engine/runtime/signature.h"

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

// The graph as a symbol file has it: nothing is known of inputs and of what is computed from them.
Graph Untyped(const char* text) {
  Graph graph = FromText(text);
  for (NodeId id : graph.TopologicalOrder()) {
    if (graph.node(id).kind == NodeKind::kConstant) continue;
    for (int output = 0; output < static_cast<int>(graph.node(id).types.size()); ++output) {
      graph.SetType({id, output}, {});
    }
  }
  return graph;
}

TEST(SignatureTest, TheFirstConvolutionsWeightTellsTheChannels) {
  const auto signature = InferSignature(Untyped(R"(
      input data: float32 [1, 3, 8, 8]
      const w: float32 [4, 3, 3, 3]
      conv = Convolution(data, w) {kernel=(3, 3), no_bias=True, num_filter=4}
      y = Pooling(conv) {global_pool=True}
      output y_output = y)"));
  ASSERT_OK(signature);
  ASSERT_EQ(signature->inputs.size(), 1u);
  EXPECT_EQ(signature->inputs[0].name, "data");
  EXPECT_EQ(signature->inputs[0].type.ToString(), "float32 [-1, 3, -1, -1]");
  ASSERT_EQ(signature->outputs.size(), 1u);
  EXPECT_EQ(signature->outputs[0].name, "y_output");
  EXPECT_EQ(signature->outputs[0].type.shape[0], -1);
  EXPECT_EQ(signature->outputs[0].type.shape[1], 4);
}

TEST(SignatureTest, ADenseLayersWeightTellsTheColumns) {
  const auto signature = InferSignature(Untyped(R"(
      input data: float32 [1, 7]
      const w: float32 [5, 7]
      y = FullyConnected(data, w) {no_bias=True, num_hidden=5, flatten=False}
      output y_output = y)"));
  ASSERT_OK(signature);
  EXPECT_EQ(signature->outputs.size(), 1u);
}

TEST(SignatureTest, ADenseLayerThatFlattensTellsTheSizeOfARow) {
  const Graph graph = Untyped(R"(
      input data: float32 [1, 2048]
      const w: float32 [10, 2048]
      y = FullyConnected(data, w) {no_bias=True, num_hidden=10}
      output y_output = y)");
  const auto signature = InferSignature(graph);
  ASSERT_OK(signature);
  const auto types = GuessInputTypes(graph, *signature, 4);
  ASSERT_OK(types);
  EXPECT_EQ((*types)[0].ToString(), "float32 [4, 2048]");
}

TEST(SignatureTest, LabelsOfLossesAreOptional) {
  const auto signature = InferSignature(Untyped(R"(
      input data: float32 [1, 7]
      input label: float32 [1]
      const w: float32 [5, 7]
      dense = FullyConnected(data, w) {no_bias=True, num_hidden=5}
      y = SoftmaxOutput(dense, label)
      output y_output = y)"));
  ASSERT_OK(signature);
  ASSERT_EQ(signature->inputs.size(), 2u);
  EXPECT_FALSE(signature->inputs[0].optional);
  EXPECT_TRUE(signature->inputs[1].optional);
}

TEST(SignatureTest, CheckInputComparesDtypeRankAndKnownDimensions) {
  const TensorSpec spec = {"data", {DType::kFloat32, {-1, 3, -1, -1}}};
  EXPECT_OK(CheckInput(spec, {DType::kFloat32, {8, 3, 64, 32}}));
  EXPECT_THAT(CheckInput(spec, {DType::kFloat32, {8, 4, 64, 32}}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("input \"data\": expected float32 [-1, 3, -1, -1], got float32 [8, 4, 64, 32]")));
  EXPECT_THAT(CheckInput(spec, {DType::kFloat32, {3, 64, 32}}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(CheckInput(spec, {DType::kFloat64, {8, 3, 64, 32}}), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(SignatureTest, GuessFindsTheImageSizeThatADenseLayerNeeds) {
  const Graph graph = Untyped(R"(
      input data: float32 [1, 1, 28, 28]
      const w: float32 [2, 1, 5, 5]
      const v: float32 [3, 1152]
      conv = Convolution(data, w) {kernel=(5, 5), no_bias=True, num_filter=2}
      y = FullyConnected(conv, v) {no_bias=True, num_hidden=3}
      output y_output = y)");
  const auto signature = InferSignature(graph);
  ASSERT_OK(signature);
  const auto types = GuessInputTypes(graph, *signature, 4);
  ASSERT_OK(types);
  EXPECT_EQ((*types)[0].ToString(), "float32 [4, 1, 28, 28]");
}

TEST(SignatureTest, GuessTakesHintsAndRefusesThoseThatDoNotFit) {
  const Graph graph = Untyped(R"(
      input data: float32 [1, 3, 8, 8]
      const w: float32 [4, 3, 3, 3]
      y = Convolution(data, w) {kernel=(3, 3), no_bias=True, num_filter=4}
      output y_output = y)");
  const auto signature = InferSignature(graph);
  ASSERT_OK(signature);
  const auto types = GuessInputTypes(graph, *signature, 1, {{"data", {DType::kUnknown, {2, 3, 40, 50}}}});
  ASSERT_OK(types);
  EXPECT_EQ((*types)[0].ToString(), "float32 [2, 3, 40, 50]");
  EXPECT_THAT(GuessInputTypes(graph, *signature, 1, {{"data", {DType::kUnknown, {2, 5, 40, 50}}}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("expected")));
}

}  // namespace
}  // namespace baryon
