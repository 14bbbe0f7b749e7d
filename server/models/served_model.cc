#include "server/models/served_model.h"

#include <utility>

namespace baryon {
namespace {

// A forward pass that keeps what it needs alive by itself: the last request may release the model while its batch is
// still being answered.
Batcher::RunBatch MakeRunBatch(std::shared_ptr<const Executable> executable, std::shared_ptr<ModelMetrics> metrics) {
  return [executable = std::move(executable), metrics = std::move(metrics)](const Tensors& inputs) {
    absl::StatusOr<Tensors> outputs = executable->Run(inputs);
    if (outputs.ok()) metrics->CountBatch(CommonRows(inputs).value_or(1));
    return outputs;
  };
}

}  // namespace

ServedModel::ServedModel(std::string name, int64_t version, OpenedModel opened, Batcher::Options options,
                         Executor& executor, std::unique_ptr<ModelMetrics> metrics, Clock clock)
    : name_(std::move(name)),
      version_(version),
      opened_(std::move(opened)),
      joins_requests_(options.join_requests),
      max_batch_rows_(options.max_batch_rows),
      metrics_(std::move(metrics)),
      batcher_(std::move(options), MakeRunBatch(opened_.executable, metrics_), executor, std::move(clock)) {}

void ServedModel::Predict(Batcher::Request request) const { batcher_.Submit(std::move(request)); }

void ServedModel::UpdateGauges() const { metrics_->SetQueued(batcher_.queued_requests()); }

}  // namespace baryon
