#include "engine/tensor/dtype.h"

#include <array>
#include <utility>

namespace baryon {
namespace {

struct DTypeInfo {
  DType dtype;
  absl::string_view name;
  int64_t size;
};

constexpr std::array<DTypeInfo, 13> kDTypes = {{
    {DType::kFloat32, "float32", 4},
    {DType::kFloat64, "float64", 8},
    {DType::kFloat16, "float16", 2},
    {DType::kUInt8, "uint8", 1},
    {DType::kInt32, "int32", 4},
    {DType::kInt8, "int8", 1},
    {DType::kInt64, "int64", 8},
    {DType::kBool, "bool", 1},
    {DType::kInt16, "int16", 2},
    {DType::kUInt16, "uint16", 2},
    {DType::kUInt32, "uint32", 4},
    {DType::kUInt64, "uint64", 8},
    {DType::kBFloat16, "bfloat16", 2},
}};

template <typename To, typename From>
To BitCast(From value) {
  static_assert(sizeof(To) == sizeof(From));
  To result;
  std::memcpy(&result, &value, sizeof(result));
  return result;
}

}  // namespace

int64_t DTypeSize(DType dtype) { return dtype == DType::kUnknown ? 0 : kDTypes[static_cast<int>(dtype)].size; }

absl::string_view DTypeName(DType dtype) {
  return dtype == DType::kUnknown ? "unknown" : kDTypes[static_cast<int>(dtype)].name;
}

std::optional<DType> DTypeFromName(absl::string_view name) {
  for (const DTypeInfo& info : kDTypes) {
    if (info.name == name) return info.dtype;
  }
  return std::nullopt;
}

std::optional<DType> DTypeFromCode(int64_t code) {
  if (code < 0 || code >= static_cast<int64_t>(kDTypes.size())) return std::nullopt;
  return static_cast<DType>(code);
}

// Half has 5 exponent bits (bias 15) and 10 fraction bits; float has 8 (bias 127) and 23.
float HalfToFloat(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
  const uint32_t exponent = (bits >> 10) & 0x1F;
  const uint32_t fraction = bits & 0x3FF;
  if (exponent == 0x1F) return BitCast<float>(sign | 0x7F800000 | (fraction << 13));
  if (exponent == 0) {  // zero or subnormal: fraction * 2^-24, exact in float
    const float magnitude = static_cast<float>(fraction) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  return BitCast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
}

uint16_t FloatToHalf(float value) {
  const uint32_t word = BitCast<uint32_t>(value);
  const uint16_t sign = static_cast<uint16_t>((word >> 16) & 0x8000);
  const uint32_t magnitude = word & 0x7FFFFFFF;
  if (magnitude > 0x7F800000) return sign | 0x7E00;   // NaN
  if (magnitude >= 0x477FF000) return sign | 0x7C00;  // rounds to 65536 or more: infinity
  if (magnitude < 0x38800000) {                       // below 2^-14: subnormal, in units of 2^-24
    const uint32_t shift = 126 - (magnitude >> 23);
    if (shift > 24) return sign;
    const uint32_t fraction = (magnitude & 0x7FFFFF) | 0x800000;
    const uint32_t quotient = fraction >> shift, rest = fraction & ((1u << shift) - 1), half = 1u << (shift - 1);
    return sign | static_cast<uint16_t>(quotient + (rest > half || (rest == half && (quotient & 1))));
  }
  const uint32_t rounded = magnitude + 0xFFF + ((magnitude >> 13) & 1);
  return sign | static_cast<uint16_t>((rounded - 0x38000000) >> 13);
}

}  // namespace baryon
