// Which steps are run row by row: with a batch, a row passes through several steps before the next row begins.
//
// Run step by step, a batch writes and reads maps that no cache holds, and threads meet after each step. A row's own
// maps stay in the cache, and threads that take whole rows meet once. What it costs: every row reads the weights again,
// which is why layers with large weights and small maps stay outside.
#ifndef BARYON_ENGINE_RUNTIME_ROW_CHAINS_H_
#define BARYON_ENGINE_RUNTIME_ROW_CHAINS_H_

#include <cstdint>
#include <vector>

#include "engine/graph/graph.h"

namespace baryon {

// Operators that follow each other in the topological order and whose outputs' rows depend on the same rows of their
// inputs alone. All values between them have `rows` rows, along axis 0.
struct RowChain {
  int64_t rows = 0;
  std::vector<NodeId> nodes;   // in topological order
  std::vector<Value> inputs;   // that are computed before, or come with the request
  std::vector<Value> outputs;  // that are read behind the chain
};

// The chains worth it. Their nodes are distinct, those of an earlier chain come before those of a later one. Types are
// known.
std::vector<RowChain> PlanRowChains(const Graph& graph);

// What a chain computes for one row: a graph with the chain's inputs and outputs, in their order. Shares the constants.
absl::StatusOr<Graph> RowGraph(const Graph& graph, const RowChain& chain);

}  // namespace baryon

#endif  // BARYON_ENGINE_RUNTIME_ROW_CHAINS_H_
