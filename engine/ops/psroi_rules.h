// What the two position-sensitive poolings of regions have in common.
#ifndef BARYON_ENGINE_OPS_PSROI_RULES_H_
#define BARYON_ENGINE_OPS_PSROI_RULES_H_

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/ops/roi_rules.h"
#include "engine/ops/type_rules.h"

namespace baryon {

// A region becomes pooled_size x pooled_size bins of output_dim channels; group_size x group_size parts of the region
// have channels of their own in the data.
struct PsroiSizes {
  int64_t output_dim = 0, pooled_size = 0;
  int64_t group_size = 0;  // 0: one part for each bin

  int64_t groups() const { return group_size == 0 ? pooled_size : group_size; }
};

inline absl::Status CheckPsroiSizes(const PsroiSizes& sizes) {
  constexpr int64_t kMost = 1 << 15;  // so that products of all sizes stay in 64 bits
  const auto check = [](const char* name, int64_t size, int64_t least) {
    if (size >= least && size <= kMost) return absl::OkStatus();
    return ExpectedGot(absl::StrCat("\"", name, "\" from ", least, " to 2^15"), size);
  };
  BARYON_RETURN_IF_ERROR(check("output_dim", sizes.output_dim, 1));
  BARYON_RETURN_IF_ERROR(check("pooled_size", sizes.pooled_size, 1));
  return check("group_size", sizes.group_size, 0);
}

// The type of the output for data and regions, the first two inputs.
inline absl::StatusOr<TensorTypes> InferPsroiTypes(const PsroiSizes& sizes, bool channels_last,
                                                   const TensorTypes& inputs) {
  const TensorType &data = inputs[0], &rois = inputs[1];
  BARYON_RETURN_IF_ERROR(CheckRois(data, rois, 5));
  const int64_t needed = sizes.output_dim * sizes.groups() * sizes.groups();
  if (data.shape[channels_last ? 3 : 1] < needed) {
    return ExpectedGot(absl::StrCat("\"data\" with ", needed, " channels"), data.ToString());
  }
  return TensorTypes{PooledType(rois, sizes.output_dim, sizes.pooled_size, sizes.pooled_size, channels_last)};
}

// The data's channel for output channel `c` at bin (y, x).
inline int64_t PsroiChannel(const PsroiSizes& sizes, int64_t c, int64_t y, int64_t x) {
  const int64_t groups = sizes.groups();
  const auto part = [&](int64_t bin) { return std::min(bin * groups / sizes.pooled_size, groups - 1); };
  return (c * groups + part(y)) * groups + part(x);
}

// One axis of a region, whose corners are rounded and belong to it.
template <typename V>
struct PsroiAxis {
  V start, size, bin_size;

  static PsroiAxis Of(V begin, V end, V scale, V offset, int64_t bins) {
    const V start = std::round(begin) * scale - offset;
    const V size = std::max((std::round(end) + 1) * scale - offset - start, static_cast<V>(0.1));
    return {start, size, size / static_cast<V>(bins)};
  }
};

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_PSROI_RULES_H_
