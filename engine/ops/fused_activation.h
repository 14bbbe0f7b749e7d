// Activations as attributes of the layer before them, as the pass fuse_activation sets them.
#ifndef BARYON_ENGINE_OPS_FUSED_ACTIVATION_H_
#define BARYON_ENGINE_OPS_FUSED_ACTIVATION_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/kernels/activation.h"

namespace baryon {

// What the attributes `activation` ("none", or a name as operators call it: "relu", "clip", "leaky", ...), `act_alpha`
// and `act_beta` mean. Errors: INVALID_ARGUMENT, an unknown name.
absl::StatusOr<kernels::ActivationSpec> ToActivationSpec(absl::string_view name, double alpha, double beta);

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_FUSED_ACTIVATION_H_
