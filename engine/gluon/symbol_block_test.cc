#include "engine/gluon/symbol_block.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "engine/gluon/testing/tutorial.h"
#include "engine/graph/graph_text.h"
#include "engine/io/npy.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/golden.h"
#include "tests/support/model_case.h"

namespace baryon {
namespace {

using absl::StatusCode;
using gluon::SymbolBlock;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StrEq;

// Both releases' exports.
TEST(SymbolBlockTest, ImportsWhatMXNetExported) {
  for (const char* name : {"dense", "hybrid_sequential", "lenet", "mlp_hybrid"}) {
    for (const char* version : {"v1", "v2"}) {
      SCOPED_TRACE(testing::Message() << name << " " << version);
      const std::string folder = TutorialFolder(name, version);
      ASSERT_OK_AND_ASSIGN(SymbolBlock net, SymbolBlock::Imports(folder + "/model-symbol.json", {"data"},
                                                                 folder + "/model-0000.params"));
      ASSERT_OK_AND_ASSIGN(const NamedTensors input, ReadNpz(folder + "/input.npz"));
      ASSERT_OK_AND_ASSIGN(const NamedTensors expected, ReadNpz(folder + "/output.npz"));
      const NDArray y = net(input[0].second);
      ASSERT_OK(y.status());
      EXPECT_LE(ScaledError(y.tensor(), expected[0].second), 1e-5);
    }
  }
}

// Attention, squeeze and excitation, a network of the symbol API: parameters are constants of the graph here.
TEST(SymbolBlockTest, RunsWholeNetworks) {
  for (const char* name : {"bert_tiny", "face_embedding_symbol", "mobilenetv3_large_half", "segmentation_bilinear"}) {
    SCOPED_TRACE(name);
    ASSERT_OK_AND_ASSIGN(const ModelCase model_case, ReadModelCase(GoldenFolder("gluon") + "/" + name));
    std::vector<std::string> input_names;
    NDArrays inputs;
    for (const auto& [input_name, tensor] : model_case.inputs) {
      input_names.push_back(input_name);
      inputs.emplace_back(tensor);
    }
    SymbolBlock net(model_case.graph, input_names);
    const NDArrays outputs = net.Call(inputs);
    ASSERT_OK(outputs[0].status());
    NamedTensors got;
    for (size_t i = 0; i < outputs.size(); ++i) {
      got.emplace_back(model_case.graph.outputs()[i].name, outputs[i].tensor());
    }
    EXPECT_EQ(Disagreement(model_case, got), "");
  }
}

SymbolBlock Imported(const std::string& param_file = "/model-0000.params") {
  const std::string folder = TutorialFolder("hybrid_sequential", "v1");
  auto block = SymbolBlock::Imports(folder + "/model-symbol.json", {"data"}, folder + param_file);
  EXPECT_TRUE(block.ok()) << block.status();
  return *std::move(block);
}

TEST(SymbolBlockTest, PrintsTheLastNode) {
  EXPECT_THAT(Imported().ToString(), StrEq("SymbolBlock(\n<_Symbol dense2_fwd> : 1 -> 1\n)"));
}

TEST(SymbolBlockTest, HasParametersCalledAsInTheGraph) {
  SymbolBlock net = Imported();
  EXPECT_THAT(net.CollectParams().names(), ElementsAre("dense0_weight", "dense0_bias", "dense1_weight", "dense1_bias",
                                                       "dense2_weight", "dense2_bias"));
  ASSERT_OK(net.param("dense2_bias").SetData(np::Full({2}, 7)));
  ASSERT_OK(net.param("dense2_weight").SetData(np::Zeros({2, 25})));
  EXPECT_EQ(net(np::Ones({1, 3})).ToString(), "array([[7., 7.]])");
}

TEST(SymbolBlockTest, CanBeInitializedWithoutAFile) {
  const std::string folder = TutorialFolder("hybrid_sequential", "v1");
  ASSERT_OK_AND_ASSIGN(SymbolBlock net, SymbolBlock::Imports(folder + "/model-symbol.json", {"data"}));
  EXPECT_THAT(net(np::Ones({1, 3})).status(),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("'dense0_weight' has not been initialized")));
  net.Initialize();
  ASSERT_OK(net(np::Ones({1, 3})).status());
  EXPECT_EQ(net.param("dense1_weight").shape(), Shape({25, 5}));
}

TEST(SymbolBlockTest, ReportsFilesThatDoNotFit) {
  const std::string folder = TutorialFolder("hybrid_sequential", "v1"), other = TutorialFolder("dense", "v1");
  const std::string symbol = folder + "/model-symbol.json";
  EXPECT_THAT(SymbolBlock::Imports(symbol, {"data"}, other + "/model-0000.params"),
              StatusIs(StatusCode::kNotFound, HasSubstr("Parameter 'dense1_weight' is missing")));
  ASSERT_OK_AND_ASSIGN(SymbolBlock net,
                       SymbolBlock::Imports(symbol, {"data"}, other + "/model-0000.params", {.allow_missing = true}));
  EXPECT_TRUE(net.param("dense0_weight").is_initialized());
  EXPECT_THAT(SymbolBlock::Imports(other + "/model-symbol.json", {"data"}, folder + "/model-0000.params"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("is not present in Dict")));
  ASSERT_OK(SymbolBlock::Imports(other + "/model-symbol.json", {"data"}, folder + "/model-0000.params",
                                 {.ignore_extra = true})
                .status());
  EXPECT_THAT(SymbolBlock::Imports(folder + "/none-symbol.json", {"data"}), StatusIs(StatusCode::kNotFound));
}

// In the order of `input_names`; a name that the graph has not is an input nobody reads.
TEST(SymbolBlockTest, TakesInputsInTheOrderOfTheirNames) {
  ASSERT_OK_AND_ASSIGN(Graph graph, GraphFromText("input a: float32 [-1]\ninput b: float32 [-1]\n"
                                                  "d = elemwise_sub(a, b)\noutput d_output = d\n"));
  SymbolBlock net(graph, {"b", "unused", "a"});
  EXPECT_EQ(net(np::Array({1}), NDArray(), np::Array({5})).ToString(), "array([4.])");
  EXPECT_THAT(net(np::Array({1})).status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("expected 3 inputs (b, unused, a), got 1")));
}

TEST(SymbolBlockTest, NeedsNoLabels) {
  ASSERT_OK_AND_ASSIGN(Graph graph, GraphFromText("input data: float32 [-1, -1]\ninput softmax_label: float32 [-1]\n"
                                                  "s = SoftmaxOutput(data, softmax_label)\noutput s_output = s\n"));
  SymbolBlock net(graph, {"data"});
  EXPECT_TRUE(net.params().empty());
  EXPECT_EQ(net(np::Zeros({1, 2})).ToString(), "array([[0.5, 0.5]])");
}

TEST(SymbolBlockTest, MayBePartOfAnotherBlock) {
  nn::HybridSequential net;
  net.Add(Imported(), nn::Dense(1, {.in_units = 2}));
  net.Initialize();
  const NDArray x = np::random::Uniform(-1, 1, {2, 3}), before = net(x);
  ASSERT_OK(before.status());
  net.Hybridize();
  EXPECT_TRUE(np::AllClose(net(x), before, 1e-6, 1e-6));
}

TEST(SymbolBlockTest, ExportsWithoutAForward) {
  const std::string prefix = testing::TempDir() + "/again";
  ASSERT_OK_AND_ASSIGN(const auto files, Imported().Export(prefix));
  ASSERT_OK_AND_ASSIGN(SymbolBlock again, SymbolBlock::Imports(files.first, {"data"}, files.second));
  SymbolBlock net = Imported();
  EXPECT_TRUE(np::ArrayEqual(again(np::Ones({2, 3})), net(np::Ones({2, 3}))));
}

TEST(SymbolBlockTest, KeepsBatchNormalisationInFloat32) {
  ASSERT_OK_AND_ASSIGN(
      Graph graph,
      GraphFromText("input data: float32 [-1, -1]\ninput w: float32 [-1, -1]\ninput bn_gamma: float32 [-1]\n"
                    "input bn_beta: float32 [-1]\ninput bn_moving_mean: float32 [-1]\n"
                    "input bn_moving_var: float32 [-1]\nd = FullyConnected(data, w) {num_hidden=2, no_bias=True}\n"
                    "bn = BatchNorm(d, bn_gamma, bn_beta, bn_moving_mean, bn_moving_var)\noutput bn_output = bn\n"));
  SymbolBlock net(graph, {"data"});
  net.Cast(DType::kFloat16);
  EXPECT_EQ(net.param("w").dtype(), DType::kFloat16);
  for (const char* name : {"bn_gamma", "bn_beta", "bn_moving_mean", "bn_moving_var"}) {
    EXPECT_EQ(net.param(name).dtype(), DType::kFloat32);
  }
  EXPECT_EQ(net.param("bn_moving_var").grad_req(), gluon::GradReq::kNull);
}

}  // namespace
}  // namespace baryon
