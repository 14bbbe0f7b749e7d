// Tests of operators with subgraphs: a graph of one such operator on inputs, run node by node.
#ifndef BARYON_ENGINE_OPS_TESTING_LOOP_TESTER_H_
#define BARYON_ENGINE_OPS_TESTING_LOOP_TESTER_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/base/thread_pool.h"
#include "engine/graph/graph.h"
#include "engine/graph/graph_text.h"
#include "engine/graph/run_op.h"
#include "gtest/gtest.h"

namespace baryon {

// The graph of `text`, see graph_text.h.
inline std::shared_ptr<const Graph> Subgraph(const std::string& text) {
  absl::StatusOr<Graph> graph = GraphFromText(text);
  EXPECT_TRUE(graph.ok()) << graph.status();
  return std::make_shared<const Graph>(graph.ok() ? *std::move(graph) : Graph());
}

// A graph whose outputs are those of `op` on as many inputs as there are types.
inline absl::StatusOr<Graph> LoopGraph(const std::string& op, const Attrs& attrs,
                                       std::vector<std::shared_ptr<const Graph>> subgraphs, const TensorTypes& types) {
  Graph graph;
  std::vector<Value> inputs;
  for (const TensorType& type : types) inputs.push_back({graph.AddInput(absl::StrCat("x", inputs.size()), type), 0});
  BARYON_ASSIGN_OR_RETURN(const NodeId node,
                          graph.AddOperator(op, "loop", attrs, inputs, /*from_file=*/true, std::move(subgraphs)));
  for (int i = 0; i < graph.node(node).num_visible_outputs; ++i) graph.AddOutput({node, i}, absl::StrCat("y", i));
  BARYON_RETURN_IF_ERROR(InferTypes(graph));
  return graph;
}

// The outputs for `inputs`.
inline absl::StatusOr<std::vector<Tensor>> RunLoop(const std::string& op, const Attrs& attrs,
                                                   std::vector<std::shared_ptr<const Graph>> subgraphs,
                                                   const std::vector<Tensor>& inputs) {
  static ThreadPool* pool = new ThreadPool(2);
  TensorTypes types;
  for (const Tensor& input : inputs) types.push_back(input.type());
  BARYON_ASSIGN_OR_RETURN(const Graph graph, LoopGraph(op, attrs, std::move(subgraphs), types));
  return RunGraph(graph, inputs, *pool);
}

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_TESTING_LOOP_TESTER_H_
