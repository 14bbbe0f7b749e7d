#include "engine/io/symbol_json.h"

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/base/file.h"
#include "engine/base/logging.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/graph/graph_text.h"
#include "engine/io/testing/mutations.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/golden.h"

namespace baryon {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Broken(const std::string& file) {
  const absl::StatusOr<std::string> text = ReadFile(GoldenFolder("params") + "/broken/" + file);
  EXPECT_OK(text);
  return *text;
}

// A file of version 1.9.1 unless `attrs` says otherwise; every node is a head's ancestor or it is dropped.
std::string File(const std::string& nodes, const std::string& heads,
                 const std::string& attrs = "\"mxnet_version\": [\"int\", 10901]") {
  return absl::StrCat("{\"nodes\": [", nodes, "], \"arg_nodes\": [], \"heads\": ", heads, ", \"attrs\": {", attrs,
                      "}}");
}

std::string Variable(const std::string& name) { return absl::StrCat(R"({"op": "null", "name": ")", name, "\"}"); }

std::vector<std::string> InputNames(const Graph& graph) {
  std::vector<std::string> names;
  for (NodeId id : graph.inputs()) names.push_back(graph.node(id).name);
  return names;
}

std::vector<std::string> OutputNames(const Graph& graph) {
  std::vector<std::string> names;
  for (const GraphOutput& output : graph.outputs()) names.push_back(output.name);
  return names;
}

TEST(SymbolJsonTest, ReadsAGraph) {
  ASSERT_OK_AND_ASSIGN(const Symbol symbol, ReadSymbol(Broken("good.json"), "x"));
  EXPECT_EQ(GraphToText(symbol.graph), R"(input data: unknown [...]
input fc_weight: unknown [...]
input fc_bias: unknown [...]
fc = FullyConnected(data, fc_weight, fc_bias) {num_hidden=2} : unknown [...]
act = Activation(fc) {act_type=relu} : unknown [...]
output act_output = act
)");
  EXPECT_EQ(symbol.mxnet_version, 10901);
  EXPECT_EQ(symbol.declared.at("fc_weight").shape, (Shape{2, 3}));
}

TEST(SymbolJsonTest, TakesNodesInAnyOrderAndAWrongRowPtr) {
  ASSERT_OK_AND_ASSIGN(const Symbol good, ReadSymbol(Broken("good.json"), "x"));
  for (const char* file : {"forward_reference.json", "row_ptr_wrong.json"}) {
    ASSERT_OK_AND_ASSIGN(const Symbol symbol, ReadSymbol(Broken(file), "x"));
    EXPECT_EQ(GraphToText(symbol.graph), GraphToText(good.graph)) << file;
  }
}

TEST(SymbolJsonTest, RefusesEveryBrokenFileWithItsName) {
  // The last two are refused when types are inferred.
  const std::set<std::string> sound = {"good.json",          "broken.json",     "forward_reference.json",
                                       "row_ptr_wrong.json", "name_twice.json", "shape_conflict.json"};
  SetLogSink([](LogSeverity, absl::string_view, LogFields) {});
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(GoldenFolder("params") + "/broken")) {
    const std::string file = entry.path().filename().string();
    if (!absl::EndsWith(file, ".json") || sound.count(file) > 0) continue;
    ++count;
    const absl::Status status = ReadSymbol(Broken(file), absl::StrCat("\"", file, "\"")).status();
    EXPECT_FALSE(status.ok()) << file;
    EXPECT_THAT(std::string(status.message()), HasSubstr(file));
  }
  SetLogSink(nullptr);
  EXPECT_EQ(count, 31);
}

TEST(SymbolJsonTest, ErrorsNameTheNode) {
  const std::vector<std::pair<const char*, const char*>> messages = {
      {"cycle.json", "\"x\": node \"act\": expected a graph without cycles"},
      {"output_out_of_range.json", "\"x\": node \"act\": expected one of 1 outputs of node \"fc\", got output 5"},
      {"head_output_out_of_range.json", "\"x\": heads: expected one of 1 outputs of node \"act\", got output 3"},
      {"attribute_missing.json", "\"x\": node \"fc\" (FullyConnected): attribute \"num_hidden\" is missing"},
      {"attribute_unknown.json", "\"x\": node \"fc\" (FullyConnected): unknown attribute \"wings\""},
      {"inputs_missing.json", "\"x\": node \"fc\" (FullyConnected): expected 3 inputs, got 1"},
      {"unknown_operator.json", "\"x\": node \"act\": unknown operator \"FlyToTheMoon\""}};
  for (const auto& [file, message] : messages) {
    EXPECT_THAT(std::string(ReadSymbol(Broken(file), "\"x\"").status().message()), HasSubstr(message));
  }
}

TEST(SymbolJsonTest, AllUnknownOperatorsAreReportedAtOnce) {
  std::string nodes = Variable("data");
  for (int i = 0; i < 6; ++i)
    absl::StrAppend(&nodes, R"(, {"op": "Fly", "name": "fly)", i, R"(", "inputs": [[0, 0]]})");
  nodes += R"(, {"op": "Custom", "name": "c", "attrs": {"op_type": "my_relu"}, "inputs": [[0, 0]]})";
  nodes += R"(, {"op": "Flatten", "name": "f", "inputs": [[0, 0]], "subgraphs": [)" +
           File(R"({"op": "Swim", "name": "swim"})", "[[0, 0]]") + "]}";
  const std::string text = File(nodes, "[[1, 0]]");
  EXPECT_THAT(ReadSymbol(text, "x"),
              StatusIs(absl::StatusCode::kUnimplemented,
                       "x: unknown operators: \"Custom op_type=my_relu\" at node \"c\"; \"Fly\" at nodes \"fly0\", "
                       "\"fly1\", \"fly2\" and 3 more; \"Swim\" at node \"swim\""));
  ASSERT_OK_AND_ASSIGN(const auto unknown, FindUnknownOperators(text, "x"));
  EXPECT_EQ(unknown.at("Fly").size(), 6u);
  EXPECT_THAT(unknown.at("Custom op_type=my_relu"), ElementsAre("c"));
  EXPECT_TRUE(FindUnknownOperators(Broken("good.json"), "x")->empty());
}

TEST(SymbolJsonTest, LongListsOfUnknownOperatorsAreShortened) {
  std::string nodes = Variable("data");
  for (int i = 0; i < 30; ++i) absl::StrAppend(&nodes, R"(, {"op": "Fly)", i, R"(", "name": "n", "inputs": [[0, 0]]})");
  EXPECT_THAT(ReadSymbol(File(nodes, "[[1, 0]]"), "x"),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("; and 10 operators more")));
}

// Inputs, outputs and attributes as MXNet 1.9.1 upgrades the same file.
TEST(SymbolJsonTest, UpgradesFilesFromBefore09) {
  const char* const old = R"({"nodes": [
      {"op": "null", "param": {}, "name": "data", "inputs": [], "backward_source_id": -1},
      {"op": "null", "param": {}, "name": "fc_weight", "inputs": [], "backward_source_id": -1, "attr": {"lr_mult": "2"}},
      {"op": "FullyConnected", "param": {"num_hidden": "4", "no_bias": "False"}, "name": "fc", "inputs": [[0, 0], [1, 0]],
       "backward_source_id": -1, "attr": {"ctx_group": "a", "weight_lr_mult": "3", "num_hidden": "8"}},
      {"op": "null", "param": {}, "name": "bn_gamma", "inputs": [], "backward_source_id": -1},
      {"op": "null", "param": {}, "name": "bn_beta", "inputs": [], "backward_source_id": -1},
      {"op": "BatchNorm", "param": {"eps": "0.002"}, "name": "bn", "inputs": [[2, 0], [3, 0], [4, 0]]},
      {"op": "argmax", "param": {"axis": "-1"}, "name": "am", "inputs": [[5, 0]], "backward_source_id": -1},
      {"op": "SoftmaxOutput", "param": {}, "name": "sm", "inputs": [[5, 0]], "backward_source_id": -1}],
    "arg_nodes": [0, 1, 3, 4], "heads": [[6, 0], [7, 0]]})";
  ASSERT_OK_AND_ASSIGN(const Symbol symbol, ReadSymbol(old, "x"));
  EXPECT_EQ(symbol.mxnet_version, 800);
  EXPECT_THAT(InputNames(symbol.graph), ElementsAre("data", "fc_weight", "fc_bias", "bn_gamma", "bn_beta",
                                                    "bn_moving_mean", "bn_moving_var", "sm_label"));
  EXPECT_THAT(OutputNames(symbol.graph), ElementsAre("am_output", "sm_output"));
  EXPECT_THAT(
      GraphToText(symbol.graph),
      AllOf(HasSubstr("fc = FullyConnected(data, fc_weight, fc_bias) {num_hidden=8}"), HasSubstr("am = argmax(bn) :")));
}

TEST(SymbolJsonTest, LaterFilesAreNotUpgraded) {
  const std::string node = R"(, {"op": "argmax", "name": "am", "attrs": {"axis": "-1"}, "inputs": [[0, 0]]})";
  ASSERT_OK_AND_ASSIGN(const Symbol symbol, ReadSymbol(File(Variable("data") + node, "[[1, 0]]"), "x"));
  EXPECT_THAT(GraphToText(symbol.graph), HasSubstr("am = argmax(data) {axis=-1}"));
  const std::string missing = R"(, {"op": "BatchNorm", "name": "bn", "inputs": [[0, 0]]})";
  EXPECT_THAT(
      ReadSymbol(File(Variable("data") + missing, "[[1, 0]]"), "x"),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("node \"bn\" (BatchNorm): expected 5 inputs, got 1")));
}

TEST(SymbolJsonTest, NumpyShapesAreToldToOperatorsAndDeclaredShapes) {
  std::string nodes;
  for (const char* name : {"data", "g", "b", "m", "v"}) nodes += Variable(name) + ", ";
  nodes += R"json({"op": "null", "name": "w", "attrs": {"__shape__": "(0, -1)", "__dtype__": "2"}}, )json";
  nodes += R"({"op": "BatchNorm", "name": "bn", "inputs": [[0, 0], [1, 0], [2, 0], [3, 0], [4, 0]]})";
  for (const bool np_shape : {false, true}) {
    ASSERT_OK_AND_ASSIGN(const Symbol symbol,
                         ReadSymbol(File(nodes, "[[6, 0]]", np_shape ? "\"is_np_shape\": [\"int\", 1]" : ""), "x"));
    EXPECT_EQ(symbol.graph.np_shape, np_shape);
    EXPECT_EQ(symbol.graph.node(symbol.graph.outputs()[0].value.node).Get<bool>("__np_shape__"), np_shape);
    EXPECT_EQ(symbol.declared.at("w"), (TensorType{DType::kFloat16, Shape{np_shape ? 0 : -1, -1}}));
  }
}

TEST(SymbolJsonTest, VariablesOfOneNameAreOne) {
  std::vector<std::string> warnings;
  SetLogSink([&](LogSeverity, absl::string_view message, LogFields) { warnings.emplace_back(message); });
  ASSERT_OK_AND_ASSIGN(const Symbol symbol, ReadSymbol(Broken("name_twice.json"), "\"n.json\""));
  SetLogSink(nullptr);
  EXPECT_THAT(InputNames(symbol.graph), ElementsAre("data", "fc_weight"));
  EXPECT_THAT(warnings, ElementsAre("\"n.json\": variables of one name are taken for one: \"fc_weight\""));
}

TEST(SymbolJsonTest, OutputsAreNamedAsListOutputsDoes) {
  const std::string nodes =
      Variable("data") + R"(, {"op": "split", "name": "s", "attrs": {"num_outputs": "2"}, "inputs": [[0, 0]]},
      {"op": "Flatten", "name": "f", "inputs": [[1, 1]]}, {"op": "flatten", "name": "f", "inputs": [[1, 0]]})";
  ASSERT_OK_AND_ASSIGN(const Symbol symbol, ReadSymbol(File(nodes, "[[1, 1], [0, 0], [2, 0], [3, 0], [3, 0]]"), "x"));
  EXPECT_THAT(OutputNames(symbol.graph), ElementsAre("s_output1", "data", "f_output", "f_output_1", "f_output_2"));
}

TEST(SymbolJsonTest, VariablesThatNothingNeedsAreLeftOut) {
  ASSERT_OK_AND_ASSIGN(const Symbol symbol, ReadSymbol(File(Variable("a") + ", " + Variable("b"), "[[1, 0]]"), "x"));
  EXPECT_THAT(InputNames(symbol.graph), ElementsAre("b"));
}

std::string Loop(const std::string& inner_op) {
  return File(Variable("data") + R"(, {"op": "_foreach", "name": "loop", "attrs": {"num_args": "2"}, "inputs": [[0, 0]],
      "subgraphs": [{"nodes": [{"op": "null", "name": "x"}, {"op": ")" +
                  inner_op + R"(", "name": "t", "inputs": [[0, 0]]}], "arg_nodes": [0], "heads": [[1, 0, 0]]}]})",
              "[[1, 0]]");
}

TEST(SymbolJsonTest, SubgraphsBecomeGraphsOfTheirNode) {
  ASSERT_OK_AND_ASSIGN(const Symbol symbol, ReadSymbol(Loop("Flatten"), "x"));
  const Node& loop = symbol.graph.node(symbol.graph.outputs()[0].value.node);
  ASSERT_EQ(loop.subgraphs.size(), 1u);
  EXPECT_EQ(GraphToText(*loop.subgraphs[0]),
            "input x: unknown [...]\nt = Flatten(x) : unknown [...]\noutput t_output = t\n");
  EXPECT_THAT(
      ReadSymbol(Loop("Activation"), "x"),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("subgraph of node \"loop\": node \"t\" (Activation)")));
}

TEST(SymbolJsonTest, DamagedFilesNeverCrash) {
  SetLogSink([](LogSeverity, absl::string_view, LogFields) {});
  for (const std::string& good : {Broken("good.json"), Loop("Flatten")}) {
    ForEachMutation(good, [](const std::string& text) { ReadSymbol(text, "x").IgnoreError(); });
  }
  SetLogSink(nullptr);
}

}  // namespace
}  // namespace baryon
