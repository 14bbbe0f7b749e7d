// One operator on tensors at hand: eager execution, constant folding, the reference for compiled graphs.
#ifndef BARYON_ENGINE_GRAPH_RUN_OP_H_
#define BARYON_ENGINE_GRAPH_RUN_OP_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "engine/base/thread_pool.h"
#include "engine/graph/graph.h"

namespace baryon {

// The visible outputs of `op` with `attrs` for `inputs`. Allocates them; checks types first. Errors: those of the type
// rule and of the computation, without a node's name. Thread-safe. `known` has what is known of the output types
// besides, for operators whose attributes leave dimensions to their consumers (a begin state's batch).
absl::StatusOr<std::vector<Tensor>> RunOp(const OpDef& op, const BoundAttrs& attrs, absl::Span<const Tensor> inputs,
                                          ThreadPool& pool, absl::Span<const TensorType> known = {},
                                          absl::Span<const std::shared_ptr<const Graph>> subgraphs = {});

// Computes `op` into outputs that exist already, of the types its type rule gives (`output_types` has all of them,
// hidden ones included; an empty tensor is an output nobody reads). An output may share the elements of an input listed
// in op.in_place. For operators of static shapes.
absl::Status ComputeOp(const OpDef& op, const BoundAttrs& attrs, absl::Span<const Tensor> inputs,
                       const TensorTypes& output_types, absl::Span<Tensor> outputs, ThreadPool& pool,
                       absl::Span<const std::shared_ptr<const Graph>> subgraphs = {});

// The outputs of `graph` for its inputs, node by node with RunOp: no passes, no plan. The slow obvious version of an
// executable. `inputs` are in the order of graph.inputs(). Errors name the node.
absl::StatusOr<std::vector<Tensor>> RunGraph(const Graph& graph, absl::Span<const Tensor> inputs, ThreadPool& pool);

}  // namespace baryon

#endif  // BARYON_ENGINE_GRAPH_RUN_OP_H_
