// The memory of one running request.
#ifndef BARYON_ENGINE_RUNTIME_WORKSPACE_H_
#define BARYON_ENGINE_RUNTIME_WORKSPACE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/base/huge_pages.h"
#include "engine/base/thread_pool.h"
#include "engine/graph/op_def.h"
#include "engine/runtime/plan.h"

namespace baryon {

// An arena for the values of a plan, scratch for each thread, and the operands of all steps with their addresses filled
// in. One request at a time uses it; it can be bound to another plan afterwards.
class Workspace {
 public:
  explicit Workspace(ThreadPool& pool) : resources_(pool, nullptr, 0) {}
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  // Makes room for `plan`, which outlives the binding, and fills in the addresses. Errors: RESOURCE_EXHAUSTED.
  absl::Status Bind(const Plan& plan);

  int64_t plan_id() const { return plan_id_; }  // -1: not bound
  int64_t size_bytes() const { return memory_bytes_; }

 private:
  friend class Plan;

  absl::Status Reserve(int64_t bytes);

  int64_t plan_id_ = -1;
  // The arena, then one scratch area for each thread: in large pages, or where that would be a waste in `small_`.
  HugeBlock block_;
  Tensor small_;
  char* memory_ = nullptr;
  int64_t memory_bytes_ = 0;
  std::vector<TensorView> views_;
  Resources resources_;
};

// Workspaces that wait for the next request. Thread-safe; takes no lock. Holds at most kSlots of them, which is more
// than requests run at once in practice; others are freed when they are returned.
class WorkspacePool {
 public:
  explicit WorkspacePool(ThreadPool& pool) : pool_(pool) {}
  ~WorkspacePool();

  // A workspace bound to `plan`: one that was bound to it before if there is any. Allocates when there is none.
  absl::StatusOr<std::unique_ptr<Workspace>> Take(const Plan& plan);
  void Return(std::unique_ptr<Workspace> workspace);

  // Bytes of all workspaces that wait here.
  int64_t idle_bytes() const { return idle_bytes_.load(std::memory_order_relaxed); }

 private:
  static constexpr int kSlots = 64;
  struct Slot {
    std::atomic<Workspace*> workspace{nullptr};
    std::atomic<int64_t> plan_id{-1};  // a hint: what the workspace is bound to
  };

  ThreadPool& pool_;
  Slot slots_[kSlots];
  std::atomic<int64_t> idle_bytes_{0};
};

}  // namespace baryon

#endif  // BARYON_ENGINE_RUNTIME_WORKSPACE_H_
