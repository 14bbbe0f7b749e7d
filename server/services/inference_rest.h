// Inference over REST: JSON, binary tensor data behind it, or bytes alone.
#ifndef BARYON_SERVER_SERVICES_INFERENCE_REST_H_
#define BARYON_SERVER_SERVICES_INFERENCE_REST_H_

#include <memory>

#include "absl/status/statusor.h"
#include "server/http/http_message.h"
#include "server/services/inference_codec.h"
#include "server/services/inference_request.h"
#include "server/services/predictor.h"

namespace baryon {

// One request to /v2/models/NAME/infer. What its bytes say comes out while it is decoded. One thread at a time.
class RestInference {
 public:
  // Both are borrowed but the request.
  RestInference(std::shared_ptr<const HttpRequest> request, const SharedMemoryRegistry& regions);

  // The inputs, which may view the body. Sets id, priority and longest wait of `prediction` from what the client says.
  // Errors: INVALID_ARGUMENT; NOT_FOUND, no such shared memory.
  absl::StatusOr<Tensors> Decode(const ServedModel& model, Predictor::Request& prediction);

  // The answer: JSON, and behind it the outputs that are wanted as bytes. Errors: those of MakeOutputs; OUT_OF_RANGE,
  // an output that is wanted as JSON has NaN or infinity in it.
  absl::StatusOr<HttpResponse> Encode(const ServedModel& model, const Tensors& outputs) const;

 private:
  absl::StatusOr<size_t> HeaderLength() const;
  absl::Status ParseJson(absl::string_view json, InputBinder& binder);
  absl::Status DecodeBytesAlone(const ServedModel& model, InputBinder& binder);

  const std::shared_ptr<const HttpRequest> request_;
  const SharedMemoryRegistry& regions_;
  inference::ModelInferRequest head_;  // what of the protocol's message stands in the JSON
  InferenceOptions options_;
  std::vector<WantedOutput> wanted_;  // refers to head_
};

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_INFERENCE_REST_H_
