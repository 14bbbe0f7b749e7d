#include "engine/io/symbol_file.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/logging.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/io/testing/mutations.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kLoop[] = R"json({
  "nodes": [
    {"op": "null", "name": "data", "inputs": []},
    {"op": "null", "name": "state", "attrs": {"__shape__": "(0, 4)"}, "inputs": []},
    {"op": "_foreach", "name": "loop", "attrs": {"num_args": "3"}, "inputs": [[0, 0, 0], [1, 0, 1]], "subgraphs": [
      {"nodes": [{"op": "null", "name": "x", "inputs": []}, {"op": "tanh", "name": "t", "inputs": [[0, 0, 0]]}],
       "arg_nodes": [0], "node_row_ptr": [0, 1, 2], "heads": [[1, 0, 0]]}]}
  ],
  "arg_nodes": [0, 1], "node_row_ptr": [0, 1, 2, 4], "heads": [[2, 1, 0], [2, 0, 0]],
  "attrs": {"is_np_shape": ["int", 1], "mxnet_version": ["int", 20000]}
})json";

TEST(SymbolFileTest, ReadsNodesEntriesAndSubgraphs) {
  ASSERT_OK_AND_ASSIGN(const SymbolFile file, ParseSymbolFile(kLoop, "x"));
  EXPECT_EQ(file.mxnet_version, 20000);
  EXPECT_TRUE(file.np_shape);
  ASSERT_EQ(file.nodes.size(), 3u);
  EXPECT_TRUE(file.nodes[1].is_variable());
  EXPECT_EQ(*file.nodes[1].attrs.Find("__shape__"), "(0, 4)");
  EXPECT_EQ(file.nodes[2].inputs[1].version, 1);
  ASSERT_EQ(file.nodes[2].subgraphs.size(), 1u);
  EXPECT_EQ(file.nodes[2].subgraphs[0].nodes[1].op, "tanh");
  EXPECT_EQ(file.heads[0].output, 1);
}

// The same structures, whatever the spacing; node_row_ptr is made anew.
void ExpectSame(const SymbolFile& a, const SymbolFile& b) {
  const auto entries = [](const std::vector<SymbolEntry>& list) {
    std::string text;
    for (const SymbolEntry& entry : list)
      absl::StrAppend(&text, entry.node, ":", entry.output, ":", entry.version, " ");
    return text;
  };
  ASSERT_EQ(a.nodes.size(), b.nodes.size());
  for (size_t i = 0; i < a.nodes.size(); ++i) {
    EXPECT_EQ(a.nodes[i].op, b.nodes[i].op);
    EXPECT_EQ(a.nodes[i].name, b.nodes[i].name);
    EXPECT_EQ(a.nodes[i].attrs.ToString(), b.nodes[i].attrs.ToString());
    EXPECT_EQ(entries(a.nodes[i].inputs), entries(b.nodes[i].inputs));
    ASSERT_EQ(a.nodes[i].subgraphs.size(), b.nodes[i].subgraphs.size());
    for (size_t j = 0; j < a.nodes[i].subgraphs.size(); ++j)
      ExpectSame(a.nodes[i].subgraphs[j], b.nodes[i].subgraphs[j]);
  }
  EXPECT_EQ(entries(a.heads), entries(b.heads));
  EXPECT_EQ(a.mxnet_version, b.mxnet_version);
  EXPECT_EQ(a.np_shape, b.np_shape);
}

TEST(SymbolFileTest, WhatIsWrittenReadsBackTheSame) {
  ASSERT_OK_AND_ASSIGN(SymbolFile file, ParseSymbolFile(kLoop, "x"));
  file.nodes[0].name = "a \"quoted\" \\ name\n\twith \xC3\xA4";
  ASSERT_OK_AND_ASSIGN(const SymbolFile again, ParseSymbolFile(FormatSymbolFile(file), "x"));
  ExpectSame(file, again);
}

TEST(SymbolFileTest, WritesTheLayoutOfMxnet) {
  SymbolFile file;
  file.mxnet_version = 10901;
  file.nodes = {{"null", "data", {}, {}, {}}, {"split", "s", {{"axis", "1"}, {"n", "2"}}, {{0, 0, 0}}, {}, 2}};
  file.heads = {{1, 1, 0}};
  EXPECT_EQ(FormatSymbolFile(file), R"({
  "nodes": [
    {
      "op": "null",
      "name": "data",
      "inputs": []
    },
    {
      "op": "split",
      "name": "s",
      "attrs": {
        "axis": "1",
        "n": "2"
      },
      "inputs": [[0, 0, 0]]
    }
  ],
  "arg_nodes": [0],
  "node_row_ptr": [0, 1, 3],
  "heads": [[1, 1, 0]],
  "attrs": {"mxnet_version": ["int", 10901]}
}
)");
}

TEST(SymbolFileTest, AttributesOfOldSpellingsAreMerged) {
  const char* const old = R"json({"nodes": [
      {"op": "null", "param": {}, "name": "data", "inputs": [], "backward_source_id": -1},
      {"op": "Convolution", "param": {"kernel": "(3,3)", "num_filter": "4"}, "name": "c", "inputs": [[0, 0]],
       "backward_source_id": -1, "attr": {"num_filter": "8", "ctx_group": "a"}}],
    "arg_nodes": [0], "heads": [[1, 0]]})json";
  ASSERT_OK_AND_ASSIGN(const SymbolFile file, ParseSymbolFile(old, "x"));
  EXPECT_EQ(file.nodes[1].attrs.ToString(), "ctx_group=a, kernel=(3,3), num_filter=8");
  EXPECT_EQ(file.mxnet_version, 800);
}

TEST(SymbolFileTest, UnknownKeysAreWarnedAboutOnce) {
  std::vector<std::string> warnings;
  SetLogSink([&](LogSeverity, absl::string_view message, LogFields) { warnings.emplace_back(message); });
  const char* const text = R"({"nodes": [{"op": "null", "name": "a", "color": "red", "control_deps": []},
                               {"op": "null", "name": "b", "color": {"x": [1]}}],
                               "arg_nodes": [0], "heads": [[0, 0]], "author": null})";
  EXPECT_OK(ParseSymbolFile(text, "\"n.json\""));
  SetLogSink(nullptr);
  EXPECT_THAT(warnings, ElementsAre("\"n.json\": unknown keys are ignored: \"author\", \"color\""));
}

std::string Graph(const std::string& nodes, const std::string& heads = "[[0, 0, 0]]") {
  return absl::StrCat("{\"nodes\": [", nodes, "], \"arg_nodes\": [], \"heads\": ", heads, "}");
}

TEST(SymbolFileTest, WrongStructureIsRefused) {
  const std::string v = R"({"op": "null", "name": "v"})";
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {"", "line 1: expected JSON"},
           {"[]", "expected a graph, got an array"},
           {R"({"nodes": [], "heads": []})", "a graph with \"arg_nodes\""},
           {R"({"nodes": {}, "arg_nodes": [], "heads": []})", "expected an array at \"nodes\", got an object"},
           {Graph(v, "[]"), "heads: expected at least one"},
           {Graph(v, "[[1, 0]]"), "heads: expected a node from 0 to 0, got node 1"},
           {Graph(v, "[[-1, 0]]"), "heads: expected [node, output, version], got [-1,0]"},
           {Graph(v, "[[0]]"), "[node, output, version], got [0]"},
           {Graph(v, "[[0, 0, 0, 0]]"), "[node, output, version]"},
           {Graph(v, "[[0, 99999999999]]"), "[node, output, version]"},
           {Graph(R"({"op": "null"})"), "node 0: expected a node with"},
           {Graph(R"({"name": "v"})"), "node \"v\": expected a node with"},
           {Graph(R"({"op": "null", "name": "v", "inputs": [[0, 0]]})"), "a variable without inputs"},
           {Graph(R"({"op": "f", "name": "f", "attrs": {"a": 1}})"),
            "node \"f\": attribute \"a\": expected a text, got a number"},
           {Graph(R"({"op": "f", "name": "f", "attrs": []})"), "expected an object of attributes, got an array"},
           {Graph(R"({"op": "f", "name": "f", "subgraphs": [{}]})"), "a graph with \"nodes\""}}) {
    EXPECT_THAT(ParseSymbolFile(text, "\"n.json\""),
                StatusIs(absl::StatusCode::kDataLoss, testing::AllOf(HasSubstr("\"n.json\""), HasSubstr(message))))
        << text;
  }
}

TEST(SymbolFileTest, OrderIsDepthFirstFromTheHeads) {
  // f2(v3, f1(v0)), then v4; v5 is not needed
  const std::string text = Graph(R"({"op": "null", "name": "v0"}, {"op": "f", "name": "f1", "inputs": [[0, 0]]},
      {"op": "f", "name": "f2", "inputs": [[3, 0], [1, 0]]}, {"op": "null", "name": "v3"},
      {"op": "null", "name": "v4"}, {"op": "null", "name": "v5"})",
                                 "[[2, 0], [4, 0], [1, 0]]");
  ASSERT_OK_AND_ASSIGN(const SymbolFile file, ParseSymbolFile(text, "x"));
  EXPECT_THAT(*file.DepthFirstOrder(), ElementsAre(3, 0, 1, 2, 4));
}

TEST(SymbolFileTest, CyclesAreRefused) {
  for (const char* nodes :
       {R"({"op": "f", "name": "f", "inputs": [[0, 0]]})",
        R"({"op": "f", "name": "f", "inputs": [[1, 0]]}, {"op": "f", "name": "g", "inputs": [[0, 0]]})"}) {
    ASSERT_OK_AND_ASSIGN(const SymbolFile file, ParseSymbolFile(Graph(nodes), "x"));
    EXPECT_THAT(file.DepthFirstOrder(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("node \"f\"")));
  }
}

TEST(SymbolFileTest, DeepGraphsNeedNoDeepStack) {
  std::string nodes = R"({"op": "null", "name": "v"})";
  constexpr int kDepth = 200000;
  for (int i = 0; i < kDepth; ++i) absl::StrAppend(&nodes, R"(,{"op":"f","name":"f","inputs":[[)", i, ",0]]}");
  ASSERT_OK_AND_ASSIGN(const SymbolFile file, ParseSymbolFile(Graph(nodes, absl::StrCat("[[", kDepth, ", 0]]")), "x"));
  ASSERT_OK_AND_ASSIGN(const std::vector<int32_t> order, file.DepthFirstOrder());
  EXPECT_EQ(order.size(), kDepth + 1u);
}

TEST(SymbolFileTest, SubgraphsMayNotBeNestedWithoutEnd) {
  std::string text;
  for (int i = 0; i < 10000; ++i) text += R"({"nodes": [{"op": "f", "name": "f", "subgraphs": [)";
  EXPECT_THAT(ParseSymbolFile(text, "x"), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("deep")));
}

TEST(SymbolFileTest, TooLongTextsAreRefused) {
  EXPECT_THAT(ParseSymbolFile(std::string(kMostSymbolBytes + 1, ' '), "x"),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(SymbolFileTest, DamagedFilesNeverCrash) {
  SetLogSink([](LogSeverity, absl::string_view, LogFields) {});
  ForEachMutation(kLoop, [](const std::string& text) {
    const absl::StatusOr<SymbolFile> file = ParseSymbolFile(text, "x");
    if (file.ok()) file->DepthFirstOrder().IgnoreError();
  });
  SetLogSink(nullptr);
}

}  // namespace
}  // namespace baryon
