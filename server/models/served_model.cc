#include "server/models/served_model.h"

#include <malloc.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/thread_width.h"

namespace baryon {
namespace {

// A forward pass that keeps what it needs alive by itself: the last request may release the model while its batch is
// still being answered.
Batcher::RunBatch MakeRunBatch(std::shared_ptr<const Executable> executable, std::shared_ptr<ModelMetrics> metrics) {
  return [executable = std::move(executable), metrics = std::move(metrics)](const Tensors& inputs, int threads) {
    const ThreadWidth width(threads);
    absl::StatusOr<Tensors> outputs = executable->Run(inputs);
    if (outputs.ok()) metrics->CountBatch(CommonRows(inputs).value_or(1));
    return outputs;
  };
}

}  // namespace

ServedModel::ServedModel(std::string name, int64_t version, OpenedModel opened, Batcher::Options options,
                         Executor& executor, std::unique_ptr<ModelMetrics> metrics, Clock clock, ModelSettings settings,
                         LoadReport load)
    : name_(std::move(name)),
      version_(version),
      opened_(std::move(opened)),
      settings_(std::move(settings)),
      load_(std::move(load)),
      joins_requests_(options.policy.join),
      max_batch_rows_(options.policy.max_rows),
      clock_(clock),
      last_used_ns_(absl::ToUnixNanos(clock())),
      metrics_(std::move(metrics)),
      batcher_(std::move(options), MakeRunBatch(opened_.executable, metrics_), executor, std::move(clock)) {}

absl::Duration ServedModel::MaxWait(absl::Duration wanted, Priority priority) const {
  return std::min(wanted, settings_.max_wait[static_cast<int>(priority)]);
}

void ServedModel::Predict(Batcher::Request request) const {
  last_used_ns_.store(absl::ToUnixNanos(clock_()), std::memory_order_relaxed);
  const int64_t rows = CommonRows(request.inputs).value_or(1);
  if (const std::optional<int64_t> most = settings_.max_request_rows; most.has_value() && rows > *most) {
    return request.done(absl::InvalidArgumentError(absl::StrCat("model \"", name_, "\": expected at most ", *most,
                                                                " rows (max_batch_size), got ", rows)),
                        Batcher::Timing());
  }
  request.max_wait = MaxWait(request.max_wait, request.priority);
  batcher_.Submit(std::move(request));
}

absl::Status ServedModel::Admit(absl::Time deadline, absl::Duration max_wait, Priority priority) const {
  return batcher_.Admit(deadline, MaxWait(max_wait, priority), priority);
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

std::shared_ptr<const ServedModel> ShareModel(std::unique_ptr<const ServedModel> model) {
  return std::shared_ptr<const ServedModel>(model.release(), [](const ServedModel* last) {
    const std::shared_ptr<FreedCalls> freed = last->freed_;
    delete last;
    std::thread([freed] {
      malloc_trim(0);
      for (const std::function<void()>& call : freed->Take()) call();
    }).detach();
  });
}

}  // namespace baryon
