#include <string>

#include "engine/base/file.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/graph/graph_text.h"
#include "engine/io/symbol_file.h"
#include "engine/io/symbol_json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/golden.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

TEST(SymbolWriterTest, WhatIsWrittenIsTheSameGraph) {
  for (const char* file : {"params/broken/good.json", "params/broken/forward_reference.json"}) {
    const std::string archive = std::string(file).substr(0, std::string(file).find('/'));
    ASSERT_OK_AND_ASSIGN(const std::string text,
                         ReadFile(GoldenFolder(archive) + std::string(file).substr(archive.size())));
    ASSERT_OK_AND_ASSIGN(const Symbol symbol, ReadSymbol(text, file));
    ASSERT_OK_AND_ASSIGN(const std::string written, WriteSymbol(symbol.graph));
    ASSERT_OK_AND_ASSIGN(const Symbol again, ReadSymbol(written, "written"));
    EXPECT_EQ(GraphToText(again.graph), GraphToText(symbol.graph));
    EXPECT_EQ(again.mxnet_version, 10901);
  }
}

TEST(SymbolWriterTest, WritesParametersStatesAndCounts) {
  ASSERT_OK_AND_ASSIGN(const Graph graph, GraphFromText(R"(
    input data: float32 [2, 3]
    const gamma: float32 [3]
    const beta: float32 [3]
    const mean: float32 [3]
    const var: float32 [3]
    bn = BatchNorm(data, gamma, beta, mean, var) {eps=0.001}
    unused = Flatten(bn)
    c = Concat(bn, data) {dim=1}
    output bn_output = bn
    output c_output = c
  )"));
  ASSERT_OK_AND_ASSIGN(const std::string text, WriteSymbol(graph));
  ASSERT_OK_AND_ASSIGN(const SymbolFile file, ParseSymbolFile(text, "x"));
  ASSERT_EQ(file.nodes.size(), 7u);  // not `unused`
  EXPECT_TRUE(file.nodes[0].attrs.empty());
  EXPECT_EQ(file.nodes[1].attrs.ToString(), "__dtype__=0, __shape__=(3,)");
  EXPECT_TRUE(file.nodes[5].attrs.empty());
  EXPECT_EQ(file.nodes[5].inputs[2].version, 0);
  EXPECT_EQ(file.nodes[5].inputs[3].version, 1);
  EXPECT_EQ(file.nodes[6].attrs.ToString(), "num_args=2");
  EXPECT_THAT(text, HasSubstr("\"node_row_ptr\": [0, 1, 2, 3, 4, 5, 8, 9]"));
}

TEST(SymbolWriterTest, NumpyShapesAreSaidOnceForTheFile) {
  ASSERT_OK_AND_ASSIGN(Graph graph, GraphFromText("input x: float32 [2]\nf = Flatten(x)\noutput f_output = f\n"));
  graph.np_shape = true;
  ASSERT_OK_AND_ASSIGN(const std::string text, WriteSymbol(graph));
  EXPECT_THAT(text, HasSubstr("\"is_np_shape\": [\"int\", 1]"));
  ASSERT_OK_AND_ASSIGN(const Symbol again, ReadSymbol(text, "x"));
  EXPECT_TRUE(again.graph.np_shape);
}

TEST(SymbolWriterTest, SubgraphsAreWritten) {
  auto body = std::make_shared<Graph>();
  const NodeId x = body->AddInput("x", {});
  const NodeId t = *body->AddOperator("Flatten", "t", {}, {{x, 0}});
  body->AddOutput({t, 0}, "t_output");
  Graph graph;
  const NodeId data = graph.AddInput("data", {});
  ASSERT_OK_AND_ASSIGN(const NodeId loop,
                       graph.AddOperator("_foreach", "loop", {{"num_args", "2"}}, {{data, 0}}, true, {body}));
  graph.AddOutput({loop, 0}, "loop_output");
  ASSERT_OK_AND_ASSIGN(const std::string text, WriteSymbol(graph));
  ASSERT_OK_AND_ASSIGN(const Symbol again, ReadSymbol(text, "x"));
  const Node& node = again.graph.node(again.graph.outputs()[0].value.node);
  ASSERT_EQ(node.subgraphs.size(), 1u);
  EXPECT_EQ(GraphToText(*node.subgraphs[0]), GraphToText(*body));
}

TEST(SymbolWriterTest, OptimisedGraphsAreRefused) {
  ASSERT_OK_AND_ASSIGN(const Graph graph, GraphFromText(R"(
    input data: float32 [2, 3]
    const w: float32 [4, 3]
    fc = FullyConnected(data, w) {num_hidden=4, no_bias=True, fused_relu=True}
    output fc_output = fc
  )"));
  EXPECT_THAT(WriteSymbol(graph),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("node \"fc\" (FullyConnected)")));
}

}  // namespace
}  // namespace baryon
