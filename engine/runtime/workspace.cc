#include "engine/runtime/workspace.h"

#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "engine/base/status_macros.h"

namespace baryon {

absl::Status Workspace::Reserve(int64_t bytes) {
  if (bytes <= memory_bytes_) return absl::OkStatus();
  memory_ = nullptr;
  memory_bytes_ = 0;
  block_ = HugeBlock();
  small_ = Tensor();
  if (bytes >= HugeBlock::kPageBytes / 2) {
    block_ = HugeBlock(bytes);
    memory_ = block_.data();
    memory_bytes_ = block_.size_bytes();
  } else if (absl::StatusOr<Tensor> small = Tensor::TryAllocate({DType::kUInt8, {bytes}}); small.ok()) {
    small_ = *std::move(small);
    memory_ = static_cast<char*>(small_.mutable_raw_data());
    memory_bytes_ = bytes;
  }
  if (memory_ != nullptr) return absl::OkStatus();
  memory_bytes_ = 0;
  return absl::ResourceExhaustedError(absl::StrCat("no memory for the ", bytes, " bytes a forward pass needs"));
}

absl::Status Workspace::Bind(const Plan& plan) {
  const int threads = resources_.pool().num_threads();
  // Scratch areas are a multiple of a line and an odd number of lines apart, so that threads do not meet in one set of
  // the cache.
  const int64_t scratch = AlignedSize(plan.workspace_bytes());
  const int64_t stride = scratch == 0 ? 0 : scratch + kTensorAlignment;
  const int64_t arena = AlignedSize(plan.arena_bytes());
  const int64_t needed = arena + stride * threads;
  plan_id_ = -1;
  BARYON_RETURN_IF_ERROR(Reserve(needed));
  resources_ = Resources(resources_.pool(), memory_ + arena, stride);
  views_.clear();
  views_.reserve(plan.views().size());
  for (const Plan::View& view : plan.views()) {
    void* data = nullptr;
    if (view.location.kind == Plan::Location::Kind::kConstant) data = const_cast<void*>(view.location.constant);
    if (view.location.kind == Plan::Location::Kind::kArena) data = memory_ + view.location.offset;
    views_.emplace_back(view.type.dtype, &view.type.shape, data);
  }
  plan_id_ = plan.id();
  return absl::OkStatus();
}

Plan::Plan()
    : id_([] {
        static std::atomic<int64_t> next{0};
        return next.fetch_add(1);
      }()) {}

absl::Status Plan::Run(Workspace& workspace, absl::Span<const void* const> inputs, absl::Span<void* const> outputs,
                       absl::Span<absl::Duration> step_times) const {
  BARYON_DCHECK(workspace.plan_id_ == id_);
  std::vector<TensorView>& views = workspace.views_;
  for (int i : input_views_) {
    views[i] =
        TensorView(views_[i].type.dtype, &views_[i].type.shape, const_cast<void*>(inputs[views_[i].location.index]));
  }
  for (int i : output_views_) {
    const Location& location = views_[i].location;
    char* data = static_cast<char*>(outputs[location.index]) + location.offset;
    views[i] = TensorView(views_[i].type.dtype, &views_[i].type.shape, data);
  }
  Resources& resources = workspace.resources_;
  ThreadPool::ComputeScope scope(resources.pool());
  ScopedFlushDenormals flush;
  for (const Step& step : steps_) {
    OpContext context(absl::MakeConstSpan(views.data() + step.first_view, step.num_inputs),
                      absl::MakeConstSpan(views.data() + step.first_view + step.num_inputs, step.num_outputs),
                      resources);
    if (step_times.empty()) {
      step.kernel->Compute(context);
    } else {
      const absl::Time start = absl::Now();
      step.kernel->Compute(context);
      step_times[&step - steps_.data()] += absl::Now() - start;
    }
    if (!resources.status().ok()) {
      const absl::Status status =
          Annotate(resources.status(), absl::StrCat("node \"", step.node, "\" (", step.op, ")"));
      resources.ClearStatus();
      return status;
    }
  }
  return absl::OkStatus();
}

WorkspacePool::~WorkspacePool() {
  for (Slot& slot : slots_) delete slot.workspace.load();
}

absl::StatusOr<std::unique_ptr<Workspace>> WorkspacePool::Take(const Plan& plan) {
  std::unique_ptr<Workspace> workspace;
  for (const bool only_bound : {true, false}) {
    for (int i = 0; i < kSlots && workspace == nullptr; ++i) {
      if (slots_[i].workspace.load(std::memory_order_relaxed) == nullptr) continue;
      if (only_bound && slots_[i].plan_id.load(std::memory_order_relaxed) != plan.id()) continue;
      workspace.reset(slots_[i].workspace.exchange(nullptr, std::memory_order_acquire));
    }
  }
  if (workspace == nullptr) {
    workspace = std::make_unique<Workspace>(pool_);
  } else {
    idle_bytes_.fetch_sub(workspace->size_bytes(), std::memory_order_relaxed);
  }
  if (workspace->plan_id() != plan.id()) BARYON_RETURN_IF_ERROR(workspace->Bind(plan));
  return workspace;
}

void WorkspacePool::Return(std::unique_ptr<Workspace> workspace) {
  for (Slot& slot : slots_) {
    Workspace* expected = nullptr;
    if (slot.workspace.load(std::memory_order_relaxed) != nullptr) continue;
    const int64_t bytes = workspace->size_bytes();
    slot.plan_id.store(workspace->plan_id(), std::memory_order_relaxed);
    if (slot.workspace.compare_exchange_strong(expected, workspace.get(), std::memory_order_release)) {
      workspace.release();
      idle_bytes_.fetch_add(bytes, std::memory_order_relaxed);
      return;
    }
  }
}

}  // namespace baryon
