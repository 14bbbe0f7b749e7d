#include "engine/base/file.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/invoke.h"
#include "engine/gluon/np.h"
#include "engine/gluon/symbol_block.h"
#include "engine/gluon/testing/tutorial.h"
#include "engine/graph/graph_text.h"
#include "engine/io/npy.h"
#include "engine/io/params_file.h"
#include "engine/io/symbol_json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/model_case.h"

namespace baryon {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StrEq;

std::string ScratchPrefix(const std::string& name) { return testing::TempDir() + "/" + name; }

// The graph of a symbol file as text: names, operators, attributes and order.
std::string FileText(const std::string& path) {
  const auto json = ReadFile(path);
  EXPECT_TRUE(json.ok()) << json.status();
  const auto symbol = ReadSymbol(*json, path);
  EXPECT_TRUE(symbol.ok()) << symbol.status();
  return GraphToText(symbol->graph);
}

std::vector<std::string> ParamNames(const std::string& path) {
  const auto file = ParamsFile::Open(path);
  EXPECT_TRUE(file.ok()) << file.status();
  std::vector<std::string> names;
  for (const ParamsFile::Entry& entry : (*file)->entries()) names.push_back(entry.name + entry.type.ToString());
  return names;
}

TEST(ExportTest, WritesTheGraphThatMXNetWrites) {
  for (const char* name : {"dense", "hybrid_sequential", "lenet", "mlp_hybrid"}) {
    SCOPED_TRACE(name);
    const TutorialCase test_case = MakeTutorialCase(name);
    auto& net = dynamic_cast<nn::HybridBlock&>(*test_case.net);
    net.Initialize();
    net.Hybridize();
    ASSERT_OK(net(np::Ones(test_case.input)).status());
    ASSERT_OK_AND_ASSIGN(const auto files, net.Export(ScratchPrefix(name)));
    EXPECT_THAT(files.first, StrEq(ScratchPrefix(name) + "-symbol.json"));
    EXPECT_THAT(files.second, StrEq(ScratchPrefix(name) + "-0000.params"));
    const std::string theirs = TutorialFolder(name, "v1");
    EXPECT_THAT(FileText(files.first), StrEq(FileText(theirs + "/model-symbol.json")));
    EXPECT_EQ(ParamNames(files.second), ParamNames(theirs + "/model-0000.params"));
  }
}

TEST(ExportTest, GivesTheSameAfterImport) {
  const TutorialCase test_case = MakeTutorialCase("mlp_hybrid");
  auto& net = dynamic_cast<nn::HybridBlock&>(*test_case.net);
  net.Initialize();
  net.Hybridize();
  const NDArray x = np::random::Uniform(-1, 1, {3, 512}), y = net(x);
  ASSERT_OK_AND_ASSIGN(const auto files, net.Export(ScratchPrefix("round_trip"), 12));
  EXPECT_THAT(files.second, HasSubstr("-0012.params"));
  ASSERT_OK_AND_ASSIGN(gluon::SymbolBlock imported, gluon::SymbolBlock::Imports(files.first, {"data"}, files.second));
  EXPECT_TRUE(np::ArrayEqual(imported(x), y));
}

TEST(ExportTest, NeedsAForwardSinceHybridize) {
  const TutorialCase test_case = MakeTutorialCase("hybrid_sequential");
  auto& net = dynamic_cast<nn::HybridBlock&>(*test_case.net);
  net.Initialize();
  const absl::Status before = net.Export(ScratchPrefix("none")).status();
  EXPECT_EQ(before.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(before.message()), StrEq(TutorialMessage("v2", "export before hybridize")));
  net(np::Ones(test_case.input));
  net.Hybridize();
  EXPECT_EQ(net.Export(ScratchPrefix("none")).status(), before);
}

// Names of operators that stand outside of layers, of inputs, and of a constant of the code.
TEST(ExportTest, NamesOperatorsAfterTheBlockThatRuns) {
  class Residual : public nn::HybridBlock {
   public:
    Residual() {
      const NameScope scope(*this);
      dense = Register("dense", nn::Dense(3));
    }
    NDArrays ForwardMany(absl::Span<const NDArray> inputs) override {
      const NDArray sum = dense(inputs[0]) + inputs[0];
      return {InvokeOne("Activation", {{"act_type", "relu"}}, {sum}) * 2 + np::Array({1, 2, 3}), inputs[1]};
    }
    Child<nn::Dense> dense;
  };
  const NameManager fresh;
  Residual net;
  net.Initialize();
  net.Hybridize();
  ASSERT_OK(net.Call({np::Ones({1, 3}), np::Ones({2})})[0].status());
  ASSERT_OK_AND_ASSIGN(const auto files, net.Export(ScratchPrefix("residual")));
  EXPECT_THAT(FileText(files.first), StrEq(R"(input data0: unknown [...]
input residual0_dense0_weight: unknown [...]
input residual0_dense0_bias: unknown [...]
input residual0_constant0: unknown [...]
input data1: unknown [...]
residual0_dense0_fwd = FullyConnected(data0, residual0_dense0_weight, residual0_dense0_bias) {num_hidden=3} : unknown [...]
residual0__plus0 = elemwise_add(residual0_dense0_fwd, data0) : unknown [...]
residual0_activation0 = Activation(residual0__plus0) {act_type=relu} : unknown [...]
residual0__mulscalar0 = _mul_scalar(residual0_activation0) {scalar=2.0} : unknown [...]
residual0_broadcast_add0 = broadcast_add(residual0__mulscalar0, residual0_constant0) : unknown [...]
output residual0_broadcast_add0_output = residual0_broadcast_add0
output data1 = data1
)"));
}

TEST(ExportTest, RefusesTwoParametersOfOneName) {
  nn::HybridSequential net;
  net.Add(nn::Dense(3, {.in_units = 3, .prefix = "fc_"}), nn::Dense(3, {.in_units = 3, .prefix = "fc_"}));
  net.Initialize();
  net.Hybridize();
  ASSERT_OK(net(np::Ones({1, 3})).status());
  EXPECT_THAT(net.Export(ScratchPrefix("twice")), StatusIs(StatusCode::kInvalidArgument, HasSubstr("\"fc_weight\"")));
}

}  // namespace
}  // namespace baryon
