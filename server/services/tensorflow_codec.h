// Messages of TensorFlow Serving to tensors and back.
#ifndef BARYON_SERVER_SERVICES_TENSORFLOW_CODEC_H_
#define BARYON_SERVER_SERVICES_TENSORFLOW_CODEC_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/tensorflow_serving.pb.h"
#include "server/batching/rows.h"
#include "server/models/served_model.h"
#include "server/services/tensor_codec.h"
#include "server/services/wire_pieces.h"

namespace baryon {

// TensorFlow's name of a dtype; DT_INVALID for kUnknown. And back, where there is one.
tensorflow::DataType TensorFlowDataType(DType dtype);
std::optional<DType> DTypeFromTensorFlow(tensorflow::DataType type);

// An input, which may view `proto`. A list of elements that is too short is filled up as TensorFlow does; what that
// makes of a small message is at most `max_bytes`. Errors: INVALID_ARGUMENT.
absl::Status DecodeTensorProto(absl::string_view name, const tensorflow::TensorProto& proto, int64_t max_bytes,
                               InputBinder& binder);

// The inputs of `request`, which they may view. Errors: INVALID_ARGUMENT.
absl::StatusOr<Tensors> DecodePredictRequest(const tensorflow::serving::PredictRequest& request,
                                             const ServedModel& model, int64_t max_bytes);

// The places, among the model's outputs, of those that `request` wants. Errors: INVALID_ARGUMENT, an output is unknown
// or wanted twice.
absl::StatusOr<std::vector<size_t>> FilterOutputs(const tensorflow::serving::PredictRequest& request,
                                                  const Signature& signature);

// A PredictResponse: elements as bytes when the request had any such, else one by one. Errors: RESOURCE_EXHAUSTED.
absl::StatusOr<WirePieces> EncodePredictResponse(const tensorflow::serving::PredictRequest& request,
                                                 const std::vector<size_t>& wanted, const ServedModel& model,
                                                 const Tensors& outputs);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_TENSORFLOW_CODEC_H_
