// A loop's body or a branch as a plan of its own.
#ifndef BARYON_ENGINE_RUNTIME_PLANNED_SUBGRAPH_H_
#define BARYON_ENGINE_RUNTIME_PLANNED_SUBGRAPH_H_

#include <memory>
#include <mutex>
#include <vector>

#include "engine/graph/op_def.h"
#include "engine/runtime/plan.h"
#include "engine/runtime/workspace.h"

namespace baryon {

// Immutable but for workspaces that wait for the next pass; see PreparedSubgraph. A pass allocates nothing once as many
// passes have run at once before.
class PlannedSubgraph : public PreparedSubgraph {
 public:
  // Input i of `plan` is input plan_inputs[i] of the subgraph; the others are constants.
  PlannedSubgraph(std::shared_ptr<const Plan> plan, std::vector<int> plan_inputs);

  absl::Status Run(absl::Span<const void* const> inputs, absl::Span<void* const> outputs,
                   ThreadPool& pool) const override;

 private:
  const std::shared_ptr<const Plan> plan_;
  const std::vector<int> plan_inputs_;
  mutable std::once_flag once_;  // the first pass tells the threads
  mutable std::unique_ptr<WorkspacePool> workspaces_;
};

}  // namespace baryon

#endif  // BARYON_ENGINE_RUNTIME_PLANNED_SUBGRAPH_H_
