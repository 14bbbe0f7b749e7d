// Typed contents of the Open Inference Protocol: elements one by one, in the list of their datatype.
#ifndef BARYON_SERVER_SERVICES_INFERENCE_CONTENTS_H_
#define BARYON_SERVER_SERVICES_INFERENCE_CONTENTS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "proto/inference.pb.h"
#include "server/services/tensor_codec.h"

namespace baryon {

// False for the 16-bit floats, which have no list.
bool HasTypedContents(DType dtype);

// The elements of all lists together.
int64_t NumTypedElements(const inference::InferTensorContents& contents);

// The elements of `input`, of type `type`. Errors: INVALID_ARGUMENT, they stand in another list or in several, are too
// many or too few, or one does not fit its datatype.
absl::Status DecodeTypedContents(const inference::ModelInferRequest::InferInputTensor& input, const TensorType& type,
                                 InputBinder& binder);

// Elements of a dtype that has typed contents.
void EncodeTypedContents(const Tensor& tensor, inference::InferTensorContents& contents);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_INFERENCE_CONTENTS_H_
