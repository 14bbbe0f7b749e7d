#include "server/services/inference_service.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "proto/inference.grpc.pb.h"
#include "server/quote.h"
#include "server/services/inference_admin.h"
#include "server/services/inference_codec.h"
#include "server/services/inference_stream.h"
#include "server/services/tensor_codec.h"
#include "server/services/unary.h"
#include "server/version.h"

namespace baryon {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;
using TensorMetadata = inference::ModelMetadataResponse::TensorMetadata;

void Describe(const TensorSpec& spec, TensorMetadata& metadata) {
  metadata.set_name(spec.name);
  // What a model without a preference is warmed up with.
  const DType dtype = spec.type.dtype == DType::kUnknown ? DType::kFloat32 : spec.type.dtype;
  metadata.set_datatype(std::string(OipDatatype(dtype)));
  for (int64_t dim : spec.type.shape) metadata.add_shape(dim);
}

// What Triton calls the extensions that are here.
constexpr const char* kExtensions[] = {
    "classification", "sequence", "model_repository", "model_configuration", "binary_tensor_data", "parameters",
    "statistics",     "trace",    "logging"};

// The model that a load or unload means; clients of KServe have it in the first field.
template <typename Request>
const std::string& NameOf(const Request& request) {
  return request.model_name().empty() ? request.repository_name() : request.model_name();
}

// Parameters that say how to load would change what serves: they are not dropped in silence.
template <typename Request>
absl::Status RefuseParameters(const Request& request, const std::set<std::string>& known) {
  for (const auto& [key, value] : request.parameters()) {
    if (known.count(key) > 0) continue;
    return absl::UnimplementedError(
        absl::StrCat("parameter ", Quote(key), ": a model is loaded as its files in the repository say"));
  }
  return absl::OkStatus();
}

// INVALID_ARGUMENT when `settings` holds any value.
template <typename Settings>
absl::Status RefuseChanges(const Settings& settings, absl::string_view what) {
  if (settings.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(what, " setting ", Quote(settings.begin()->first), ": it cannot be changed while the server runs"));
}

class InferenceService final : public inference::GRPCInferenceService::CallbackService {
 public:
  InferenceService(const ModelRegistry& registry, ModelManager& manager, Predictor& predictor,
                   const std::atomic<bool>& ready)
      : registry_(registry), manager_(manager), predictor_(predictor), ready_(ready) {}

  ServerUnaryReactor* ServerLive(CallbackServerContext* context, const inference::ServerLiveRequest*,
                                 inference::ServerLiveResponse* response) override {
    response->set_live(true);
    return Answer(context, absl::OkStatus());
  }

  ServerUnaryReactor* ServerReady(CallbackServerContext* context, const inference::ServerReadyRequest*,
                                  inference::ServerReadyResponse* response) override {
    response->set_ready(ready_);
    return Answer(context, absl::OkStatus());
  }

  // As Triton: a model that is not there is not ready, which is no error.
  ServerUnaryReactor* ModelReady(CallbackServerContext* context, const inference::ModelReadyRequest* request,
                                 inference::ModelReadyResponse* response) override {
    const absl::StatusOr<int64_t> version = ParseOipVersion(request->version());
    response->set_ready(version.ok() && registry_.Find(request->name(), *version).ok());
    return Answer(context, version.status());
  }

  ServerUnaryReactor* ServerMetadata(CallbackServerContext* context, const inference::ServerMetadataRequest*,
                                     inference::ServerMetadataResponse* response) override {
    response->set_name("baryon");
    response->set_version(kServerVersion);
    for (const char* extension : kExtensions) response->add_extensions(extension);
    return Answer(context, absl::OkStatus());
  }

  ServerUnaryReactor* ModelMetadata(CallbackServerContext* context, const inference::ModelMetadataRequest* request,
                                    inference::ModelMetadataResponse* response) override {
    return Answer(context, DescribeModel(*request, *response));
  }

  ServerUnaryReactor* ModelInfer(CallbackServerContext* context, const inference::ModelInferRequest* request,
                                 inference::ModelInferResponse* response) override {
    return AnswerPrediction(context, predictor_, MakeOipPrediction(*request, *response));
  }

  grpc::ServerBidiReactor<inference::ModelInferRequest, inference::ModelStreamInferResponse>* ModelStreamInfer(
      CallbackServerContext* context) override {
    return AnswerStream(context, predictor_);
  }

  ServerUnaryReactor* ModelConfig(CallbackServerContext* context, const inference::ModelConfigRequest* request,
                                  inference::ModelConfigResponse* response) override {
    const auto model = Find(request->name(), request->version());
    if (model.ok()) DescribeConfig(**model, *response->mutable_config());
    return Answer(context, model.status());
  }

  ServerUnaryReactor* ModelStatistics(CallbackServerContext* context, const inference::ModelStatisticsRequest* request,
                                      inference::ModelStatisticsResponse* response) override {
    return Answer(context, CollectStatistics(*request, *response));
  }

  ServerUnaryReactor* RepositoryIndex(CallbackServerContext* context, const inference::RepositoryIndexRequest* request,
                                      inference::RepositoryIndexResponse* response) override {
    const absl::StatusOr<std::vector<ModelVersion>> on_disk = manager_.OnDisk();
    if (on_disk.ok()) DescribeIndex(registry_.List(), *on_disk, request->ready(), *response);
    return Answer(context, on_disk.status());
  }

  ServerUnaryReactor* RepositoryModelLoad(CallbackServerContext* context,
                                          const inference::RepositoryModelLoadRequest* request,
                                          inference::RepositoryModelLoadResponse* response) override {
    const absl::Status parameters = RefuseParameters(*request, {});
    if (!parameters.ok()) return Answer(context, parameters);
    const std::string& name = NameOf(*request);
    ServerUnaryReactor* const reactor = context->DefaultReactor();
    manager_.Load(name, AnswerLater(reactor, [&name, response] {
                    response->set_model_name(name);
                    response->set_is_loaded(true);
                  }));
    return reactor;
  }

  ServerUnaryReactor* RepositoryModelUnload(CallbackServerContext* context,
                                            const inference::RepositoryModelUnloadRequest* request,
                                            inference::RepositoryModelUnloadResponse* response) override {
    const absl::Status parameters = RefuseParameters(*request, {"unload_dependents", "wait_until_unloaded"});
    if (!parameters.ok()) return Answer(context, parameters);
    const std::string& name = NameOf(*request);
    ServerUnaryReactor* const reactor = context->DefaultReactor();
    manager_.Unload(name, AnswerLater(reactor, [&name, response] {
                      response->set_model_name(name);
                      response->set_is_unloaded(true);
                    }));
    return reactor;
  }

  ServerUnaryReactor* TraceSetting(CallbackServerContext* context, const inference::TraceSettingRequest* request,
                                   inference::TraceSettingResponse* response) override {
    (*response->mutable_settings())["trace_level"].add_value("OFF");
    return Answer(context, RefuseChanges(request->settings(), "trace"));
  }

  ServerUnaryReactor* LogSettings(CallbackServerContext* context, const inference::LogSettingsRequest* request,
                                  inference::LogSettingsResponse* response) override {
    auto& settings = *response->mutable_settings();
    for (const char* name : {"log_info", "log_warning", "log_error"}) settings[name].set_bool_param(true);
    settings["log_verbose_level"].set_uint32_param(0);
    return Answer(context, RefuseChanges(request->settings(), "log"));
  }

 private:
  absl::StatusOr<std::shared_ptr<const ServedModel>> Find(const std::string& name, const std::string& version) const {
    BARYON_ASSIGN_OR_RETURN(const int64_t number, ParseOipVersion(version));
    return registry_.Find(name, number);
  }

  absl::Status CollectStatistics(const inference::ModelStatisticsRequest& request,
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

  absl::Status DescribeModel(const inference::ModelMetadataRequest& request,
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

  const ModelRegistry& registry_;
  ModelManager& manager_;
  Predictor& predictor_;
  const std::atomic<bool>& ready_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeInferenceService(const ModelRegistry& registry, ModelManager& manager,
                                                    Predictor& predictor, const std::atomic<bool>& ready) {
  return std::make_unique<InferenceService>(registry, manager, predictor, ready);
}

}  // namespace baryon
