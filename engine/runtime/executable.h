// A compiled model.
#ifndef BARYON_ENGINE_RUNTIME_EXECUTABLE_H_
#define BARYON_ENGINE_RUNTIME_EXECUTABLE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "engine/base/thread_pool.h"
#include "engine/graph/graph.h"
#include "engine/runtime/compile.h"
#include "engine/runtime/plan.h"
#include "engine/runtime/signature.h"
#include "engine/runtime/workspace.h"

namespace baryon {

// Runs a graph for inputs of any batch size and, where the graph allows it, any image size. Any number of threads may
// call Run at once; they share weights and plans and nothing else.
//
// The first request with new shapes compiles a plan for them, which takes milliseconds; packed weights are shared
// between plans. After that a Run finds its plan without a lock, and the Run that is given its output buffers allocates
// nothing. At most kMostPlans plans are kept; requests of still other shapes compile again each time.
class Executable {
 public:
  // `pool` outlives the executable. Errors: those of InferSignature. Shapes are checked when they are known: call
  // PlanFor to have a model complain at load.
  static absl::StatusOr<std::shared_ptr<const Executable>> Create(Graph graph, ThreadPool& pool,
                                                                  CompileOptions options = {});
  ~Executable();

  const Graph& graph() const { return graph_; }
  const Signature& signature() const { return signature_; }
  ThreadPool& pool() const { return pool_; }
  const CompileOptions& options() const { return options_; }

  // The types of the outputs for inputs of `input_types` (signature order; kUnknown: not given). Compiles when needed.
  absl::StatusOr<TensorTypes> OutputTypes(const TensorTypes& input_types) const;

  // One forward pass. `inputs` in the order of the signature; an empty tensor is an optional input that is not given.
  // `outputs` come allocated, with the types that OutputTypes gives. Errors: INVALID_ARGUMENT naming input, expected
  // and got; RESOURCE_EXHAUSTED; what an operator reports.
  absl::Status Run(absl::Span<const Tensor> inputs, absl::Span<Tensor> outputs) const;
  // The same with outputs allocated here.
  absl::StatusOr<std::vector<Tensor>> Run(absl::Span<const Tensor> inputs) const;
  // The same by name: every non-optional input exactly once, in any order.
  absl::StatusOr<NamedTensors> Run(const NamedTensors& inputs) const;

  // The plan for inputs of these types, for profiles and tests. Valid as long as the executable when it is one of the
  // first kMostPlans.
  absl::StatusOr<std::shared_ptr<const Plan>> PlanFor(const TensorTypes& input_types) const;
  // A workspace bound to `plan`, to run it by hand; give it back.
  WorkspacePool& workspaces() const { return workspaces_; }

  static constexpr int kMostPlans = 64;

 private:
  Executable(Graph graph, Signature signature, ThreadPool& pool, CompileOptions options);

  const Plan* FindPlan(absl::Span<const Tensor> inputs) const;
  absl::Status CheckInputs(absl::Span<const Tensor> inputs) const;
  bool TakesReshaped(const TensorSpec& spec, absl::Span<const Tensor> inputs, size_t i) const;
  absl::Status RunPlan(const Plan& plan, absl::Span<const Tensor> inputs, absl::Span<Tensor> outputs) const;

  const Graph graph_;
  const Signature signature_;
  ThreadPool& pool_;
  const CompileOptions options_;
  const bool interpreted_;  // shapes depend on values somewhere: run node by node

  mutable PreparedCache prepared_{std::make_shared<HugePagePool>()};
  mutable WorkspacePool workspaces_;
  mutable std::atomic<const Plan*> plans_[kMostPlans] = {};  // filled from the front, never changed after
  mutable absl::Mutex compile_mutex_;
  mutable std::vector<std::shared_ptr<const Plan>> owned_ ABSL_GUARDED_BY(compile_mutex_);
};

}  // namespace baryon

#endif  // BARYON_ENGINE_RUNTIME_EXECUTABLE_H_
