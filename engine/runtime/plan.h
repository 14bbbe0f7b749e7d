// A model compiled for inputs of given shapes: a list of steps and the place of every buffer.
#ifndef BARYON_ENGINE_RUNTIME_PLAN_H_
#define BARYON_ENGINE_RUNTIME_PLAN_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "engine/graph/op_def.h"
#include "engine/tensor/tensor.h"

namespace baryon {

class Workspace;

// Immutable; any number of requests run it at once, each with a Workspace of its own.
class Plan {
 public:
  // One operator with everything fixed but the addresses.
  struct Step {
    std::shared_ptr<const Kernel> kernel;
    std::string node, op;  // names, for profiles and errors
    int first_view = 0;    // its operands in Workspace::views: inputs, then outputs
    int num_inputs = 0, num_outputs = 0;
  };
  // Where the elements of a view are.
  struct Location {
    enum class Kind { kNone, kConstant, kArena, kInput, kOutput } kind = Kind::kNone;
    int index = 0;       // of the input or output of the plan
    int64_t offset = 0;  // in the arena or the output, in bytes
    const void* constant = nullptr;
  };
  struct View {
    TensorType type;
    Location location;
  };

  // A number no other plan of the process has: what a workspace remembers, as addresses are used again.
  int64_t id() const { return id_; }
  const TensorTypes& input_types() const { return input_types_; }  // kUnknown: an input that is not read
  const TensorTypes& output_types() const { return output_types_; }
  absl::Span<const Step> steps() const { return steps_; }
  absl::Span<const View> views() const { return views_; }
  int64_t arena_bytes() const { return arena_bytes_; }
  int64_t workspace_bytes() const { return workspace_bytes_; }  // scratch for each thread

  // Runs all steps. `inputs` and `outputs` have the addresses of the plan's inputs and outputs; outputs overlap
  // nothing. `workspace` is bound to this plan. With `step_times`, of steps().size() elements, adds each step's time to
  // it. Allocates nothing and takes no lock. Errors: those that steps report through OpContext::Fail.
  absl::Status Run(Workspace& workspace, absl::Span<const void* const> inputs, absl::Span<void* const> outputs,
                   absl::Span<absl::Duration> step_times = {}) const;

 private:
  friend class PlanBuilder;  // compile.cc

  Plan();

  const int64_t id_;
  TensorTypes input_types_, output_types_;
  std::vector<Step> steps_;
  std::vector<View> views_;
  std::vector<int> input_views_, output_views_;  // views whose address comes with each request
  std::vector<Tensor> constants_;                // those that steps read in place
  int64_t arena_bytes_ = 0, workspace_bytes_ = 0;
};

}  // namespace baryon

#endif  // BARYON_ENGINE_RUNTIME_PLAN_H_
