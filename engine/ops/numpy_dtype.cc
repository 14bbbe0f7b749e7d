#include "engine/ops/numpy_dtype.h"

#include <algorithm>

namespace baryon {
namespace {

bool IsUnsigned(DType dtype) {
  return dtype == DType::kUInt8 || dtype == DType::kUInt16 || dtype == DType::kUInt32 || dtype == DType::kUInt64;
}

DType Wider(DType a, DType b) { return DTypeSize(a) >= DTypeSize(b) ? a : b; }

DType PromotedFloating(DType a, DType b) {
  if (a != b && DTypeSize(a) == DTypeSize(b)) return DType::kFloat32;  // float16 and bfloat16
  return Wider(a, b);
}

DType PromotedSigns(DType with_sign, DType without) {
  if (DTypeSize(with_sign) > DTypeSize(without)) return with_sign;
  return DTypeSize(without) < 4 ? DType::kInt32 : DType::kInt64;
}

}  // namespace

DType PromotedDType(DType a, DType b) {
  if (IsFloating(a) && IsFloating(b)) return PromotedFloating(a, b);
  if (IsFloating(a) || b == DType::kBool) return a;
  if (IsFloating(b) || a == DType::kBool) return b;
  if (IsUnsigned(a) == IsUnsigned(b)) return Wider(a, b);
  return IsUnsigned(a) ? PromotedSigns(b, a) : PromotedSigns(a, b);
}

DType PromotedWithNumber(DType array, bool number_is_int) {
  if (IsFloating(array)) return array;
  if (!number_is_int) return DType::kFloat64;
  return array == DType::kBool ? DType::kInt64 : array;
}

}  // namespace baryon
