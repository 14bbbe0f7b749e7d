#include "engine/runtime/row_chain_kernel.h"

#include <algorithm>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/runtime/row_steps.h"

namespace baryon {

RowChainKernel::RowChainKernel(int64_t rows, int num_threads, std::unique_ptr<const Plan> alone,
                               std::unique_ptr<const Plan> together)
    : rows_(rows),
      num_threads_(num_threads),
      alone_{std::move(alone), nullptr},
      together_{std::move(together), nullptr} {}

// As many as threads run rows at once, now: which of the first passes has all of them at work is chance.
void RowChainKernel::MakeWorkspaces(ThreadPool& pool) const {
  const int64_t rows_alone = RowsAlone(rows_, num_threads_);
  for (RowPlan* plan : {&alone_, &together_}) {
    plan->workspaces = std::make_unique<WorkspacePool>(pool);
    std::vector<std::unique_ptr<Workspace>> made;
    const int64_t wanted = plan == &alone_ ? std::min<int64_t>(num_threads_, rows_alone) : rows_alone < rows_;
    for (int64_t i = 0; i < wanted; ++i) {
      absl::StatusOr<std::unique_ptr<Workspace>> workspace = plan->workspaces->Take(*plan->plan);
      if (workspace.ok()) made.push_back(*std::move(workspace));  // else the row that needs it will say so
    }
    for (std::unique_ptr<Workspace>& workspace : made) plan->workspaces->Return(std::move(workspace));
  }
}

void RowChainKernel::Compute(OpContext& context) const {
  std::call_once(once_, [&] { MakeWorkspaces(context.pool()); });
  const int64_t rows_alone = RowsAlone(rows_, num_threads_);
  absl::Mutex mutex;
  context.ParallelFor(static_cast<int>(rows_alone), [&](int row, int) {
    if (absl::Status status = RunRow(alone_, row, context); !status.ok()) {
      absl::MutexLock lock(&mutex);
      context.Fail(std::move(status));
    }
  });
  for (int64_t row = rows_alone; row < rows_; ++row) {
    if (absl::Status status = RunRow(together_, row, context); !status.ok()) context.Fail(std::move(status));
  }
}

absl::Status RowChainKernel::RunRow(const RowPlan& of_row, int64_t row, OpContext& context) const {
  const Plan& plan = *of_row.plan;
  absl::InlinedVector<const void*, 16> inputs;
  absl::InlinedVector<void*, 16> outputs;
  for (int i = 0; i < context.num_inputs(); ++i) inputs.push_back(RowOf(context.input(i), row, rows_));
  for (int i = 0; i < context.num_outputs(); ++i) outputs.push_back(RowOf(context.output(i), row, rows_));
  BARYON_ASSIGN_OR_RETURN(std::unique_ptr<Workspace> workspace, of_row.workspaces->Take(plan));
  absl::Status status;
  if (is_timed_.load(std::memory_order_relaxed)) {
    std::vector<absl::Duration> times(plan.steps().size());
    status = plan.Run(*workspace, inputs, outputs, absl::MakeSpan(times));
    absl::MutexLock lock(&times_mutex_);
    for (size_t i = 0; i < times.size(); ++i) times_[i] += &of_row == &alone_ ? times[i] / num_threads_ : times[i];
  } else {
    status = plan.Run(*workspace, inputs, outputs);
  }
  of_row.workspaces->Return(std::move(workspace));
  return status;
}

void RowChainKernel::StartTimes() const {
  absl::MutexLock lock(&times_mutex_);
  times_.assign(plan().steps().size(), absl::ZeroDuration());
  is_timed_.store(true, std::memory_order_relaxed);
}

std::vector<absl::Duration> RowChainKernel::StopTimes() const {
  absl::MutexLock lock(&times_mutex_);
  is_timed_.store(false, std::memory_order_relaxed);
  return std::move(times_);
}

std::string RowChainKernel::algorithm() const {
  const int64_t rows_alone = RowsAlone(rows_, num_threads_);
  return absl::StrCat(plan().steps().size(), " steps for each of ", rows_, " rows",
                      rows_alone < rows_ ? absl::StrCat(", ", rows_ - rows_alone, " of them by all threads") : "");
}

int64_t RowChainKernel::num_multiplications() const { return rows_ * SumOfSteps(plan(), &Kernel::num_multiplications); }
int64_t RowChainKernel::num_executed_multiplications() const {
  return rows_ * SumOfSteps(plan(), &Kernel::num_executed_multiplications);
}
int64_t RowChainKernel::packed_bytes() const { return SumOfSteps(plan(), &Kernel::packed_bytes); }

}  // namespace baryon
