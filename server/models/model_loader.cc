#include "server/models/model_loader.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "engine/base/logging.h"
#include "engine/base/status_macros.h"
#include "server/batching/clock.h"
#include "server/models/warm_up.h"

namespace baryon {
namespace {

absl::Status CheckPictures(const OpenedModel& opened) {
  if (!opened.pictures.has_value()) return absl::OkStatus();
  for (const TensorSpec& spec : opened.executable->signature().inputs) {
    if (spec.name == opened.pictures->input) return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("its preprocessing is for an input \"", opened.pictures->input,
                                                 "\", which the graph does not have"));
}

}  // namespace

ModelLoader::ModelLoader(ModelOpener open, Options options, Executor& executor, ServerMetrics& metrics)
    : open_(std::move(open)), options_(options), executor_(executor), metrics_(metrics) {}

absl::StatusOr<std::shared_ptr<const ServedModel>> ModelLoader::Load(const ModelVersion& version) const {
  absl::StatusOr<std::shared_ptr<const ServedModel>> model = TryLoad(version);
  if (model.ok()) return model;
  metrics_.CountLoadFailure(version.name);
  return Annotate(model.status(), absl::StrCat("loading model \"", version.name, "\" version ", version.version));
}

absl::StatusOr<std::shared_ptr<const ServedModel>> ModelLoader::TryLoad(const ModelVersion& version) const {
  const absl::Time start = MonotonicNow();
  BARYON_ASSIGN_OR_RETURN(OpenedModel opened, open_(version));
  BARYON_RETURN_IF_ERROR(CheckPictures(opened));
  BARYON_ASSIGN_OR_RETURN(const WarmUpResult warm, WarmUp(*opened.executable));

  Batcher::Options batching;
  batching.model = absl::StrCat("model \"", version.name, "\"");
  batching.join_requests = warm.rows_are_independent;
  batching.max_batch_rows = options_.max_batch_rows;
  batching.max_queued_rows = options_.max_queued_rows;
  batching.max_concurrent_batches = warm.rows_are_independent ? 1 : options_.num_slots;
  std::unique_ptr<ModelMetrics> metrics = metrics_.ForModel(version.name, version.version);
  const absl::Duration elapsed = MonotonicNow() - start;
  metrics->SetLoadDuration(elapsed);
  LogInfo("loaded", {{"model", version.name},
                     {"version", absl::StrCat(version.version)},
                     {"ms", absl::StrFormat("%.0f", absl::ToDoubleMilliseconds(elapsed))},
                     {"joins_requests", warm.rows_are_independent ? "yes" : absl::StrCat("no, ", warm.why_not)}});
  return std::make_shared<const ServedModel>(version.name, version.version, std::move(opened), std::move(batching),
                                             executor_, std::move(metrics));
}

}  // namespace baryon
