// The reactor reads a request, predicts, writes the answer and reads the next: one operation is under way at any time,
// so its members need no lock. A cancellation comes beside them, and touches only what bears that; gRPC calls OnDone
// once every other reaction has returned, this one too.
#include "server/services/inference_stream.h"

#include <grpcpp/server_context.h>

#include <stop_token>
#include <string>
#include <utility>

#include "proto/inference.pb.h"
#include "server/services/grpc_status.h"
#include "server/services/inference_call.h"

namespace baryon {
namespace {

using grpc::ByteBuffer;
using inference::ModelStreamInferResponse;

// Did the client ask for errors that end the stream?
bool WantsStatus(const grpc::CallbackServerContext& context) {
  const auto flag = context.client_metadata().find("triton_grpc_error");
  return flag != context.client_metadata().end() && flag->second == "true";
}

class InferenceStream final : public grpc::ServerBidiReactor<ByteBuffer, ByteBuffer> {
 public:
  InferenceStream(grpc::CallbackServerContext* context, Predictor& predictor, const SharedMemoryRegistry& regions)
      : context_(context), predictor_(predictor), regions_(regions), errors_end_it_(WantsStatus(*context)) {
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);  // the client has sent all it wants
    Predictor::Request prediction =
        MakeInference(request_, regions_, [this](WirePieces answer) { answer_ = std::move(answer); });
    id_ = prediction.id;
    prediction.transport = Transport::kGrpc;
    prediction.deadline = DeadlineOf(*context_);
    prediction.stop = stop_.get_token();
    prediction.trace = TraceOf(*context_);
    if (prediction.trace.has_value()) prediction.span_id = NewSpanId();
    prediction.done = [this](const absl::Status& status) { Write(status); };
    predictor_.Start(std::move(prediction));
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::CANCELLED);
    response_.Clear();
    request_.Clear();
    StartRead(&request_);
  }

  void OnCancel() override { stop_.request_stop(); }
  void OnDone() override { delete this; }

 private:
  void Write(const absl::Status& status) {
    WirePieces response;
    if (status.ok()) {
      response.AppendMessage(ModelStreamInferResponse::kInferResponseFieldNumber, std::move(answer_));
    } else if (errors_end_it_) {
      return Finish(ToGrpcStatus(status, *context_));
    } else {
      ModelStreamInferResponse error;
      error.set_error_message(std::string(status.message()));
      error.mutable_infer_response()->set_id(id_);
      response.AppendFields(error);
    }
    response.Finish().Swap(&response_);
    StartWrite(&response_);
  }

  grpc::CallbackServerContext* const context_;
  Predictor& predictor_;
  const SharedMemoryRegistry& regions_;
  const bool errors_end_it_;
  std::stop_source stop_;
  ByteBuffer request_, response_;
  std::string id_;     // of the request
  WirePieces answer_;  // to it
};

// A stream that ends before its first message.
class Refusal final : public grpc::ServerBidiReactor<ByteBuffer, ByteBuffer> {
 public:
  explicit Refusal(const absl::Status& status) { Finish(ToGrpcStatus(status)); }
  void OnDone() override { delete this; }
};

}  // namespace

grpc::ServerBidiReactor<ByteBuffer, ByteBuffer>* AnswerInferenceStream(grpc::CallbackServerContext* context,
                                                                       const GrpcCalls& calls,
                                                                       const SharedMemoryRegistry& regions) {
  const absl::Status allowed = calls.CheckAccess(Right::kUse, *context);
  if (!allowed.ok()) return new Refusal(allowed);
  return new InferenceStream(context, calls.predictor(), regions);
}

}  // namespace baryon
