// Messages of the Open Inference Protocol to tensors and back.
#ifndef BARYON_SERVER_SERVICES_INFERENCE_CODEC_H_
#define BARYON_SERVER_SERVICES_INFERENCE_CODEC_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/batching/rows.h"
#include "server/models/served_model.h"

namespace inference {
class ModelInferRequest;
class ModelInferResponse;
}  // namespace inference

namespace baryon {

// A version as the protocol writes it: "7", or "" for the highest (0). INVALID_ARGUMENT for anything else.
absl::StatusOr<int64_t> ParseOipVersion(const std::string& text);

// The inputs of `request`, which they may view. Errors: INVALID_ARGUMENT.
absl::StatusOr<Tensors> DecodeInferRequest(const inference::ModelInferRequest& request, const ServedModel& model);

// The outputs that `request` asks for, in its order, into `response`: raw, or typed when the request came typed and
// every output has a typed form. An output with the parameter "classification" is its best classes as BYTES
// [rows, classes]. Errors: INVALID_ARGUMENT, an output is unknown, asked for twice or no scores; RESOURCE_EXHAUSTED.
absl::Status EncodeInferResponse(const inference::ModelInferRequest& request, const ServedModel& model,
                                 const Tensors& outputs, inference::ModelInferResponse& response);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_INFERENCE_CODEC_H_
