#include "engine/io/parameter_binding.h"

#include <string>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/graph/graph_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A parameter file of arrays that are all zero.
class FakeParams : public ParamsFile {
 public:
  explicit FakeParams(std::vector<Entry> entries) : ParamsFile("net.params") { entries_ = std::move(entries); }
  absl::StatusOr<Tensor> Read(size_t i) const override { return Tensor::Zeros(entries_[i].type); }
};

ParamsFile::Entry Float(const std::string& name, const Shape& shape) { return {name, {DType::kFloat32, shape}}; }

Graph Parse(const std::string& text) {
  absl::StatusOr<Graph> graph = GraphFromText(text);
  EXPECT_OK(graph);
  return *std::move(graph);
}

// The graph of `text` as a symbol file gives it: nothing known of the inputs.
Graph Untyped(const std::string& text) {
  Graph typed = Parse(text), graph;
  std::vector<NodeId> ids(typed.num_nodes(), -1);
  for (NodeId id : typed.inputs()) ids[id] = graph.AddInput(typed.node(id).name, {});
  for (NodeId id : typed.TopologicalOrder()) {
    const Node& node = typed.node(id);
    if (!node.is_op()) continue;
    std::vector<Value> inputs;
    for (const Value& value : node.inputs) inputs.push_back({ids[value.node], value.output});
    ids[id] = *graph.AddOperator(node.op->name(), node.name, node.attr_texts(), inputs);
  }
  for (const GraphOutput& output : typed.outputs()) {
    graph.AddOutput({ids[output.value.node], output.value.output}, output.name);
  }
  return graph;
}

constexpr char kTwoLayers[] = R"(
  input data: float32 [1, 3]
  input fc1_weight: float32 [4, 3]
  input fc1_bias: float32 [4]
  input fc2_weight: float32 [2, 4]
  fc1 = FullyConnected(data, fc1_weight, fc1_bias) {num_hidden=4}
  fc2 = FullyConnected(fc1, fc2_weight) {num_hidden=2, no_bias=True}
  output fc2_output = fc2
)";

std::vector<std::string> ParameterNames(const std::vector<Variable>& variables) {
  std::vector<std::string> names;
  for (const Variable& variable : variables) {
    if (variable.is_parameter) names.push_back(variable.name);
  }
  return names;
}

TEST(ParameterBindingTest, VariablesAtPlacesOfParametersAreParameters) {
  const std::vector<Variable> variables = ListVariables(Parse(kTwoLayers));
  ASSERT_EQ(variables.size(), 4u);
  EXPECT_THAT(ParameterNames(variables), ElementsAre("fc1_weight", "fc1_bias", "fc2_weight"));
  EXPECT_THAT(variables[0].users, ElementsAre("FullyConnected \"fc1\""));
}

TEST(ParameterBindingTest, WhatOnlyComputesParametersIsAParameterToo) {
  EXPECT_THAT(ParameterNames(ListVariables(Parse(R"(
    input data: float32 [2, 3]
    input a: float32 [3, 3]
    input b: float32 [3, 3]
    input shared: float32 [3, 3]
    joined = Concat(a, b)
    flat = Flatten(joined)
    fc = FullyConnected(data, flat) {num_hidden=3, no_bias=True}
    also = Concat(fc, shared)
    fc2 = FullyConnected(also, shared) {num_hidden=3, no_bias=True}
    output fc_output = fc
    output fc2_output = fc2
  )"))),
              ElementsAre("a", "b", "shared"));
}

TEST(ParameterBindingTest, AWeightThatIsAlsoAnOutputIsWhatItsPlaceSays) {
  EXPECT_THAT(ParameterNames(ListVariables(Parse(R"(
    input data: float32 [2, 3]
    input a: float32 [3, 3]
    input w: float32 [3, 3]
    flat = Flatten(a)
    fc = FullyConnected(data, flat) {num_hidden=3, no_bias=True}
    fc2 = FullyConnected(data, w) {num_hidden=3, no_bias=True}
    output fc_output = fc
    output fc2_output = fc2
    output flat_output = flat
    output w = w
  )"))),
              ElementsAre("w"));
}

TEST(ParameterBindingTest, MatchesWithAndWithoutPrefixesOnBothSides) {
  const std::vector<Variable> variables = {{"exact", 0, true, {}},    {"stripped", 1, true, {}},
                                           {"arg:mine", 2, true, {}}, {"arg:both", 3, true, {}},
                                           {"data", 4, false, {}},    {"gone", 5, true, {}}};
  const FakeParams file({Float("aux:stripped", {1}), Float("exact", {1}), Float("mine", {1}), Float("aux:both", {1}),
                         Float("arg:unused", {1})});
  const ParameterBinding binding = BindParameters(variables, file);
  std::vector<std::pair<size_t, size_t>> bound;
  for (const auto& [variable, entry] : binding.bound) bound.emplace_back(variable, entry);
  EXPECT_THAT(bound, ElementsAre(std::pair(0, 1), std::pair(1, 0), std::pair(2, 2), std::pair(3, 3)));
  EXPECT_THAT(binding.missing, ElementsAre(5));
  EXPECT_THAT(binding.extra, ElementsAre(4));
}

TEST(ParameterBindingTest, ExactNamesGoFirst) {
  const FakeParams file({Float("arg:w", {1}), Float("w", {2})});
  EXPECT_EQ(BindParameters({{"w", 0, true, {}}}, file).bound[0].entry, 1u);
}

absl::Status Missing(const FakeParams& file) {
  const std::vector<Variable> variables = ListVariables(Parse(kTwoLayers));
  return MissingParametersError(variables, BindParameters(variables, file), file);
}

TEST(ParameterBindingTest, MissingParametersAreNamedWithTheirUsers) {
  EXPECT_THAT(
      Missing(FakeParams({Float("arg:fc1_bias", {4})})),
      StatusIs(absl::StatusCode::kNotFound,
               "\"net.params\": missing parameters: \"fc1_weight\" of FullyConnected \"fc1\", \"fc2_weight\" of "
               "FullyConnected \"fc2\""));
  EXPECT_THAT(Missing(FakeParams({})), StatusIs(absl::StatusCode::kNotFound, HasSubstr("fc1_bias")));
}

TEST(ParameterBindingTest, FilesOfOtherKindsAreRecognised) {
  EXPECT_THAT(
      Missing(FakeParams({Float("features.0.weight", {4, 3})})),
      StatusIs(absl::StatusCode::kNotFound,
               AllOf(HasSubstr("save_parameters"), HasSubstr("\"features.0.weight\""), HasSubstr("\"fc1_weight\""))));
  EXPECT_THAT(Missing(FakeParams({Float("", {4, 3})})),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("without names")));
  EXPECT_THAT(Missing(FakeParams({Float("dense0_weight", {4, 3})})),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("another model")));
}

TEST(ParameterBindingTest, VariablesOfAFileWithUnknownOperators) {
  SymbolFile file;
  file.nodes = {{"null", "data", {}, {}, {}},
                {"null", "w", {}, {}, {}},
                {"null", "magic", {}, {}, {}},
                {"Fly", "fly", {}, {{0, 0}, {2, 0}}, {}},
                {"FullyConnected", "fc", {}, {{3, 0}, {1, 0}}, {}}};
  EXPECT_THAT(ParameterNames(ListVariables(file)), ElementsAre("w"));
  EXPECT_THAT(ListVariables(file)[2].users, ElementsAre("Fly \"fly\""));
}

// The sentences for `file`, given what the variables declare.
std::vector<std::string> WrongShapes(const std::vector<ParamsFile::Entry>& entries,
                                     const std::map<std::string, TensorType>& declared = {}) {
  const Graph graph = Untyped(kTwoLayers);
  const FakeParams file(entries);
  const std::vector<Variable> variables = ListVariables(graph);
  const auto wrong = FindWrongShapes(graph, declared, variables, BindParameters(variables, file).bound, file);
  EXPECT_OK(wrong);
  return *wrong;
}

TEST(ParameterBindingTest, FittingShapesAreFine) {
  EXPECT_THAT(WrongShapes({Float("fc1_weight", {4, 7}), Float("fc1_bias", {4}), Float("fc2_weight", {2, 4})}),
              IsEmpty());
  EXPECT_THAT(WrongShapes({Float("fc2_weight", {2, 4})}), IsEmpty());
}

TEST(ParameterBindingTest, EveryWrongShapeIsFoundWithWhatWasExpected) {
  EXPECT_THAT(WrongShapes({Float("fc1_weight", {5, 7}), Float("fc1_bias", {4}), Float("fc2_weight", {2, 4, 1})}),
              ElementsAre("parameter \"fc1_weight\": expected [4, -1], got float32 [5, 7]",
                          "parameter \"fc2_weight\": expected [2, -1], got float32 [2, 4, 1]"));
}

TEST(ParameterBindingTest, DeclaredShapesCountWhereTheyAreKnown) {
  const std::map<std::string, TensorType> declared = {{"fc1_weight", {DType::kFloat32, Shape{4, -1}}},
                                                      {"fc2_weight", {DType::kFloat32, Shape{2, 9}}},
                                                      {"fc1_bias", {}}};
  EXPECT_THAT(WrongShapes({Float("fc1_weight", {4, 7}), Float("fc1_bias", {4}), Float("fc2_weight", {2, 4})}, declared),
              ElementsAre("parameter \"fc2_weight\": expected [2, 9], got float32 [2, 4]"));
}

TEST(ParameterBindingTest, ArraysThatWereNeverInitialisedAreWrong) {
  EXPECT_THAT(WrongShapes({{"fc1_weight", {}}}),
              ElementsAre("parameter \"fc1_weight\": expected elements, got an array never initialised"));
}

}  // namespace
}  // namespace baryon
