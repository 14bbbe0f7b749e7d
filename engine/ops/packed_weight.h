// Weights in the form a kernel wants them, made once.
#ifndef BARYON_ENGINE_OPS_PACKED_WEIGHT_H_
#define BARYON_ENGINE_OPS_PACKED_WEIGHT_H_

#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/aligned_buffer.h"

namespace baryon {

// Constant float32 input `input` as `pack` writes it into `size` floats, shared by all plans that ask for the same
// `form`; nullptr when the input is no constant. Errors: those of reading it; RESOURCE_EXHAUSTED, no memory.
absl::StatusOr<std::shared_ptr<const kernels::AlignedBuffer>> PackedWeight(
    PrepareContext& context, size_t input, const std::string& form, int64_t size,
    absl::FunctionRef<void(const float* weight, float* packed)> pack);

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_PACKED_WEIGHT_H_
