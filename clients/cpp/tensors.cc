#include "clients/cpp/tensors.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace baryon {

v1::Tensor MakePictures(absl::string_view name, std::vector<std::string> files) {
  v1::Tensor tensor;
  tensor.set_name(std::string(name));
  for (std::string& file : files) tensor.add_pictures(std::move(file));
  return tensor;
}

absl::Status CheckTensor(const v1::Tensor& tensor, absl::string_view dtype, int64_t element_bytes) {
  if (dtype != tensor.dtype() && !(dtype == "uint8" && tensor.dtype() == "bool")) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", tensor.name(), "\": expected ", dtype, ", got ", tensor.dtype()));
  }
  const int64_t bytes = static_cast<int64_t>(tensor.data().size());
  int64_t expected = element_bytes;
  bool fits = true;
  for (const int64_t size : tensor.shape())
    fits = fits && size >= 0 && !__builtin_mul_overflow(expected, size, &expected);
  if (fits && expected == bytes) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("\"", tensor.name(), "\": ", bytes, " bytes do not fill ", tensor.dtype(),
                                          "[", absl::StrJoin(tensor.shape(), ", "), "]"));
}

}  // namespace baryon
