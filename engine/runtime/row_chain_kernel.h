// A chain of steps for a batch: each row passes through all of them on one thread.
#ifndef BARYON_ENGINE_RUNTIME_ROW_CHAIN_KERNEL_H_
#define BARYON_ENGINE_RUNTIME_ROW_CHAIN_KERNEL_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "engine/graph/op_def.h"
#include "engine/runtime/plan.h"
#include "engine/runtime/workspace.h"

namespace baryon {

// Threads take whole rows as long as there is one for each; the rest are computed one after the other by all threads.
// Inputs and outputs of the step have all rows, those of the plans one. Immutable but for workspaces that wait for the
// next pass and for what a profile asks for.
class RowChainKernel : public Kernel {
 public:
  static constexpr char kOp[] = "row chain";  // of such a step, in place of an operator's name

  // Plans of the chain for one row: `alone` for one thread, `together` for all of them. The one that RowsAlone makes
  // unnecessary may be nullptr.
  RowChainKernel(int64_t rows, int num_threads, std::unique_ptr<const Plan> alone,
                 std::unique_ptr<const Plan> together);

  // How many of `rows` have a thread of their own.
  static int64_t RowsAlone(int64_t rows, int num_threads) { return rows - rows % num_threads; }

  void Compute(OpContext& context) const override;
  std::string algorithm() const override;
  int64_t num_multiplications() const override;
  int64_t num_executed_multiplications() const override;
  int64_t packed_bytes() const override;

  // The steps that each row takes.
  const Plan& plan() const { return alone_.plan != nullptr ? *alone_.plan : *together_.plan; }
  int64_t rows() const { return rows_; }
  // From now on, adds up how long each step takes, as if all threads had shared it. For one profile at a time.
  void StartTimes() const;
  std::vector<absl::Duration> StopTimes() const;

 private:
  // A plan and the memory of its passes.
  struct RowPlan {
    std::unique_ptr<const Plan> plan;  // or nullptr
    std::unique_ptr<WorkspacePool> workspaces;
  };

  void MakeWorkspaces(ThreadPool& pool) const;
  absl::Status RunRow(const RowPlan& plan, int64_t row, OpContext& context) const;

  const int64_t rows_;
  const int num_threads_;
  mutable RowPlan alone_, together_;
  mutable std::once_flag once_;  // the first pass tells the threads
  mutable std::atomic<bool> is_timed_{false};
  mutable absl::Mutex times_mutex_;
  mutable std::vector<absl::Duration> times_ ABSL_GUARDED_BY(times_mutex_);
};

}  // namespace baryon

#endif  // BARYON_ENGINE_RUNTIME_ROW_CHAIN_KERNEL_H_
