#include "server/services/tensorflow_service.h"

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <utility>
#include <vector>

#include "engine/base/status_macros.h"
#include "proto/tensorflow_serving.grpc.pb.h"
#include "server/services/tensorflow_codec.h"

namespace baryon {
namespace {

namespace tfs = tensorflow::serving;
using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

// What decoding finds out and encoding uses.
struct PredictCall {
  tfs::PredictRequest request;
  std::vector<size_t> wanted;
};

bool Parse(const grpc::ByteBuffer& bytes, tfs::PredictRequest& request) {
  grpc::ProtoBufferReader reader(const_cast<grpc::ByteBuffer*>(&bytes));  // it only reads
  return request.ParseFromZeroCopyStream(&reader);
}

Predictor::Request MakePrediction(const grpc::ByteBuffer& bytes, const TensorFlowControl& control, int64_t max_bytes,
                                  grpc::ByteBuffer* response) {
  Predictor::Request prediction;
  prediction.protocol = Protocol::kTensorFlow;
  const auto call = std::make_shared<PredictCall>();
  if (!Parse(bytes, call->request)) {
    prediction.version = absl::InvalidArgumentError("expected a PredictRequest, got bytes that are none");
    return prediction;
  }
  prediction.model = call->request.model_spec().name();
  prediction.version = control.VersionOf(call->request.model_spec());
  prediction.decode = [call, max_bytes](const ServedModel& model, Predictor::Request&) -> absl::StatusOr<Tensors> {
    BARYON_ASSIGN_OR_RETURN(call->wanted, FilterOutputs(call->request, model.signature()));
    return DecodePredictRequest(call->request, model, max_bytes);
  };
  prediction.encode = [call, response](const ServedModel& model, const Tensors& outputs) -> absl::Status {
    BARYON_ASSIGN_OR_RETURN(WirePieces pieces, EncodePredictResponse(call->request, call->wanted, model, outputs));
    pieces.Finish().Swap(response);
    return absl::OkStatus();
  };
  return prediction;
}

using Predicts = tfs::PredictionService;

// Predict takes and gives bytes: arrays of the answer stay where they are.
using RawPredictionService = Predicts::WithRawCallbackMethod_Predict<
    Predicts::WithCallbackMethod_GetModelMetadata<Predicts::WithCallbackMethod_Classify<
        Predicts::WithCallbackMethod_Regress<Predicts::WithCallbackMethod_MultiInference<Predicts::Service>>>>>;

class PredictionService final : public RawPredictionService {
 public:
  PredictionService(const TensorFlowControl& control, GrpcCalls calls, int64_t max_bytes)
      : control_(control), calls_(calls), max_bytes_(max_bytes) {}

  ServerUnaryReactor* Predict(CallbackServerContext* context, const grpc::ByteBuffer* request,
                              grpc::ByteBuffer* response) override {
    return calls_.AnswerPrediction(context, [&] { return MakePrediction(*request, control_, max_bytes_, response); });
  }

  ServerUnaryReactor* GetModelMetadata(CallbackServerContext* context, const tfs::GetModelMetadataRequest* request,
                                       tfs::GetModelMetadataResponse* response) override {
    return calls_.Answer(context, Right::kUse, [&]() -> absl::Status {
      tfs::SignatureDefMap signatures;
      BARYON_RETURN_IF_ERROR(control_.GetModelMetadata(*request, *response->mutable_model_spec(), signatures));
      (*response->mutable_metadata())["signature_def"].PackFrom(signatures);
      return absl::OkStatus();
    });
  }

  ServerUnaryReactor* Classify(CallbackServerContext* context, const tfs::ClassificationRequest*,
                               tfs::ClassificationResponse*) override {
    return RefuseExamples(context);
  }
  ServerUnaryReactor* Regress(CallbackServerContext* context, const tfs::RegressionRequest*,
                              tfs::RegressionResponse*) override {
    return RefuseExamples(context);
  }
  ServerUnaryReactor* MultiInference(CallbackServerContext* context, const tfs::MultiInferenceRequest*,
                                     tfs::MultiInferenceResponse*) override {
    return RefuseExamples(context);
  }

 private:
  ServerUnaryReactor* RefuseExamples(CallbackServerContext* context) const {
    return calls_.Answer(context, Right::kUse, [] {
      return absl::UnimplementedError(
          "models here take arrays and pictures, "
          "not tensorflow.Example: use Predict");
    });
  }

  const TensorFlowControl& control_;
  const GrpcCalls calls_;
  const int64_t max_bytes_;
};

class ModelService final : public tfs::ModelService::CallbackService {
 public:
  ModelService(const TensorFlowControl& control, GrpcCalls calls) : control_(control), calls_(calls) {}

  ServerUnaryReactor* GetModelStatus(CallbackServerContext* context, const tfs::GetModelStatusRequest* request,
                                     tfs::GetModelStatusResponse* response) override {
    return calls_.Answer(context, Right::kUse, [&] { return control_.GetModelStatus(*request, *response); });
  }

  ServerUnaryReactor* HandleReloadConfigRequest(CallbackServerContext* context, const tfs::ReloadConfigRequest*,
                                                tfs::ReloadConfigResponse*) override {
    return calls_.Answer(context, Right::kControl, [] {
      return absl::UnimplementedError(
          "models come from the repository that the server was started with; "
          "versions and labels are set in each "
          "model's config.pbtxt, which is read again when it changes");
    });
  }

 private:
  const TensorFlowControl& control_;
  const GrpcCalls calls_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeTensorFlowPredictionService(const TensorFlowControl& control, GrpcCalls calls,
                                                               int64_t max_bytes) {
  return std::make_unique<PredictionService>(control, calls, max_bytes);
}

std::unique_ptr<grpc::Service> MakeTensorFlowModelService(const TensorFlowControl& control, GrpcCalls calls) {
  return std::make_unique<ModelService>(control, calls);
}

}  // namespace baryon
