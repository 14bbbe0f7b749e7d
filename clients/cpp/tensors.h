// Arrays and pictures as they travel.
#ifndef BARYON_CLIENTS_CPP_TENSORS_H_
#define BARYON_CLIENTS_CPP_TENSORS_H_

#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "proto/predict.pb.h"

namespace baryon {

// The name on the wire of an element type of C++.
template <typename T>
inline constexpr const char* kDTypeName = nullptr;
template <>
inline constexpr const char* kDTypeName<float> = "float32";
template <>
inline constexpr const char* kDTypeName<double> = "float64";
template <>
inline constexpr const char* kDTypeName<int8_t> = "int8";
template <>
inline constexpr const char* kDTypeName<int16_t> = "int16";
template <>
inline constexpr const char* kDTypeName<int32_t> = "int32";
template <>
inline constexpr const char* kDTypeName<int64_t> = "int64";
template <>
inline constexpr const char* kDTypeName<uint8_t> = "uint8";
template <>
inline constexpr const char* kDTypeName<uint16_t> = "uint16";
template <>
inline constexpr const char* kDTypeName<uint32_t> = "uint32";
template <>
inline constexpr const char* kDTypeName<uint64_t> = "uint64";
template <>
inline constexpr const char* kDTypeName<bool> = "bool";

// `elements`, row-major. `name` may be empty for a model with one input. The server checks that they fill `shape`.
template <typename T>
v1::Tensor MakeTensor(absl::string_view name, absl::Span<const int64_t> shape, absl::Span<const T> elements) {
  static_assert(kDTypeName<T> != nullptr, "an element type that travels");
  v1::Tensor tensor;
  tensor.set_name(std::string(name));
  tensor.set_dtype(kDTypeName<T>);
  for (const int64_t size : shape) tensor.add_shape(size);
  tensor.set_data(elements.data(), elements.size() * sizeof(T));
  return tensor;
}

// PNG or JPEG files, a row each; the server decodes, resizes and scales them as the model says.
v1::Tensor MakePictures(absl::string_view name, std::vector<std::string> files);

// Errors, for a tensor that came from elsewhere: INVALID_ARGUMENT, it is of another dtype than `dtype`; DATA_LOSS, its
// bytes are not as many as its shape says.
absl::Status CheckTensor(const v1::Tensor& tensor, absl::string_view dtype, int64_t element_bytes);

// The elements of `tensor`, row-major. Errors: those of CheckTensor.
template <typename T>
absl::StatusOr<std::vector<T>> ElementsOf(const v1::Tensor& tensor) {
  static_assert(kDTypeName<T> != nullptr && !std::is_same_v<T, bool>, "an element type that travels; bool as uint8_t");
  const absl::Status checked = CheckTensor(tensor, kDTypeName<T>, sizeof(T));
  if (!checked.ok()) return checked;
  std::vector<T> elements(tensor.data().size() / sizeof(T));
  if (!elements.empty()) std::memcpy(elements.data(), tensor.data().data(), tensor.data().size());
  return elements;
}

}  // namespace baryon

#endif  // BARYON_CLIENTS_CPP_TENSORS_H_
