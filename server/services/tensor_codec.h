// Bytes of a request to tensors in the order of a model's signature, whatever the protocol.
#ifndef BARYON_SERVER_SERVICES_TENSOR_CODEC_H_
#define BARYON_SERVER_SERVICES_TENSOR_CODEC_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "server/batching/rows.h"
#include "server/models/served_model.h"

namespace baryon {

// The Open Inference Protocol's names: "FP32", "INT8", "BOOL", "BF16", ...; "BYTES" is none of them.
absl::string_view OipDatatype(DType dtype);
std::optional<DType> DTypeFromOip(absl::string_view datatype);

// Gathers the inputs of one request, in any order, and checks them before anything is allocated: names, dtypes and
// shapes against the signature, sizes against each other. Errors are INVALID_ARGUMENT, naming the input, what was
// expected and what came. Inputs of zero elements are refused; labels, which only training reads, are accepted and
// dropped. One thread.
class InputBinder {
 public:
  explicit InputBinder(const ServedModel& model);

  // The input `name` has type `type`, and `bytes`, row-major and little-endian, are its elements. They are viewed where
  // their address suits the dtype, else copied: `bytes` stay valid until the request is answered.
  absl::Status AddBytes(absl::string_view name, const TensorType& type, absl::string_view bytes);

  // The same for elements that have to be converted one by one, of which there are `num_elements`: the tensor to fill.
  absl::StatusOr<Tensor*> AddElements(absl::string_view name, const TensorType& type, int64_t num_elements);

  // The input `name` as pictures, one a row: the bytes of PNG or JPEG files.
  absl::Status AddPictures(absl::string_view name, absl::Span<const absl::string_view> files);

  // All inputs. Errors: one is missing.
  absl::StatusOr<Tensors> Finish();

 private:
  absl::StatusOr<size_t> Place(absl::string_view name);
  absl::StatusOr<size_t> Check(absl::string_view name, const TensorType& type);

  const ServedModel& model_;
  Tensors inputs_;
  std::vector<bool> given_;
};

// The elements of `tensor` as they go over the wire.
absl::string_view BytesOf(const Tensor& tensor);

// RESOURCE_EXHAUSTED when `outputs` do not fit into one message of Protocol Buffers (2 GiB).
absl::Status CheckFitsMessage(const Tensors& outputs);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_TENSOR_CODEC_H_
