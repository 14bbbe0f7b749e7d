// What operators of mx.image have in common: pictures [H, W, C] or batches of them [N, H, W, C].
#ifndef BARYON_ENGINE_OPS_IMAGE_RULES_H_
#define BARYON_ENGINE_OPS_IMAGE_RULES_H_

#include "absl/status/status.h"
#include "engine/ops/type_rules.h"

namespace baryon {

inline absl::Status CheckPicture(const TensorType& data) {
  const int64_t rank = data.shape.rank();
  if (rank == 3 || rank == 4) return absl::OkStatus();
  return ExpectedGot("a picture of rank 3 or pictures of rank 4", data.ToString());
}

// 1 or 3 channels, at `axis`.
inline absl::Status CheckChannels(const TensorType& data, int64_t axis) {
  const int64_t channels = data.shape[axis];
  if (channels == 1 || channels == 3) return absl::OkStatus();
  return ExpectedGot("1 or 3 channels", data.ToString());
}

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_IMAGE_RULES_H_
