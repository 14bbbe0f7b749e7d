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
  InferenceCall(const grpc::ByteBuffer& bytes, const SharedMemoryRegistry& regions,
                absl::AnyInvocable<void(WirePieces response)> answer)
      : message(InferenceMessage::Parse(bytes)), regions(regions), answer(std::move(answer)) {}

  const absl::StatusOr<InferenceMessage> message;  // where it was parsed: moving it costs as much as a small pass
  const SharedMemoryRegistry& regions;
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
  auto call = std::make_shared<InferenceCall>(message, regions, std::move(answer));
  const absl::Status filled = call->message.ok() ? FillRequest(*call->message, request) : call->message.status();
  if (!filled.ok()) {
    request.version = filled;
    return request;
  }
  request.decode = [call](const ServedModel& model, Predictor::Request&) -> absl::StatusOr<Tensors> {
    BARYON_ASSIGN_OR_RETURN(call->wanted, ReadWantedOutputs(call->message->head, model.signature(), call->regions));
    return DecodeInferenceRequest(*call->message, model, call->regions);
  };
  request.encode = [call = std::move(call)](const ServedModel& model, const Tensors& outputs) -> absl::Status {
    BARYON_ASSIGN_OR_RETURN(WirePieces response, EncodeInferenceResponse(*call->message, call->wanted, model, outputs));
    call->answer(std::move(response));
    return absl::OkStatus();
  };
  return request;
}

}  // namespace baryon
