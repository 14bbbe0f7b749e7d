#include "server/services/inference_admin.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/inference.pb.h"
#include "server/services/tensor_codec.h"

namespace baryon {
namespace {

using inference::RepositoryIndexResponse;

inference::DataType ConfigType(const TensorSpec& spec) {
  const DType dtype = spec.type.dtype == DType::kUnknown ? DType::kFloat32 : spec.type.dtype;
  inference::DataType type = inference::TYPE_INVALID;
  inference::DataType_Parse(absl::StrCat("TYPE_", std::string(OipDatatype(dtype))), &type);
  return type;
}

bool HasFreeRows(const TensorSpec& spec) {
  return spec.optional || (spec.type.shape.rank() > 0 && spec.type.shape[0] < 0);
}

bool BatchIsImplied(const ServedModel& model) {
  const Signature& signature = model.signature();
  return model.joins_requests() && std::all_of(signature.inputs.begin(), signature.inputs.end(), HasFreeRows) &&
         std::all_of(signature.outputs.begin(), signature.outputs.end(), HasFreeRows);
}

template <typename ModelTensor>
void Describe(const TensorSpec& spec, int first_axis, ModelTensor& tensor) {
  tensor.set_name(spec.name);
  tensor.set_data_type(ConfigType(spec));
  for (int axis = first_axis; axis < spec.type.shape.rank(); ++axis) tensor.add_dims(spec.type.shape[axis]);
}

void SetDuration(int64_t count, absl::Duration time, inference::StatisticDuration& duration) {
  duration.set_count(count);
  duration.set_ns(absl::ToInt64Nanoseconds(time));
}

// State and reason as Triton writes them.
std::pair<std::string, std::string> StateOf(const ModelRegistry::Entry& entry) {
  if (entry.model != nullptr) return {"READY", ""};
  if (entry.state == ModelRegistry::State::kLoading) return {"LOADING", ""};
  return {"UNAVAILABLE", std::string(entry.error.message())};
}

}  // namespace

void DescribeConfig(const ServedModel& model, inference::ModelConfig& config) {
  const int first_axis = BatchIsImplied(model) ? 1 : 0;
  config.set_name(model.name());
  config.set_platform("mxnet_mxnet");
  config.set_backend("mxnet");
  if (first_axis == 1) config.set_max_batch_size(static_cast<int32_t>(model.max_batch_rows()));
  if (model.joins_requests()) config.mutable_dynamic_batching();
  for (const TensorSpec& spec : model.signature().inputs) {
    if (!spec.optional) Describe(spec, first_axis, *config.add_input());
  }
  for (const TensorSpec& spec : model.signature().outputs) Describe(spec, first_axis, *config.add_output());
}

void DescribeStatistics(const ServedModel& model, inference::ModelStatistics& statistics) {
  const ModelTotals totals = model.metrics().Totals();
  statistics.set_name(model.name());
  statistics.set_version(absl::StrCat(model.version()));
  if (totals.batches > 0) statistics.set_last_inference(absl::ToUnixMillis(totals.last_batch));
  statistics.set_inference_count(totals.rows);
  statistics.set_execution_count(totals.batches);
  inference::InferStatistics& sums = *statistics.mutable_inference_stats();
  SetDuration(totals.succeeded, totals.times.total, *sums.mutable_success());
  SetDuration(totals.failed, totals.failed_time, *sums.mutable_fail());
  SetDuration(totals.succeeded, totals.times.queued, *sums.mutable_queue());
  SetDuration(totals.succeeded, totals.times.input, *sums.mutable_compute_input());
  SetDuration(totals.succeeded, totals.times.infer, *sums.mutable_compute_infer());
  SetDuration(totals.succeeded, totals.times.output, *sums.mutable_compute_output());
}

void DescribeIndex(const std::vector<ModelRegistry::Entry>& known, const std::vector<ModelVersion>& on_disk,
                   bool ready_only, RepositoryIndexResponse& response) {
  std::map<std::pair<std::string, int64_t>, std::pair<std::string, std::string>> states;
  for (const ModelVersion& version : on_disk) states[{version.name, version.version}] = {"UNAVAILABLE", "not loaded"};
  for (const ModelRegistry::Entry& entry : known) states[{entry.name, entry.version}] = StateOf(entry);
  for (const auto& [version, state] : states) {
    if (ready_only && state.first != "READY") continue;
    RepositoryIndexResponse::ModelIndex& index = *response.add_models();
    index.set_name(version.first);
    index.set_version(absl::StrCat(version.second));
    index.set_state(state.first);
    index.set_reason(state.second);
  }
}

}  // namespace baryon
