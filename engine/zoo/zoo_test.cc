// Every network against what MXNet 1.9.1 exported: names in both styles, shapes, order, and each node of the graph.
// That such graphs give MXNet's answers is the business of tests/conformance; a few are run here too.
#include "engine/zoo/zoo.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/base/file.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "engine/graph/graph_text.h"
#include "engine/io/params_file.h"
#include "engine/load_model.h"
#include "engine/runtime/executable.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/support/golden.h"
#include "tests/support/model_case.h"
#include "tests/support/seeded.h"

namespace baryon::zoo {
namespace {

using Json = nlohmann::ordered_json;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

std::string CaseFolder(const std::string& name) { return absl::StrCat(GoldenFolder("zoo"), "/", name); }

Json ReadCase(const std::string& name) {
  const auto text = ReadFile(CaseFolder(name) + "/case.json");
  EXPECT_OK(text);
  return Json::parse(text.value_or("{}"));
}

std::string ExportKey(const Parameter& parameter) {
  return absl::StrCat(parameter.is_state ? "aux:" : "arg:", parameter.name);
}

// One line for each array: what it is called, and its shape.
std::string Line(const std::string& name, const Shape& shape) { return absl::StrCat(name, " ", shape.ToString()); }

std::vector<std::string> Lines(const Json& shapes) {
  std::vector<std::string> lines;
  for (const auto& [name, dims] : shapes.items()) {
    const std::vector<int64_t> extents = dims;
    lines.push_back(Line(name, Shape(absl::MakeConstSpan(extents))));
  }
  return lines;
}

// One line for each operator, in the order in which the outputs need them.
std::vector<std::string> OperatorLines(const Graph& graph) {
  std::vector<std::string> lines;
  for (NodeId id : graph.TopologicalOrder()) {
    const Node& node = graph.node(id);
    if (!node.is_op()) continue;
    std::vector<std::string> inputs;
    for (const Value& value : node.inputs)
      inputs.push_back(absl::StrCat(graph.node(value.node).name, ":", value.output));
    lines.push_back(absl::StrCat(node.op->name(), " ", node.name, "(", absl::StrJoin(inputs, ", "), ") ",
                                 NonDefaultAttrs(node).ToString()));
  }
  return lines;
}

class NetworkTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    absl::StatusOr<Network> network = MakeNetwork(GetParam());
    ASSERT_OK(network);
    network_ = *std::move(network);
    case_ = ReadCase(GetParam());
  }
  Shape ShapeOf(const Parameter& parameter) const { return network_.graph.type({parameter.node, 0}).shape; }

  Network network_;
  Json case_;
};

TEST_P(NetworkTest, HasTheArraysOfSaveParameters) {
  std::vector<std::string> lines;
  for (const Parameter& parameter : network_.parameters) {
    lines.push_back(Line(parameter.structure, ShapeOf(parameter)));
  }
  EXPECT_EQ(lines, Lines(case_["structure_names"]));
}

TEST_P(NetworkTest, HasTheArraysOfTheExport) {
  std::map<NodeId, const Parameter*> parameters;
  for (const Parameter& parameter : network_.parameters) parameters[parameter.node] = &parameter;
  std::vector<std::string> lines;
  for (NodeId id : network_.graph.TopologicalOrder()) {
    if (parameters.count(id) != 0) lines.push_back(Line(ExportKey(*parameters[id]), ShapeOf(*parameters[id])));
  }
  EXPECT_EQ(lines, Lines(case_["seeded_params"]));
}

TEST_P(NetworkTest, KnowsBothNamesOfAnArray) {
  for (const Parameter& parameter : network_.parameters) {
    EXPECT_EQ(ExportKey(parameter), case_["structure_to_export"][parameter.structure]);
  }
}

TEST_P(NetworkTest, HasTheOperatorsOfTheExport) {
  const auto model_case = ReadModelCase(CaseFolder(GetParam()));
  ASSERT_OK(model_case);
  EXPECT_EQ(OperatorLines(network_.graph), OperatorLines(model_case->graph));
  EXPECT_EQ(network_.graph.outputs()[0].name, model_case->graph.outputs()[0].name);
}

std::string TestName(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Zoo, NetworkTest, testing::ValuesIn(NetworkNames()), TestName);

Graph BindSeeded(const Network& network) {
  Graph graph = network.graph;
  for (const Parameter& parameter : network.parameters) {
    const Shape shape = graph.type({parameter.node, 0}).shape;
    graph.BindInput(parameter.node, Constant::Literal(SeededParameter(parameter.name, shape)));
  }
  return graph;
}

TEST(ZooTest, AnswersAsMxnetDoes) {
  ThreadPool pool(2);
  for (const char* name : {"resnet18_v1", "resnet18_v2", "squeezenet1.1", "mobilenet0.25", "mobilenetv2_0.25",
                           "densenet121", "inceptionv3", "alexnet", "vgg11_bn"}) {
    const auto network = MakeNetwork(name);
    const auto model_case = ReadModelCase(CaseFolder(name));
    ASSERT_OK(network);
    ASSERT_OK(model_case);
    const auto executable = Executable::Create(BindSeeded(*network), pool);
    ASSERT_OK(executable);
    const auto outputs = (*executable)->Run(model_case->inputs);
    ASSERT_OK(outputs) << name;
    EXPECT_EQ(Disagreement(*model_case, *outputs), "") << name;
  }
}

TEST(ZooTest, HasAllNetworksOfGluon) { EXPECT_EQ(NetworkNames().size(), 34u); }

TEST(ZooTest, TakesNamesOfFunctionsAndAnyCase) {
  for (const char* name : {"mobilenet_v2_1_0", "squeezenet1_0", "inception_v3", "mobilenet0_25", "ResNet18_v1"}) {
    EXPECT_OK(MakeNetwork(name)) << name;
  }
}

TEST(ZooTest, ListsTheNetworksWhenThereIsNoSuchOne) {
  const absl::Status status = MakeNetwork("resnet19_v1").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"resnet19_v1\" in the zoo; there are alexnet, densenet121"));
}

TEST(ZooTest, SaysSoInGluonsWordsToItsUsers) {
  const absl::Status status = GetModel("resnet19_v1").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  std::ifstream file(GoldenFolder("tutorial") + "/messages-v2.json");
  EXPECT_EQ(std::string(status.message()), Json::parse(file).at("unknown zoo name").at(1));
}

TEST(ZooTest, RefusesNoClasses) {
  EXPECT_EQ(MakeNetwork("alexnet", 0).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MakeNetwork("alexnet", int64_t{1} << 40).status().code(), absl::StatusCode::kInvalidArgument);
}

// The largest error of the block's answer to the input of the network's case, with the parameters of the case.
double ErrorOfBlock(gluon::HybridBlock& net, const std::string& name) {
  const auto model_case = ReadModelCase(CaseFolder(name));
  EXPECT_OK(model_case);
  net.ResolveNames();
  for (auto [structure, parameter] : net.CollectParams()) {
    EXPECT_OK(parameter.LoadData(SeededParameter(parameter.export_name(), parameter.shape())));
  }
  const NDArray y = net(model_case->inputs[0].second);
  EXPECT_OK(y.status());
  return y.ok() ? ScaledError(y.tensor(), model_case->outputs[0].second) : INFINITY;
}

TEST(GetModelTest, GivesBlocksThatAnswerAsMxnetDoes) {
  for (const char* name : {"resnet18_v2", "squeezenet1.0", "mobilenetv2_0.5", "densenet121"}) {
    const NameManager fresh;
    const auto net = GetModel(name);
    ASSERT_OK(net);
    ASSERT_OK((*net)->TraceGraph({{DType::kFloat32, {1, 3, 224, 224}}}).status());  // shapes of parameters
    EXPECT_LE(ErrorOfBlock(**net, name), 1e-4) << name;
    (*net)->Hybridize();
    EXPECT_LE(ErrorOfBlock(**net, name), 1e-4) << name << ", hybridized";
  }
}

TEST(GetModelTest, InitializesSavesAndLoadsAsAnyBlock) {
  const std::string path = testing::TempDir() + "/mobilenet.params";
  const NDArray x = np::random::Uniform(-1, 1, {2, 3, 64, 64});
  const auto net = GetModel("mobilenet0.25", {.classes = 7}), same = GetModel("mobilenet0.25", {.classes = 7});
  ASSERT_OK(net);
  (*net)->Initialize(init::Xavier());
  const NDArray y = (**net)(x);
  ASSERT_OK(y.status());
  EXPECT_EQ(y.shape(), Shape({2, 7}));
  ASSERT_OK((*net)->SaveParameters(path));
  ASSERT_OK((*same)->LoadParameters(path));
  EXPECT_TRUE(np::ArrayEqual((**same)(x), y));
}

TEST(GetModelTest, ShowsItsParts) {
  const auto net = GetModel("vgg11", {.classes = 2});
  ASSERT_OK(net);
  EXPECT_EQ((*net)->features->size(), 25);
  EXPECT_EQ((*net)->output->ToString(), "Dense(-1 -> 2, linear)");
}

TEST(GetModelTest, LendsItsFeaturesToOtherNetworks) {
  const auto net = GetModel("squeezenet1.1");
  ASSERT_OK(net);
  nn::HybridSequential own;
  own.Add((*net)->features, nn::GlobalAvgPool2D(), nn::Dense(2));
  own.Initialize(init::Xavier());
  const NDArray x = np::random::Uniform(-1, 1, {1, 3, 64, 64});
  const NDArray y = own(x);
  ASSERT_OK(y.status());
  EXPECT_EQ(y.shape(), Shape({1, 2}));
  own.Hybridize();
  EXPECT_TRUE(np::AllClose(own(x), y, 1e-4, 1e-5));
  EXPECT_TRUE((*net)->features->children()[0].second->param("weight").is_initialized());
}

TEST(GetModelTest, ComputesInHalfPrecision) {
  const auto net = GetModel("mobilenet0.25", {.classes = 5});
  ASSERT_OK(net);
  (*net)->Initialize(init::MSRAPrelu({.factor_type = "in", .slope = 0}));  // keeps the scale of activations
  const NDArray x = np::random::Uniform(-1, 1, {1, 3, 64, 64});
  const NDArray expected = (**net)(x);
  ASSERT_OK(expected.status());
  (*net)->Cast(DType::kFloat16);
  const NDArray y = (**net)(x.AsType(DType::kFloat16));
  ASSERT_OK(y.status());
  EXPECT_EQ(y.dtype(), DType::kFloat16);
  EXPECT_LT(ScaledError(y.AsType(DType::kFloat32).tensor(), expected.tensor()), 0.02);
}

// What print(net) shows in MXNet 2.
TEST(GetModelTest, PrintsAsItIsBuilt) {
  const auto net = GetModel("resnet18_v1");
  ASSERT_OK(net);
  EXPECT_THAT((*net)->ToString(), StartsWith(R"(ResNetV1(
  (features): HybridSequential(
    (0): Conv2D(-1 -> 64, kernel_size=(7, 7), stride=(2, 2), padding=(3, 3), bias=False)
    (1): BatchNorm(axis=1, eps=1e-05, momentum=0.9, fix_gamma=False, use_global_stats=False, in_channels=-1)
    (2): Activation(relu)
    (3): MaxPool2D(size=(3, 3), stride=(2, 2), padding=(1, 1), ceil_mode=False, global_pool=False, pool_type=max, layout=NCHW)
    (4): HybridSequential(
      (0): BasicBlockV1(
        (body): HybridSequential(
          (0): Conv2D(64 -> 64, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), bias=False)
)"));
  EXPECT_THAT((*net)->ToString(), EndsWith("  (output): Dense(512 -> 1000, linear)\n)"));
}

TEST(ExportNetworkTest, WritesAModelThatLoadsAndAnswersFinitely) {
  const std::string prefix = testing::TempDir() + "/exported";
  const auto network = MakeNetwork("mobilenet0.25", 7);
  ASSERT_OK(network);
  ASSERT_OK(ExportNetwork(*network, 3, prefix));
  ThreadPool pool(1);
  const auto executable = LoadModel(prefix, pool);
  ASSERT_OK(executable);
  const Tensor picture = SeededInput("data", {2, 3, 224, 224});
  const auto outputs = (*executable)->Run(absl::MakeConstSpan(&picture, 1));
  ASSERT_OK(outputs);
  EXPECT_EQ((*outputs)[0].shape(), (Shape{2, 7}));
  for (float value : (*outputs)[0].span<float>()) EXPECT_TRUE(std::abs(value) < 1e3 && value != 0) << value;
}

TEST(ExportNetworkTest, WritesTheArraysInTheOrderOfMxnet) {
  const std::string prefix = testing::TempDir() + "/ordered";
  const auto network = MakeNetwork("resnet18_v1");
  ASSERT_OK(network);
  ASSERT_OK(ExportNetwork(*network, 0, prefix));
  const auto file = ParamsFile::Open(prefix + "-0000.params");
  ASSERT_OK(file);
  std::vector<std::string> lines;
  for (const ParamsFile::Entry& entry : (*file)->entries()) lines.push_back(Line(entry.name, entry.type.shape));
  EXPECT_EQ(lines, Lines(ReadCase("resnet18_v1")["seeded_params"]));
}

TEST(StartValueTest, DependsOnTheSeedAndNothingElse) {
  const auto network = MakeNetwork("squeezenet1.1");
  ASSERT_OK(network);
  const Parameter& weight = network->parameters[0];
  const auto first = [&](uint64_t seed) { return StartValue(*network, weight, seed).data<float>()[0]; };
  EXPECT_EQ(first(1), first(1));
  EXPECT_NE(first(1), first(2));
}

TEST(StartValueTest, GivesWeightsTheVarianceOfHe) {
  const auto network = MakeNetwork("resnet18_v1");
  ASSERT_OK(network);
  const Tensor weight = StartValue(*network, network->parameters[0], 0);
  double squares = 0;
  for (float value : weight.span<float>()) squares += static_cast<double>(value) * value;
  EXPECT_NEAR(squares / static_cast<double>(weight.num_elements()), 2.0 / (3 * 7 * 7), 0.05 * 2.0 / (3 * 7 * 7));
}

}  // namespace
}  // namespace baryon::zoo
