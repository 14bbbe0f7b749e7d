#include "server/services/inference_control.h"

#include <google/protobuf/util/json_util.h>

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "engine/base/status_macros.h"
#include "server/models/uploaded_model.h"
#include "server/quote.h"
#include "server/services/inference_admin.h"
#include "server/services/inference_request.h"
#include "server/services/tensor_codec.h"
#include "server/version.h"

namespace baryon {
namespace {

using TensorMetadata = inference::ModelMetadataResponse::TensorMetadata;

// What Triton calls the extensions that are here.
constexpr const char* kExtensions[] = {"classification",
                                       "sequence",
                                       "model_repository",
                                       "model_repository(unload_dependents)",
                                       "schedule_policy",
                                       "model_configuration",
                                       "system_shared_memory",
                                       "binary_tensor_data",
                                       "parameters",
                                       "statistics",
                                       "trace",
                                       "logging"};

void Describe(const TensorSpec& spec, TensorMetadata& metadata) {
  metadata.set_name(spec.name);
  // What a model without a preference is warmed up with.
  const DType dtype = spec.type.dtype == DType::kUnknown ? DType::kFloat32 : spec.type.dtype;
  metadata.set_datatype(std::string(OipDatatype(dtype)));
  for (int64_t dim : spec.type.shape) metadata.add_shape(dim);
}

// INVALID_ARGUMENT when `settings` holds any value.
template <typename Settings>
absl::Status RefuseChanges(const Settings& settings, absl::string_view what) {
  if (settings.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(what, " setting ", Quote(settings.begin()->first), ": it cannot be changed while the server runs"));
}

// Parameters that say how to load would change what serves: they are not dropped in silence.
absl::Status UnknownParameter(const std::string& key) {
  return absl::UnimplementedError(absl::StrCat("parameter ", Quote(key), ": it is not known here"));
}

// What the parameters of a load say: a configuration as JSON, in place of the one in the model's folder ("config"), and
// files in place of the repository's ("file:1/model-symbol.json").
struct LoadParameters {
  std::optional<inference::ModelConfig> config;
  std::vector<UploadedFile> files;
};

absl::Status ReadConfig(const std::string& text, std::optional<inference::ModelConfig>& config) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;  // most of Triton's say nothing on a processor
  const auto parsed = google::protobuf::util::JsonStringToMessage(text, &config.emplace(), options);
  if (parsed.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("parameter \"config\": expected a ModelConfig as JSON: ", Quote(std::string(parsed.message()))));
}

// The bytes of a file: as they are over gRPC, as base64 in JSON.
absl::StatusOr<std::string> ContentsOf(const std::string& key, const inference::ModelRepositoryParameter& value) {
  if (value.parameter_choice_case() == inference::ModelRepositoryParameter::kBytesParam) return value.bytes_param();
  std::string contents;
  if (absl::Base64Unescape(value.string_param(), &contents)) return contents;
  return absl::InvalidArgumentError(absl::StrCat("parameter ", Quote(key), ": expected bytes, or a text of base64"));
}

absl::StatusOr<LoadParameters> ReadParameters(const inference::RepositoryModelLoadRequest& request) {
  LoadParameters read;
  for (const auto& [key, value] : request.parameters()) {
    if (key == "config") {
      BARYON_RETURN_IF_ERROR(ReadConfig(value.string_param(), read.config));
    } else if (absl::string_view path = key; absl::ConsumePrefix(&path, "file:")) {
      BARYON_ASSIGN_OR_RETURN(std::string contents, ContentsOf(key, value));
      read.files.push_back({std::string(path), std::move(contents)});
    } else {
      return UnknownParameter(key);
    }
  }
  if (!read.files.empty() && !read.config.has_value()) {
    return absl::InvalidArgumentError("expected the parameter \"config\" with files, got none");
  }
  return read;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const ServedModel>> InferenceControl::Find(const std::string& name,
                                                                          const std::string& version) const {
  BARYON_ASSIGN_OR_RETURN(const int64_t number, ParseOipVersion(version));
  return registry_.Find(name, number);
}

void InferenceControl::ServerMetadata(inference::ServerMetadataResponse& response) const {
  response.set_name("baryon");
  response.set_version(kServerVersion);
  for (const char* extension : kExtensions) response.add_extensions(extension);
}

absl::Status InferenceControl::ModelReady(const inference::ModelReadyRequest& request,
                                          inference::ModelReadyResponse& response) const {
  BARYON_ASSIGN_OR_RETURN(const int64_t version, ParseOipVersion(request.version()));
  response.set_ready(registry_.Find(request.name(), version).ok());
  return absl::OkStatus();
}

absl::Status InferenceControl::ModelMetadata(const inference::ModelMetadataRequest& request,
                                             inference::ModelMetadataResponse& response) const {
  BARYON_ASSIGN_OR_RETURN(const auto model, Find(request.name(), request.version()));
  response.set_name(model->name());
  for (const ModelRegistry::Entry& entry : registry_.List()) {
    if (entry.name == model->name() && entry.model != nullptr) response.add_versions(absl::StrCat(entry.version));
  }
  response.set_platform("mxnet_mxnet");  // the standard's name for exports of MXNet
  for (const TensorSpec& spec : model->signature().inputs) {
    if (!spec.optional) Describe(spec, *response.add_inputs());
  }
  for (const TensorSpec& spec : model->signature().outputs) Describe(spec, *response.add_outputs());
  return absl::OkStatus();
}

absl::Status InferenceControl::ModelConfig(const inference::ModelConfigRequest& request,
                                           inference::ModelConfigResponse& response) const {
  BARYON_ASSIGN_OR_RETURN(const auto model, Find(request.name(), request.version()));
  DescribeConfig(*model, *response.mutable_config());
  return absl::OkStatus();
}

absl::Status InferenceControl::ModelStatistics(const inference::ModelStatisticsRequest& request,
                                               inference::ModelStatisticsResponse& response) const {
  if (!request.name().empty()) {
    BARYON_ASSIGN_OR_RETURN(const auto model, Find(request.name(), request.version()));
    DescribeStatistics(*model, *response.add_model_stats());
    return absl::OkStatus();
  }
  for (const ModelRegistry::Entry& entry : registry_.List()) {
    if (entry.model != nullptr) DescribeStatistics(*entry.model, *response.add_model_stats());
  }
  return absl::OkStatus();
}

absl::Status InferenceControl::RepositoryIndex(const inference::RepositoryIndexRequest& request,
                                               inference::RepositoryIndexResponse& response) const {
  BARYON_ASSIGN_OR_RETURN(const std::vector<ModelVersion> on_disk, manager_.OnDisk());
  DescribeIndex(registry_.List(), on_disk, request.ready(), response);
  return absl::OkStatus();
}

void InferenceControl::Load(const inference::RepositoryModelLoadRequest& request, ModelManager::Done done) {
  for (const auto& [key, value] : request.parameters()) {
    if (uploads_ || !absl::StartsWith(key, "file:")) continue;
    return done(absl::UnimplementedError(absl::StrCat("parameter ", Quote(key), ": models come from the server's ",
                                                      "repository; it was started without --allow-uploads")));
  }
  absl::StatusOr<LoadParameters> parameters = ReadParameters(request);
  if (!parameters.ok()) return done(parameters.status());
  std::shared_ptr<const UploadedModel> files;
  if (!parameters->files.empty()) {
    absl::StatusOr<std::shared_ptr<const UploadedModel>> stored =
        UploadedModel::Store(NameOf(request), parameters->files);
    if (!stored.ok()) return done(stored.status());
    files = *std::move(stored);
  }
  manager_.Load(NameOf(request), std::move(done), std::move(parameters->config), std::move(files));
}

void InferenceControl::Unload(const inference::RepositoryModelUnloadRequest& request, ModelManager::Done done) {
  bool wait_until_freed = false;
  for (const auto& [key, value] : request.parameters()) {
    if (key == "wait_until_unloaded") {
      wait_until_freed = value.bool_param();
    } else if (key != "unload_dependents") {
      return done(UnknownParameter(key));
    }
  }
  manager_.Unload(NameOf(request), std::move(done), wait_until_freed);
}

absl::Status InferenceControl::TraceSetting(const inference::TraceSettingRequest& request,
                                            inference::TraceSettingResponse& response) const {
  (*response.mutable_settings())["trace_level"].add_value("OFF");
  return RefuseChanges(request.settings(), "trace");
}

absl::Status InferenceControl::LogSettings(const inference::LogSettingsRequest& request,
                                           inference::LogSettingsResponse& response) const {
  auto& settings = *response.mutable_settings();
  for (const char* name : {"log_info", "log_warning", "log_error"}) settings[name].set_bool_param(true);
  settings["log_verbose_level"].set_uint32_param(0);
  return RefuseChanges(request.settings(), "log");
}

absl::Status InferenceControl::SharedMemoryStatus(const inference::SystemSharedMemoryStatusRequest& request,
                                                  inference::SystemSharedMemoryStatusResponse& response) const {
  BARYON_ASSIGN_OR_RETURN(const auto regions, regions_.List(request.name()));
  for (const auto& [name, memory] : regions) {
    auto& status = (*response.mutable_regions())[name];
    status.set_name(name);
    status.set_key(memory->key());
    status.set_offset(memory->offset());
    status.set_byte_size(memory->size());
  }
  return absl::OkStatus();
}

absl::Status InferenceControl::SharedMemoryRegister(const inference::SystemSharedMemoryRegisterRequest& request) {
  return regions_.Register(request.name(), request.key(), request.offset(), request.byte_size());
}

absl::Status InferenceControl::SharedMemoryUnregister(const inference::SystemSharedMemoryUnregisterRequest& request) {
  regions_.Unregister(request.name());
  return absl::OkStatus();
}

}  // namespace baryon
