#include "engine/runtime/planned_subgraph.h"

#include <utility>

#include "absl/container/inlined_vector.h"
#include "engine/base/status_macros.h"

namespace baryon {

PlannedSubgraph::PlannedSubgraph(std::shared_ptr<const Plan> plan, std::vector<int> plan_inputs)
    : plan_(std::move(plan)), plan_inputs_(std::move(plan_inputs)) {}

absl::Status PlannedSubgraph::Run(absl::Span<const void* const> inputs, absl::Span<void* const> outputs,
                                  ThreadPool& pool) const {
  std::call_once(once_, [&] { workspaces_ = std::make_unique<WorkspacePool>(pool); });
  absl::InlinedVector<const void*, 8> given;
  for (int i : plan_inputs_) given.push_back(inputs[i]);
  BARYON_ASSIGN_OR_RETURN(std::unique_ptr<Workspace> workspace, workspaces_->Take(*plan_));
  const absl::Status status = plan_->Run(*workspace, given, outputs);
  workspaces_->Return(std::move(workspace));
  return status;
}

}  // namespace baryon
