#include "engine/zoo/network_file.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/runtime/executable.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/model_case.h"
#include "tests/support/seeded.h"

namespace baryon::zoo {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

constexpr char kName[] = "squeezenet1.1";
constexpr int64_t kClasses = 3;

// The name of a parameter in some kind of file.
using Naming = std::string (*)(const Parameter& parameter);

std::string AsSaveParameters(const Parameter& parameter) { return parameter.structure; }
std::string AsExport(const Parameter& parameter) { return "arg:" + parameter.name; }
std::string AsAnotherExport(const Parameter& parameter) {
  return "arg:" + absl::StrReplaceAll(parameter.name, {{"squeezenet0_", "squeezenet7_"}});
}
std::string AsSaveParams(const Parameter& parameter) { return parameter.name.substr(parameter.name.find('_') + 1); }

NamedTensors Seeded(Naming naming) {
  const auto network = MakeNetwork(kName, kClasses);
  EXPECT_OK(network.status());
  NamedTensors tensors;
  for (const Parameter& parameter : network->parameters) {
    tensors.emplace_back(naming(parameter),
                         SeededParameter(parameter.name, network->graph.type({parameter.node, 0}).shape));
  }
  return tensors;
}

std::string Write(const NamedTensors& tensors) {
  const std::string path = testing::TempDir() + "/network.params";
  EXPECT_OK(WriteParamsFile(path, tensors));
  return path;
}

absl::StatusOr<Tensor> Answer(const std::string& path) {
  static auto* const pool = new ThreadPool(1);
  BARYON_ASSIGN_OR_RETURN(Graph graph, ReadNetwork(kName, path));
  BARYON_ASSIGN_OR_RETURN(const auto executable, Executable::Create(std::move(graph), *pool));
  const Tensor picture = SeededInput("data", {1, 3, 224, 224});
  BARYON_ASSIGN_OR_RETURN(const std::vector<Tensor> outputs, executable->Run(absl::MakeConstSpan(&picture, 1)));
  return outputs[0];
}

TEST(ReadNetworkTest, TakesTheNamesOfAllKindsOfFiles) {
  ASSERT_OK_AND_ASSIGN(const Tensor expected, Answer(Write(Seeded(AsSaveParameters))));
  EXPECT_EQ(expected.shape(), Shape({1, kClasses}));
  for (Naming naming : {AsExport, AsAnotherExport, AsSaveParams}) {
    ASSERT_OK_AND_ASSIGN(const Tensor answer, Answer(Write(Seeded(naming))));
    EXPECT_EQ(ScaledError(answer, expected), 0);
  }
}

TEST(ReadNetworkTest, ConvertsOtherDTypes) {
  NamedTensors half = Seeded(AsSaveParameters);
  for (auto& [name, tensor] : half) tensor = tensor.Cast(DType::kFloat16);
  ASSERT_OK_AND_ASSIGN(const Tensor answer, Answer(Write(half)));
  ASSERT_OK_AND_ASSIGN(const Tensor expected, Answer(Write(Seeded(AsSaveParameters))));
  EXPECT_EQ(answer.dtype(), DType::kFloat32);
  EXPECT_LT(ScaledError(answer, expected), 0.05);
}

TEST(ReadNetworkTest, NamesWhatDoesNotFit) {
  NamedTensors tensors = Seeded(AsSaveParameters);
  const std::pair<std::string, Tensor> first = tensors.front();
  tensors.front().second = SeededParameter("w", {64, 3, 5, 5});
  EXPECT_THAT(ReadNetwork(kName, Write(tensors)).status(),
              StatusIs(StatusCode::kInvalidArgument,
                       HasSubstr("\"features.0.weight\": expected shape [64, 3, 3, 3], got [64, 3, 5, 5]")));
  tensors.erase(tensors.begin());
  EXPECT_THAT(ReadNetwork(kName, Write(tensors)).status(),
              StatusIs(StatusCode::kNotFound, HasSubstr("\"features.0.weight\" or \"squeezenet0_conv0_weight\"")));
  tensors.push_back(first);
  tensors.emplace_back("anchors", SeededParameter("w", {2}));
  EXPECT_THAT(ReadNetwork(kName, Write(tensors)).status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("\"anchors\" has no place in the network")));
  EXPECT_THAT(ReadNetwork("resnet19", Write(tensors)).status(), StatusIs(StatusCode::kNotFound));
}

}  // namespace
}  // namespace baryon::zoo
