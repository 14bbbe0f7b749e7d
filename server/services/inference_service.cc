#include "server/services/inference_service.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "proto/inference.grpc.pb.h"
#include "server/services/inference_codec.h"
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

class InferenceService final : public inference::GRPCInferenceService::CallbackService {
 public:
  InferenceService(const ModelRegistry& registry, Predictor& predictor, const std::atomic<bool>& ready)
      : registry_(registry), predictor_(predictor), ready_(ready) {}

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
    return Answer(context, absl::OkStatus());
  }

  ServerUnaryReactor* ModelMetadata(CallbackServerContext* context, const inference::ModelMetadataRequest* request,
                                    inference::ModelMetadataResponse* response) override {
    return Answer(context, DescribeModel(*request, *response));
  }

  ServerUnaryReactor* ModelInfer(CallbackServerContext* context, const inference::ModelInferRequest* request,
                                 inference::ModelInferResponse* response) override {
    Predictor::Request prediction;
    prediction.protocol = Protocol::kOpenInference;
    prediction.model = request->model_name();
    prediction.version = ParseOipVersion(request->model_version());
    prediction.decode = [request](const ServedModel& model) { return DecodeInferRequest(*request, model); };
    prediction.encode = [request, response](const ServedModel& model, const Tensors& outputs) {
      return EncodeInferResponse(*request, model, outputs, *response);
    };
    return AnswerPrediction(context, predictor_, std::move(prediction));
  }

 private:
  absl::Status DescribeModel(const inference::ModelMetadataRequest& request,
                             inference::ModelMetadataResponse& response) const {
    BARYON_ASSIGN_OR_RETURN(const int64_t version, ParseOipVersion(request.version()));
    BARYON_ASSIGN_OR_RETURN(const std::shared_ptr<const ServedModel> model, registry_.Find(request.name(), version));
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
  Predictor& predictor_;
  const std::atomic<bool>& ready_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeInferenceService(const ModelRegistry& registry, Predictor& predictor,
                                                    const std::atomic<bool>& ready) {
  return std::make_unique<InferenceService>(registry, predictor, ready);
}

}  // namespace baryon
