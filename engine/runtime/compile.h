// Graph to plan.
#ifndef BARYON_ENGINE_RUNTIME_COMPILE_H_
#define BARYON_ENGINE_RUNTIME_COMPILE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "engine/base/memory.h"
#include "engine/graph/graph.h"
#include "engine/passes/pipeline.h"
#include "engine/runtime/plan.h"
#include "engine/runtime/tuner.h"

namespace baryon {

struct CompileOptions {
  Numerics numerics = Numerics::kFast;
  PassOptions passes;
  // A plan whose values, outputs among them, need more than this is refused (RESOURCE_EXHAUSTED) before any of it is
  // allocated.
  int64_t max_arena_bytes = UsableMemoryBytes();
  // Times the algorithms of convolutions; nullptr: rules choose them.
  std::shared_ptr<Tuner> tuner = nullptr;
};

// Compiles `graph` for inputs of `input_types`, in the order of graph.inputs(); kUnknown stands for an input that is
// not given. Packed weights come from and go to `cache`. Errors: INVALID_ARGUMENT, the types do not fit the graph, or
// an input is missing; RESOURCE_EXHAUSTED.
absl::StatusOr<std::unique_ptr<const Plan>> Compile(Graph graph, const TensorTypes& input_types, int num_threads,
                                                    const CompileOptions& options, PreparedCache& cache);

// The graph that Compile makes steps from: types inferred, passes run. For `summary --graph` and tests.
absl::StatusOr<Graph> OptimizedGraph(Graph graph, const TensorTypes& input_types, const CompileOptions& options);

}  // namespace baryon

#endif  // BARYON_ENGINE_RUNTIME_COMPILE_H_
