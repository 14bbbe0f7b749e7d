// Messages of the Open Inference Protocol to tensors and back.
#ifndef BARYON_SERVER_SERVICES_INFERENCE_CODEC_H_
#define BARYON_SERVER_SERVICES_INFERENCE_CODEC_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/batching/rows.h"
#include "server/models/served_model.h"
#include "server/services/inference_message.h"
#include "server/services/inference_request.h"
#include "server/services/tensor_codec.h"
#include "server/services/wire_pieces.h"

namespace baryon {

// --- Requests. `input` is one of InferenceMessage::head. Errors:
// INVALID_ARGUMENT, with "name", "data", ... as field.

// Its elements as bytes, in as many pieces as they came.
absl::Status DecodeRaw(const inference::ModelInferRequest::InferInputTensor& input, const RawBytes& raw,
                       InputBinder& binder);
// In shared memory, which is read now.
absl::Status DecodeMemory(const inference::ModelInferRequest::InferInputTensor& input, const MemoryRange& range,
                          InputBinder& binder);
// Its dtype and shape. Errors: INVALID_ARGUMENT, there is no such datatype.
absl::StatusOr<TensorType> TypeOf(const inference::ModelInferRequest::InferInputTensor& input);

// All inputs of `message`, which they may view.
absl::StatusOr<Tensors> DecodeInferenceRequest(const InferenceMessage& message, const ServedModel& model,
                                               const SharedMemoryRegistry& regions);

// --- Answers

// An output of an answer: the elements of a tensor, or texts.
struct InferenceOutput {
  absl::string_view name, datatype;  // the name is the model's
  Shape shape;
  Tensor elements;
  std::vector<std::string> texts;  // of datatype BYTES: the best classes,
                                   // "score:index" or "score:index:label"
  bool in_memory = false;          // it has been written into shared memory

  // The elements of BYTES as they go over the wire: each behind its length in four bytes.
  std::string RawTexts() const;
};

// The outputs that are wanted, in their order; writes those for shared memory there. Errors: INVALID_ARGUMENT, an
// output has no scores [rows, classes] to classify, or does not fit into its memory; RESOURCE_EXHAUSTED, the answer is
// too large.
absl::StatusOr<std::vector<InferenceOutput>> MakeOutputs(absl::Span<const WantedOutput> wanted,
                                                         const ServedModel& model, const Tensors& outputs);

// A ModelInferResponse: raw, or typed when the request came typed and every output has a typed form.
absl::StatusOr<WirePieces> EncodeInferenceResponse(const InferenceMessage& message,
                                                   absl::Span<const WantedOutput> wanted, const ServedModel& model,
                                                   const Tensors& outputs);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_INFERENCE_CODEC_H_
