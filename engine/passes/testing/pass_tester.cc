#include "engine/passes/testing/pass_tester.h"

#include <random>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/graph/graph_text.h"
#include "engine/graph/run_op.h"
#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

std::vector<Tensor> RandomInputs(const Graph& graph) {
  std::mt19937 generator(3);
  std::uniform_real_distribution<float> distribution(-1, 1);
  std::vector<Tensor> inputs;
  for (NodeId id : graph.inputs()) {
    Tensor tensor = Tensor::Allocate({DType::kFloat32, graph.node(id).types[0].shape});
    for (int64_t i = 0; i < tensor.num_elements(); ++i) tensor.mutable_data<float>()[i] = distribution(generator);
    inputs.push_back(tensor.Cast(graph.node(id).types[0].dtype));
  }
  return inputs;
}

}  // namespace

std::string WithoutTypes(const std::string& text) {
  std::string result;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (line.empty()) continue;
    const size_t type = line.find(" : ");
    absl::StrAppend(&result, line.substr(0, type), "\n");
  }
  return result;
}

std::string RunPass(PassFunction pass, const std::string& before, double tolerance) {
  absl::StatusOr<Graph> graph = GraphFromText(before);
  EXPECT_OK(graph);
  if (!graph.ok()) return "";
  Graph changed = *graph;
  EXPECT_OK(pass(changed));
  changed.Prune();
  EXPECT_OK(VerifyGraph(changed)) << GraphToText(changed);

  ThreadPool pool(1);
  const std::vector<Tensor> inputs = RandomInputs(*graph);
  const absl::StatusOr<std::vector<Tensor>> want = RunGraph(*graph, inputs, pool),
                                            got = RunGraph(changed, inputs, pool);
  EXPECT_OK(want);
  EXPECT_OK(got) << GraphToText(changed);
  for (size_t i = 0; want.ok() && got.ok() && i < want->size(); ++i) {
    EXPECT_EQ(Difference((*got)[i], (*want)[i], {0, tolerance}), "") << "output " << i << "\n" << GraphToText(changed);
  }
  return WithoutTypes(GraphToText(changed));
}

}  // namespace baryon
