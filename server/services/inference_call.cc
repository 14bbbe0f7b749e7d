#include "server/services/inference_call.h"

#include <memory>
#include <utility>
#include <vector>

#include "engine/base/status_macros.h"
#include "server/services/inference_codec.h"
#include "server/services/inference_message.h"
#include "server/services/inference_request.h"

namespace baryon {
namespace {

// What decoding finds out and encoding uses.
struct InferenceCall {
  InferenceMessage message;
  std::vector<WantedOutput> wanted;  // refers to the message
  absl::AnyInvocable<void(WirePieces response)> answer;
};

absl::Status FillRequest(const InferenceMessage& message, Predictor::Request& request) {
  request.model = message.head.model_name();
  request.id = message.head.id();
  request.version = ParseOipVersion(message.head.model_version());
  BARYON_ASSIGN_OR_RETURN(const InferenceOptions options, ReadOptions(message.head.parameters()));
  request.max_wait = options.max_wait;
  request.priority_level = options.priority_level;
  return absl::OkStatus();
}

}  // namespace

Predictor::Request MakeInference(const grpc::ByteBuffer& message, const SharedMemoryRegistry& regions,
                                 absl::AnyInvocable<void(WirePieces response)> answer) {
  Predictor::Request request;
  request.protocol = Protocol::kOpenInference;
  absl::StatusOr<InferenceMessage> parsed = InferenceMessage::Parse(message);
  const absl::Status filled = parsed.ok() ? FillRequest(*parsed, request) : parsed.status();
  if (!filled.ok()) {
    request.version = filled;
    return request;
  }
  auto call = std::make_shared<InferenceCall>();
  call->message = *std::move(parsed);
  call->answer = std::move(answer);
  request.decode = [call, &regions](const ServedModel& model, Predictor::Request&) -> absl::StatusOr<Tensors> {
    BARYON_ASSIGN_OR_RETURN(call->wanted, ReadWantedOutputs(call->message.head, model.signature(), regions));
    return DecodeInferenceRequest(call->message, model, regions);
  };
  request.encode = [call](const ServedModel& model, const Tensors& outputs) -> absl::Status {
    BARYON_ASSIGN_OR_RETURN(WirePieces response, EncodeInferenceResponse(call->message, call->wanted, model, outputs));
    call->answer(std::move(response));
    return absl::OkStatus();
  };
  return request;
}

}  // namespace baryon
