// The order of the passes, and the loop that runs them.
#ifndef BARYON_ENGINE_PASSES_PIPELINE_H_
#define BARYON_ENGINE_PASSES_PIPELINE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "engine/graph/graph.h"

namespace baryon {

struct Pass {
  const char* name;
  absl::Status (*run)(Graph& graph);
};

// All passes in the order in which they run.
absl::Span<const Pass> Pipeline();

struct PassOptions {
  std::vector<std::string> disabled;  // names of passes to leave out, to find a wrong one; "all" leaves out every one
  bool verify = false;                // check the graph after each pass (tests; adds some time to a compile)
  // Called after each pass with the graph it left.
  std::function<void(const Pass& pass, const Graph& graph, absl::Duration elapsed)> observer;
};

// Runs the pipeline on `graph`, whose types are known. Errors: INVALID_ARGUMENT for an unknown name in `disabled`;
// INTERNAL, naming the pass, when one leaves a wrong graph.
absl::Status RunPasses(Graph& graph, const PassOptions& options);

}  // namespace baryon

#endif  // BARYON_ENGINE_PASSES_PIPELINE_H_
