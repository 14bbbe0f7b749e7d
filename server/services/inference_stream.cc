// The reactor reads a request, predicts, writes the answer and reads the next: one operation is under way at any time,
// so its members need no lock.
#include "server/services/inference_stream.h"

#include <grpcpp/server_context.h>

#include <stop_token>
#include <string>
#include <utility>

#include "server/services/grpc_status.h"
#include "server/services/inference_codec.h"
#include "server/services/unary.h"

namespace baryon {
namespace {

using inference::ModelInferRequest;
using inference::ModelStreamInferResponse;

// Did the client ask for errors that end the stream?
bool WantsStatus(const grpc::CallbackServerContext& context) {
  const auto flag = context.client_metadata().find("triton_grpc_error");
  return flag != context.client_metadata().end() && flag->second == "true";
}

class InferenceStream final : public grpc::ServerBidiReactor<ModelInferRequest, ModelStreamInferResponse> {
 public:
  InferenceStream(grpc::CallbackServerContext* context, Predictor& predictor)
      : context_(context), predictor_(predictor), errors_end_it_(WantsStatus(*context)) {
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);  // the client has sent all it wants
    Predictor::Request prediction = MakeOipPrediction(request_, *response_.mutable_infer_response());
    prediction.transport = Transport::kGrpc;
    prediction.deadline = DeadlineOf(*context_);
    prediction.stop = stop_.get_token();
    prediction.trace = TraceOf(*context_);
    prediction.done = [this](const absl::Status& status) { Write(status); };
    predictor_.Start(std::move(prediction));
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::CANCELLED);
    response_.Clear();
    StartRead(&request_);
  }

  void OnCancel() override { stop_.request_stop(); }
  void OnDone() override { delete this; }

 private:
  void Write(const absl::Status& status) {
    if (!status.ok()) {
      if (errors_end_it_) return Finish(ToGrpcStatus(status));
      response_.Clear();
      response_.set_error_message(std::string(status.message()));
      response_.mutable_infer_response()->set_id(request_.id());
    }
    StartWrite(&response_);
  }

  grpc::CallbackServerContext* const context_;
  Predictor& predictor_;
  const bool errors_end_it_;
  std::stop_source stop_;
  ModelInferRequest request_;
  ModelStreamInferResponse response_;
};

}  // namespace

Predictor::Request MakeOipPrediction(const ModelInferRequest& request, inference::ModelInferResponse& response) {
  Predictor::Request prediction;
  prediction.protocol = Protocol::kOpenInference;
  prediction.model = request.model_name();
  prediction.version = ParseOipVersion(request.model_version());
  prediction.id = request.id();
  prediction.decode = [&request](const ServedModel& model) { return DecodeInferRequest(request, model); };
  prediction.encode = [&request, &response](const ServedModel& model, const Tensors& outputs) {
    return EncodeInferResponse(request, model, outputs, response);
  };
  return prediction;
}

grpc::ServerBidiReactor<ModelInferRequest, ModelStreamInferResponse>* AnswerStream(grpc::CallbackServerContext* context,
                                                                                   Predictor& predictor) {
  return new InferenceStream(context, predictor);
}

}  // namespace baryon
