// What operators on boxes have in common.
#ifndef BARYON_ENGINE_OPS_BOX_RULES_H_
#define BARYON_ENGINE_OPS_BOX_RULES_H_

#include <cstdint>
#include <limits>

#include "absl/status/status.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/boxes.h"
#include "engine/ops/type_rules.h"

namespace baryon {

template <typename A>
AttrDef<A> BoxFormatAttr(const char* name, kernels::BoxFormat A::*field) {
  return EnumAttr(name, field, {{"corner", kernels::BoxFormat::kCorner}, {"center", kernels::BoxFormat::kCenter}});
}

// Places of boxes, and tasks for some of them, are counted in 32 bits.
inline absl::Status CheckBoxCount(int64_t count) {
  if (count <= std::numeric_limits<int32_t>::max()) return absl::OkStatus();
  return ExpectedGot("fewer than 2^31 boxes", count);
}

// `input` as boxes [..., 4].
inline absl::Status CheckBoxes(absl::string_view input, const TensorType& type) {
  BARYON_RETURN_IF_ERROR(CheckFloating(input, type));
  BARYON_RETURN_IF_ERROR(CheckRankAtLeast(input, type, 2));
  if (type.shape.back() == 4 || type.shape.back() == Shape::kUnknownDim) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("\"", input, "\": expected boxes [..., 4], got ", type.ToString()));
}

// A class from its floating form, cut to a whole number. Numbers that are none, or beyond 32 bits, share one class.
template <typename T>
int32_t ClassNumber(T id) {
  const double value = static_cast<double>(static_cast<ComputeType<T>>(id));
  constexpr double kLimit = 2147483648.0;
  return value > -kLimit && value < kLimit ? static_cast<int32_t>(value) : std::numeric_limits<int32_t>::min();
}

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_BOX_RULES_H_
