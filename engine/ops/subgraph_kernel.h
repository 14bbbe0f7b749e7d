// What loops and branches have in common: subgraphs that read some of the operator's inputs, named by location.
#ifndef BARYON_ENGINE_OPS_SUBGRAPH_KERNEL_H_
#define BARYON_ENGINE_OPS_SUBGRAPH_KERNEL_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "engine/graph/graph.h"
#include "engine/graph/op_def.h"

namespace baryon {

// ---------------------------------------------------------------------------------------------------------------------
// Types

// `num_args`, which counts the subgraphs, too, against the inputs there are; -1: the file has none.
absl::Status CheckNumArgs(int64_t num_args, size_t num_inputs, int num_subgraphs);

// INVALID_ARGUMENT unless a node can have so many outputs.
absl::Status CheckNumOutputs(int64_t num_outputs);

// INVALID_ARGUMENT, naming the attribute, unless every one of `locations` is in [0, count).
absl::Status CheckLocations(absl::string_view attribute, const IntTuple& locations, int64_t count);

// INVALID_ARGUMENT unless `type`, as far as it is known, has one element.
absl::Status CheckCondition(const TensorType& type);

// Adds what `from` knows to `to`. Errors: INVALID_ARGUMENT, they contradict each other.
absl::Status MergeType(const TensorType& from, TensorType& to);

// CompleteTypes for a subgraph whose input i is input locations[i] of the operator.
absl::Status CompleteSubgraphTypes(const Graph& graph, const IntTuple& locations, TensorTypes& inputs,
                                   TensorTypes& outputs);

// `type` without axis 0, one step of an array of steps; and back, with `steps` before its axes. What is unknown stays
// so.
TensorType StepType(const TensorType& type);
TensorType StackedType(const TensorType& type, int64_t steps);

// ---------------------------------------------------------------------------------------------------------------------
// Computing

// A subgraph made ready, and where its inputs are among the operator's.
struct SubgraphCall {
  IntTuple locations;
  IntTuple compiled_in;  // those of constants that it needs no more
  std::unique_ptr<const PreparedSubgraph> prepared;
};

// Makes subgraph `index` ready. Inputs that are constants are compiled into it, but for the locations in `varying`,
// whose values change from pass to pass. The first `num_stepped` inputs of the operator are given a row at a time.
// Errors: those of its operators.
absl::StatusOr<SubgraphCall> PrepareCall(const PrepareContext& context, size_t index, IntTuple locations,
                                         const IntTuple& varying = {}, int64_t num_stepped = 0);

// True when the one element of `type` at `element` is not 0.
bool IsTrue(const TensorType& type, const void* element);

// Memory for what a loop carries from step to step: twice, as a step reads what the one before it left. Immutable.
class LoopStates {
 public:
  explicit LoopStates(const TensorTypes& types);
  static int64_t Bytes(const TensorTypes& types) { return 2 * LoopStates(types).offsets_.back(); }

  size_t count() const { return offsets_.size() - 1; }
  // Where `step` leaves state i, in `memory` of Bytes() bytes.
  void* Next(char* memory, int64_t step, size_t i) const { return memory + step % 2 * offsets_.back() + offsets_[i]; }

 private:
  std::vector<int64_t> offsets_;  // of each, and the end
};

// A kernel that calls subgraphs.
class SubgraphKernel : public Kernel {
 public:
  // `memory_bytes`: what Compute needs besides, for the request as a whole.
  SubgraphKernel(const PrepareContext& context, std::vector<SubgraphCall> calls, int64_t memory_bytes);
  int64_t workspace_bytes() const final { return address_bytes_ + memory_bytes_; }
  bool packs_input(int i) const final { return compiled_in_[i]; }

 protected:
  // Addresses of the operator's inputs and outputs, to be changed at will, and the memory.
  struct Operands {
    const void** inputs;
    void** outputs;
    char* memory;  // 64-byte aligned
    const void** call_inputs;
  };
  Operands OperandsOf(OpContext& context) const;

  // One pass of call `index`; the results go to `outputs`.
  absl::Status Call(size_t index, const Operands& operands, absl::Span<void* const> outputs, OpContext& context) const;

 private:
  const std::vector<SubgraphCall> calls_;
  std::vector<bool> compiled_in_;  // by input
  int64_t address_bytes_, memory_bytes_;
};

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_SUBGRAPH_KERNEL_H_
