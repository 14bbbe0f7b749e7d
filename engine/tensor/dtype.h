// Element types. The numbers are MXNet's own codes, as they stand in parameter files and `__dtype__` attributes.
#ifndef BARYON_ENGINE_TENSOR_DTYPE_H_
#define BARYON_ENGINE_TENSOR_DTYPE_H_

#include <cstdint>
#include <cstring>
#include <optional>
#include <type_traits>

#include "absl/strings/string_view.h"

namespace baryon {

enum class DType : int8_t {
  kUnknown = -1,
  kFloat32 = 0,
  kFloat64 = 1,
  kFloat16 = 2,
  kUInt8 = 3,
  kInt32 = 4,
  kInt8 = 5,
  kInt64 = 6,
  kBool = 7,
  kInt16 = 8,
  kUInt16 = 9,
  kUInt32 = 10,
  kUInt64 = 11,
  kBFloat16 = 12,
};

// Bytes of one element; 0 for kUnknown.
int64_t DTypeSize(DType dtype);

// "float32", "uint8", ...; "unknown" for kUnknown.
absl::string_view DTypeName(DType dtype);

// From a name as DTypeName writes it, or nothing.
std::optional<DType> DTypeFromName(absl::string_view name);

// From MXNet's code, or nothing when it means no type.
std::optional<DType> DTypeFromCode(int64_t code);

inline bool IsFloating(DType dtype) {
  return dtype == DType::kFloat32 || dtype == DType::kFloat64 || dtype == DType::kFloat16 || dtype == DType::kBFloat16;
}

// IEEE 754 binary16 and bfloat16: storage only. They convert to and from float, rounding to nearest even; arithmetic is
// done in float.
float HalfToFloat(uint16_t bits);
uint16_t FloatToHalf(float value);

struct Half {
  uint16_t bits = 0;
  Half() = default;
  Half(float value) : bits(FloatToHalf(value)) {}  // NOLINT: converts implicitly, as the built-in types do
  operator float() const { return HalfToFloat(bits); }
};

struct BFloat16 {
  uint16_t bits = 0;
  BFloat16() = default;
  BFloat16(float value) {  // NOLINT
    uint32_t word;
    std::memcpy(&word, &value, sizeof(word));
    const bool nan = (word & 0x7FFFFFFF) > 0x7F800000;
    bits = nan ? static_cast<uint16_t>((word >> 16) | 0x40)
               : static_cast<uint16_t>((word + 0x7FFF + ((word >> 16) & 1)) >> 16);
  }
  operator float() const {
    const uint32_t word = static_cast<uint32_t>(bits) << 16;
    float value;
    std::memcpy(&value, &word, sizeof(value));
    return value;
  }
};

// The type in which values of T are computed: float for the 16-bit floats, T otherwise.
template <typename T>
using ComputeType = std::conditional_t<std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>, float, T>;

template <typename T>
constexpr bool kIsFloating = std::is_floating_point_v<T> || std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>;

// DTypeOf<float>() == DType::kFloat32.
template <typename T>
constexpr DType DTypeOf() {
  if constexpr (std::is_same_v<T, float>) return DType::kFloat32;
  if constexpr (std::is_same_v<T, double>) return DType::kFloat64;
  if constexpr (std::is_same_v<T, Half>) return DType::kFloat16;
  if constexpr (std::is_same_v<T, BFloat16>) return DType::kBFloat16;
  if constexpr (std::is_same_v<T, bool>) return DType::kBool;
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    if constexpr (sizeof(T) == 1) return std::is_signed_v<T> ? DType::kInt8 : DType::kUInt8;
    if constexpr (sizeof(T) == 2) return std::is_signed_v<T> ? DType::kInt16 : DType::kUInt16;
    if constexpr (sizeof(T) == 4) return std::is_signed_v<T> ? DType::kInt32 : DType::kUInt32;
    if constexpr (sizeof(T) == 8) return std::is_signed_v<T> ? DType::kInt64 : DType::kUInt64;
  }
  return DType::kUnknown;
}

template <typename T>
struct TypeTag {
  using type = T;
};

// Calls `fn` with the TypeTag of `dtype`:
//   DispatchDType(x.dtype(), [&](auto tag) { using T = typename decltype(tag)::type; Copy<T>(x, y); });
// `dtype` must not be kUnknown.
template <typename Fn>
decltype(auto) DispatchDType(DType dtype, Fn&& fn) {
  switch (dtype) {
    case DType::kFloat64:
      return fn(TypeTag<double>());
    case DType::kFloat16:
      return fn(TypeTag<Half>());
    case DType::kBFloat16:
      return fn(TypeTag<BFloat16>());
    case DType::kUInt8:
      return fn(TypeTag<uint8_t>());
    case DType::kInt8:
      return fn(TypeTag<int8_t>());
    case DType::kInt16:
      return fn(TypeTag<int16_t>());
    case DType::kUInt16:
      return fn(TypeTag<uint16_t>());
    case DType::kInt32:
      return fn(TypeTag<int32_t>());
    case DType::kUInt32:
      return fn(TypeTag<uint32_t>());
    case DType::kInt64:
      return fn(TypeTag<int64_t>());
    case DType::kUInt64:
      return fn(TypeTag<uint64_t>());
    case DType::kBool:
      return fn(TypeTag<bool>());
    case DType::kFloat32:
    case DType::kUnknown:
      break;
  }
  return fn(TypeTag<float>());
}

// The same over the floating types alone, for kernels that exist for them only; anything else runs as float.
template <typename Fn>
decltype(auto) DispatchFloating(DType dtype, Fn&& fn) {
  switch (dtype) {
    case DType::kFloat64:
      return fn(TypeTag<double>());
    case DType::kFloat16:
      return fn(TypeTag<Half>());
    case DType::kBFloat16:
      return fn(TypeTag<BFloat16>());
    default:
      return fn(TypeTag<float>());
  }
}

// Over unsigned integers of the element's size: for kernels that only move elements.
template <typename Fn>
decltype(auto) DispatchBySize(DType dtype, Fn&& fn) {
  switch (DTypeSize(dtype)) {
    case 1:
      return fn(TypeTag<uint8_t>());
    case 2:
      return fn(TypeTag<uint16_t>());
    case 8:
      return fn(TypeTag<uint64_t>());
    default:
      return fn(TypeTag<uint32_t>());
  }
}

}  // namespace baryon

#endif  // BARYON_ENGINE_TENSOR_DTYPE_H_
