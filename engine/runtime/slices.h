// Joins without copies: which values are computed as slices of a wider one.
#ifndef BARYON_ENGINE_RUNTIME_SLICES_H_
#define BARYON_ENGINE_RUNTIME_SLICES_H_

#include <cstdint>
#include <map>

#include "absl/functional/function_ref.h"
#include "engine/graph/graph.h"

namespace baryon {

// A value whose rows along the last axis lie within those of `whole`.
struct Slice {
  Value whole;         // itself no slice
  int64_t offset = 0;  // of the first row, in elements
  int64_t stride = 0;  // from one row to the next: the size of the last axis of `whole`
  NodeId join = -1;    // the operator that need not copy it any more
};

// Immutable after PlanSlices.
class Slices {
 public:
  // nullptr: the value has a place of its own.
  const Slice* Find(Value value) const {
    const auto it = slices_.find(value);
    return it == slices_.end() ? nullptr : &it->second;
  }
  // Whether input `i` of `node`, an operator that joins its inputs, is where the output has it.
  bool IsInPlace(const Graph& graph, NodeId node, int i) const {
    const Slice* slice = Find(graph.node(node).inputs[i]);
    return slice != nullptr && slice->join == node;
  }

 private:
  friend Slices PlanSlices(const Graph& graph, absl::FunctionRef<bool(NodeId)> is_left_out);
  std::map<Value, Slice> slices_;
};

// Finds joins along the last axis (OpDef::joins_last_axis), also of joins, whose inputs can be computed in place:
// float32 values that one operator makes, that are no output of the graph, and whose makers and readers all take slices
// (OpDef::takes_slice). Such a value has no other use for its memory. Operators that are left out neither join nor make
// or read slices.
Slices PlanSlices(const Graph& graph, absl::FunctionRef<bool(NodeId)> is_left_out);
inline Slices PlanSlices(const Graph& graph) {
  return PlanSlices(graph, [](NodeId) { return false; });
}

}  // namespace baryon

#endif  // BARYON_ENGINE_RUNTIME_SLICES_H_
