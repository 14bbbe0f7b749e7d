#include "engine/load_model.h"

#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "engine/base/file.h"
#include "engine/base/logging.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/io/npy.h"
#include "engine/io/params_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/golden.h"

namespace baryon {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// relu(data * fc_weight + fc_bias), then a loss with a label.
constexpr char kNet[] = R"json({"nodes": [
  {"op": "null", "name": "data", "inputs": []},
  {"op": "null", "name": "fc_weight", "attrs": {"__shape__": "(2, 0)"}, "inputs": []},
  {"op": "null", "name": "fc_bias", "inputs": []},
  {"op": "FullyConnected", "name": "fc", "attrs": {"num_hidden": "2"}, "inputs": [[0, 0, 0], [1, 0, 0], [2, 0, 0]]},
  {"op": "Activation", "name": "act", "attrs": {"act_type": "relu"}, "inputs": [[3, 0, 0]]},
  {"op": "null", "name": "sm_label", "inputs": []},
  {"op": "SoftmaxOutput", "name": "sm", "inputs": [[4, 0, 0], [5, 0, 0]]}],
 "arg_nodes": [0, 1, 2, 5], "heads": [[6, 0, 0]], "attrs": {"mxnet_version": ["int", 10901]}})json";

Tensor Weight() { return Tensor::FromData<float>({2, 3}, {1, 0, 0, 0, -1, 1}); }
Tensor Bias() { return Tensor::FromData<float>({2}, {10, 0.5f}); }

// A folder of its own for each test, and the warnings of the engine.
class LoadModelTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/model_" + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directories(folder_);
    SetLogSink([this](LogSeverity, absl::string_view message, LogFields) { warnings_.emplace_back(message); });
  }
  void TearDown() override { SetLogSink(nullptr); }

  void WriteSymbol(const std::string& text) { ASSERT_OK(WriteFileAtomically(folder_ + "/net-symbol.json", text)); }
  void WriteParams(const NamedTensors& tensors) { ASSERT_OK(WriteParamsFile(folder_ + "/net-0000.params", tensors)); }

  absl::StatusOr<Graph> Read() {
    BARYON_ASSIGN_OR_RETURN(const ModelFiles files, FindModelFiles(folder_));
    return ReadModel(files);
  }
  ModelReport Check() {
    const absl::StatusOr<ModelFiles> files = FindModelFiles(folder_);
    EXPECT_OK(files);
    absl::StatusOr<ModelReport> report = CheckModel(*files);
    EXPECT_OK(report);
    return *std::move(report);
  }

  std::string folder_;
  std::vector<std::string> warnings_;
};

std::vector<std::string> InputNames(const Graph& graph) {
  std::vector<std::string> names;
  for (NodeId id : graph.inputs()) names.push_back(graph.node(id).name);
  return names;
}

// softmax(11, 1.5): what the network gives for 1, 2, 3.
const auto kFirst = testing::FloatNear(0.999925f, 1e-6f), kSecond = testing::FloatNear(7.48462e-5f, 1e-9f);

TEST_F(LoadModelTest, RunsWithAnyBatchSizeAndWithoutTheLabel) {
  WriteSymbol(kNet);
  WriteParams({{"arg:fc_weight", Weight()}, {"arg:fc_bias", Bias()}});
  ThreadPool pool(1);
  ASSERT_OK_AND_ASSIGN(const auto model, LoadModel(folder_, pool));
  ASSERT_OK_AND_ASSIGN(const NamedTensors one, model->Run({{"data", Tensor::FromData<float>({1, 3}, {1, 2, 3})}}));
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].first, "sm_output");
  EXPECT_THAT(one[0].second.span<float>(), ElementsAre(kFirst, kSecond));
  ASSERT_OK_AND_ASSIGN(const NamedTensors two,
                       model->Run({{"data", Tensor::FromData<float>({2, 3}, {1, 2, 3, 0, 9, 0})}}));
  EXPECT_THAT(two[0].second.span<float>(), ElementsAre(kFirst, kSecond, testing::FloatNear(0.999955f, 1e-6f),
                                                       testing::FloatNear(4.53979e-5f, 1e-9f)));
  EXPECT_THAT(warnings_, IsEmpty());
}

TEST_F(LoadModelTest, InputsAreVariablesWithoutParameter) {
  WriteSymbol(kNet);
  WriteParams({{"fc_weight", Weight()}, {"aux:fc_bias", Bias()}});
  ASSERT_OK_AND_ASSIGN(const Graph graph, Read());
  EXPECT_THAT(InputNames(graph), ElementsAre("data", "sm_label"));
}

TEST_F(LoadModelTest, WithoutAParameterFileEveryVariableIsAnInput) {
  WriteSymbol(kNet);
  ASSERT_OK_AND_ASSIGN(const Graph graph, Read());
  EXPECT_THAT(InputNames(graph), ElementsAre("data", "fc_weight", "fc_bias", "sm_label"));
  ThreadPool pool(1);
  ASSERT_OK_AND_ASSIGN(const auto model, LoadModel(folder_, pool));
  ASSERT_OK_AND_ASSIGN(
      const NamedTensors outputs,
      model->Run({{"data", Tensor::FromData<float>({1, 3}, {1, 2, 3})}, {"fc_bias", Bias()}, {"fc_weight", Weight()}}));
  EXPECT_THAT(outputs[0].second.span<float>(), ElementsAre(kFirst, kSecond));
}

TEST_F(LoadModelTest, ReadsNpzParameters) {
  WriteSymbol(kNet);
  ASSERT_OK(WriteNpz(folder_ + "/net-0001.params", {{"arg:fc_bias", Bias()}, {"arg:fc_weight", Weight()}}));
  ThreadPool pool(1);
  ASSERT_OK_AND_ASSIGN(const auto model, LoadModel(folder_, pool));
  ASSERT_OK_AND_ASSIGN(const NamedTensors outputs, model->Run({{"data", Tensor::FromData<float>({1, 3}, {1, 2, 3})}}));
  EXPECT_THAT(outputs[0].second.span<float>(), ElementsAre(kFirst, kSecond));
}

TEST_F(LoadModelTest, ElementsAreReadWhenTheyAreWanted) {
  WriteSymbol(kNet);
  WriteParams({{"arg:fc_weight", Weight()}, {"arg:fc_bias", Bias()}});
  ASSERT_OK_AND_ASSIGN(const Graph first, Read());
  ASSERT_OK_AND_ASSIGN(const Graph second, Read());
  std::set<std::string> keys;
  for (const Graph* graph : {&first, &second}) {
    for (NodeId id = 0; id < graph->num_nodes(); ++id) {
      if (graph->node(id).kind == NodeKind::kConstant) keys.insert(graph->node(id).constant->key());
    }
  }
  EXPECT_THAT(keys, SizeIs(4));
  // The file is gone by now as far as the path goes; the open one is emptied.
  const std::string path = folder_ + "/net-0000.params";
  ASSERT_EQ(truncate(path.c_str(), 10), 0);
  const Node& weight = first.node(1);
  EXPECT_EQ(weight.types[0], Weight().type());
  EXPECT_THAT(weight.constant->Get(), StatusIs(absl::StatusCode::kDataLoss,
                                               AllOf(HasSubstr("net-0000.params"), HasSubstr("\"arg:fc_weight\""))));
}

TEST_F(LoadModelTest, DtypeOfTheFileIsKept) {
  WriteSymbol(kNet);
  WriteParams({{"arg:fc_weight", Weight().Cast(DType::kFloat16)}, {"arg:fc_bias", Bias().Cast(DType::kFloat16)}});
  ASSERT_OK_AND_ASSIGN(const Graph graph, Read());
  EXPECT_EQ(graph.node(1).types[0], (TensorType{DType::kFloat16, Shape{2, 3}}));
}

TEST_F(LoadModelTest, InputsHaveTheDtypeTheyDeclareAndNoShape) {
  WriteSymbol(R"json({"nodes": [
    {"op": "null", "name": "data", "attrs": {"__shape__": "(1, 3)", "__dtype__": "4"}, "inputs": []},
    {"op": "Flatten", "name": "f", "inputs": [[0, 0, 0]]}],
   "arg_nodes": [0], "heads": [[1, 0, 0]], "attrs": {"mxnet_version": ["int", 10901]}})json");
  ASSERT_OK_AND_ASSIGN(const Graph graph, Read());
  EXPECT_EQ(graph.node(graph.inputs()[0]).types[0], (TensorType{DType::kInt32, Shape::Unknown()}));
}

TEST_F(LoadModelTest, MissingParametersAreAllNamed) {
  WriteSymbol(kNet);
  WriteParams({{"arg:fc_bias", Bias()}});
  EXPECT_THAT(Read(),
              StatusIs(absl::StatusCode::kNotFound,
                       AllOf(HasSubstr("net-0000.params"), HasSubstr("\"fc_weight\" of FullyConnected \"fc\""))));
}

TEST_F(LoadModelTest, ParametersByStructureAreExplained) {
  WriteSymbol(kNet);
  WriteParams({{"0.weight", Weight()}, {"0.bias", Bias()}});
  EXPECT_THAT(Read(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("save_parameters")));
}

TEST_F(LoadModelTest, WrongShapesNameFileParameterExpectedAndGot) {
  WriteSymbol(kNet);
  WriteParams({{"arg:fc_weight", Tensor::Zeros({DType::kFloat32, Shape{5, 3}})}, {"arg:fc_bias", Bias()}});
  EXPECT_THAT(Read(), StatusIs(absl::StatusCode::kInvalidArgument,
                               HasSubstr("net-0000.params\": parameter \"fc_weight\": expected [2, -1], got float32 "
                                         "[5, 3]")));
  WriteParams({{"arg:fc_weight", Weight()}, {"arg:fc_bias", Tensor::Zeros({DType::kFloat32, Shape{3}})}});
  EXPECT_THAT(Read(), StatusIs(absl::StatusCode::kInvalidArgument,
                               AllOf(HasSubstr("parameter \"fc_bias\": expected"), HasSubstr("got float32 [3]"))));
}

TEST_F(LoadModelTest, ExtraParametersAreWarnedAbout) {
  WriteSymbol(kNet);
  WriteParams({{"arg:fc_weight", Weight()},
               {"arg:fc_bias", Bias()},
               {"arg:a", Bias()},
               {"aux:b", Bias()},
               {"c", Bias()},
               {"d", Bias()}});
  EXPECT_OK(Read());
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("parameters without a use: \"arg:a\", \"aux:b\", \"c\" and 1 more")));
}

TEST_F(LoadModelTest, ContradictingVariablesAreRefused) {
  for (const char* file : {"name_twice.json", "shape_conflict.json"}) {
    ASSERT_OK_AND_ASSIGN(const std::string text, ReadFile(GoldenFolder("params") + "/broken/" + file));
    WriteSymbol(text);
    ThreadPool pool(1);
    absl::Status status = LoadModel(folder_, pool).status();
    if (status.ok()) {  // the shape that a variable declares counts when it is given one
      ASSERT_OK_AND_ASSIGN(const auto model, LoadModel(folder_, pool));
      status = model
                   ->Run({{"data", Tensor::Zeros({DType::kFloat32, Shape{1, 3}})},
                          {"fc_weight", Weight()},
                          {"fc_bias", Bias()}})
                   .status();
    }
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("fc"))) << file;
  }
}

TEST_F(LoadModelTest, FilesThatAreNotThereAreNamed) {
  ThreadPool pool(1);
  EXPECT_THAT(LoadModel(folder_ + "/nothing", pool), StatusIs(absl::StatusCode::kNotFound, HasSubstr("nothing")));
  ModelFiles files;
  files.symbol = folder_ + "/net-symbol.json";
  EXPECT_THAT(ReadModel(files), StatusIs(absl::StatusCode::kNotFound, HasSubstr("net-symbol.json")));
  EXPECT_THAT(CheckModel(files), StatusIs(absl::StatusCode::kNotFound, HasSubstr("net-symbol.json")));
  WriteSymbol(kNet);
  files.params = folder_ + "/net-0000.params";
  EXPECT_THAT(ReadModel(files), StatusIs(absl::StatusCode::kNotFound, HasSubstr("net-0000.params")));
}

// --- CheckModel

TEST_F(LoadModelTest, CheckFindsNothingWrongWithASoundModel) {
  WriteSymbol(kNet);
  EXPECT_TRUE(Check().can_be_loaded());
  WriteParams({{"arg:fc_weight", Weight()}, {"arg:fc_bias", Bias()}});
  EXPECT_TRUE(Check().can_be_loaded());
}

TEST_F(LoadModelTest, CheckReportsParametersAndShapesTogether) {
  WriteSymbol(kNet);
  WriteParams({{"arg:fc_weight", Tensor::Zeros({DType::kFloat32, Shape{5, 3}})}, {"arg:other", Bias()}});
  const ModelReport report = Check();
  EXPECT_FALSE(report.can_be_loaded());
  EXPECT_THAT(report.missing_parameters, ElementsAre("fc_bias"));
  EXPECT_THAT(report.extra_parameters, ElementsAre("arg:other"));
  EXPECT_THAT(report.wrong_shapes, ElementsAre("parameter \"fc_weight\": expected [2, -1], got float32 [5, 3]"));
  EXPECT_THAT(report.other, IsEmpty());
}

TEST_F(LoadModelTest, CheckReportsParametersAlsoWhenOperatorsAreUnknown) {
  WriteSymbol(absl::StrReplaceAll(kNet, {{"\"op\": \"Activation\"", "\"op\": \"Fly\""}}));
  WriteParams({{"arg:fc_weight", Weight()}, {"arg:other", Bias()}});
  const ModelReport report = Check();
  EXPECT_THAT(report.unknown_operators, ElementsAre(std::pair("Fly", std::vector<std::string>{"act"})));
  EXPECT_THAT(report.missing_parameters, ElementsAre("fc_bias"));
  EXPECT_THAT(report.extra_parameters, ElementsAre("arg:other"));
  EXPECT_THAT(report.other, IsEmpty());
}

TEST_F(LoadModelTest, CheckReportsBothFilesWhenBothAreBroken) {
  WriteSymbol("{");
  ASSERT_OK(WriteFileAtomically(folder_ + "/net-0000.params", "html"));
  EXPECT_THAT(Check().other, ElementsAre(HasSubstr("net-symbol.json"), HasSubstr("net-0000.params")));
}

TEST_F(LoadModelTest, CheckReportsAttributesAndTypes) {
  WriteSymbol(absl::StrReplaceAll(kNet, {{"\"act_type\": \"relu\"", "\"act_type\": \"reloo\""}}));
  EXPECT_THAT(Check().other, ElementsAre(AllOf(HasSubstr("node \"act\""), HasSubstr("reloo"))));
  WriteSymbol(absl::StrReplaceAll(kNet, {{"(2, 0)", "(7, 0)"}}));
  EXPECT_THAT(Check().other, ElementsAre(HasSubstr("node \"fc\"")));
}

TEST_F(LoadModelTest, CheckReadsEveryElement) {
  WriteSymbol(kNet);
  ASSERT_OK_AND_ASSIGN(std::string npz, ReadFile(GoldenFolder("params") + "/broken/npz_crc.params"));
  ASSERT_OK(WriteFileAtomically(folder_ + "/net-0000.params", npz));
  EXPECT_THAT(Check().other, ElementsAre(HasSubstr("CRC")));
}

}  // namespace
}  // namespace baryon
