#include "server/models/served_model.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/thread_width.h"

namespace baryon {
namespace {

// A forward pass that keeps what it needs alive by itself: the last request may release the model while its batch is
// still being answered. The executable goes before `freed`, which gives its memory back.
struct RunPass {
  std::shared_ptr<FreedCalls> freed;
  std::shared_ptr<ModelMetrics> metrics;
  std::shared_ptr<const Executable> executable;

  absl::StatusOr<Tensors> operator()(const Tensors& inputs, int threads) const {
    const ThreadWidth width(threads);
    absl::StatusOr<Tensors> outputs = executable->Run(inputs);
    if (outputs.ok()) metrics->CountBatch(CommonRows(inputs).value_or(1));
    return outputs;
  }
};

}  // namespace

ServedModel::ServedModel(std::string name, int64_t version, OpenedModel opened, Batcher::Options options,
                         Executor& executor, std::unique_ptr<ModelMetrics> metrics, Clock clock, ModelSettings settings,
                         LoadReport load)
    : freed_(std::make_shared<FreedCalls>()),
      name_(std::move(name)),
      version_(version),
      opened_(std::move(opened)),
      settings_(std::move(settings)),
      load_(std::move(load)),
      joins_requests_(options.policy.join),
      max_batch_rows_(options.policy.max_rows),
      clock_(clock),
      last_used_ns_(absl::ToUnixNanos(clock())),
      metrics_(std::move(metrics)),
      batcher_(std::move(options), RunPass{freed_, metrics_, opened_.executable}, executor, std::move(clock)) {}

absl::Duration ServedModel::MaxWait(absl::Duration wanted, Priority priority) const {
  return std::min(wanted, settings_.max_wait[static_cast<int>(priority)]);
}

void ServedModel::Predict(Batcher::Request request) const {
  if (request.submitted == absl::InfinitePast()) request.submitted = clock_();
  last_used_ns_.store(absl::ToUnixNanos(request.submitted), std::memory_order_relaxed);
  request.rows = CommonRows(request.inputs).value_or(0);
  if (const std::optional<int64_t> most = settings_.max_request_rows; most.has_value() && request.rows > *most) {
    return request.done(absl::InvalidArgumentError(absl::StrCat("model \"", name_, "\": expected at most ", *most,
                                                                " rows (max_batch_size), got ", request.rows)),
                        Batcher::Timing());
  }
  request.max_wait = MaxWait(request.max_wait, request.priority);
  batcher_.Submit(std::move(request));
}

absl::Status ServedModel::Admit(absl::Time now, absl::Time deadline, absl::Duration max_wait, Priority priority) const {
  return batcher_.Admit(now, deadline, MaxWait(max_wait, priority), priority);
}

int64_t ServedModel::memory_bytes() const { return load_.weight_bytes + opened_.executable->workspaces().idle_bytes(); }

ModelPlan ServedModel::plan() const {
  ModelPlan plan;
  plan.name = name_;
  plan.version = version_;
  plan.load = load_;
  plan.batching = batcher_.report();
  plan.workspace_bytes = opened_.executable->workspaces().idle_bytes();
  plan.versions = settings_.versions;
  plan.max_wait = settings_.max_wait[static_cast<int>(Priority::kNormal)];
  return plan;
}

void ServedModel::OnFreed(std::function<void()> call) const { freed_->Add(std::move(call)); }

void ServedModel::UpdateGauges() const {
  metrics_->SetQueued(batcher_.queued_requests());
  metrics_->SetMemory(memory_bytes());
}

}  // namespace baryon
