// Bytes of a request to tensors in the order of a model's signature, whatever the protocol.
#ifndef BARYON_SERVER_SERVICES_TENSOR_CODEC_H_
#define BARYON_SERVER_SERVICES_TENSOR_CODEC_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/inlined_vector.h"
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
// expected and what came; their field (see error_details.h) is "name", "datatype", "shape", "shape[2]" or "data", for
// callers to say which input that is of. Inputs of zero elements are refused; labels, which only training reads, are
// accepted and dropped. One thread.
class InputBinder {
 public:
  explicit InputBinder(const ServedModel& model);

  // The input `name` has type `type`, and `bytes`, row-major and little-endian, are its elements. They are viewed where
  // their address suits the dtype, else copied: `bytes` stay valid until the request is answered.
  absl::Status AddBytes(absl::string_view name, const TensorType& type, absl::string_view bytes);

  // The same for elements in pieces, which together are `size` bytes: copied, unless there is only one.
  absl::Status AddPieces(absl::string_view name, const TensorType& type, absl::Span<const absl::string_view> pieces,
                         int64_t size);

  // The same for elements that have to be converted one by one, of which there are `num_elements`: the tensor to fill.
  absl::StatusOr<Tensor*> AddElements(absl::string_view name, const TensorType& type, int64_t num_elements);

  // The same for elements that have to be fetched, of which there are `size` bytes: the tensor to fill, or nullptr when
  // nobody reads them.
  absl::StatusOr<Tensor*> AddStorage(absl::string_view name, const TensorType& type, int64_t size);

  // The same for elements that are a tensor already.
  absl::Status AddTensor(absl::string_view name, Tensor tensor);

  // The input `name` as pictures, one a row: the bytes of PNG or JPEG files.
  absl::Status AddPictures(absl::string_view name, absl::Span<const absl::string_view> files);

  // All inputs. Errors: one is missing.
  absl::StatusOr<Tensors> Finish();

 private:
  absl::StatusOr<size_t> Place(absl::string_view name);
  absl::StatusOr<size_t> Check(absl::string_view name, const TensorType& type);
  absl::StatusOr<size_t> CheckBytes(absl::string_view name, const TensorType& type, int64_t size);

  const ServedModel& model_;
  Tensors inputs_;
  absl::InlinedVector<bool, 8> given_;
};

// The only input that a request has to give; nullptr when there is none or more than one.
const TensorSpec* OnlyInput(const Signature& signature);
// One row of the input `name` for which the model is known to run; nullptr when there is none.
const TensorType* ExampleOf(const Signature& signature, absl::string_view name);

// The error of an input of which `field` ("data", "shape[2]", ...) is not what it should be: INVALID_ARGUMENT, "input
// "data": expected ..., got ...", with these details. `reason` is what programs read.
absl::Status RefuseInput(absl::string_view name, absl::string_view field, absl::string_view reason,
                         absl::string_view expected, absl::string_view got);

// The elements of `tensor` as they go over the wire.
absl::string_view BytesOf(const Tensor& tensor);

// RESOURCE_EXHAUSTED when `outputs` do not fit into one message of Protocol Buffers (2 GiB).
absl::Status CheckFitsMessage(const Tensors& outputs);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_TENSOR_CODEC_H_
