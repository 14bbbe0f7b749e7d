// Inputs for passes nobody asked for.
#ifndef BARYON_SERVER_MODELS_RANDOM_INPUTS_H_
#define BARYON_SERVER_MODELS_RANDOM_INPUTS_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "engine/tensor/tensor.h"
#include "server/batching/rows.h"

namespace baryon {

// Seeded elements in [0, 2): 0 or 1 where they are whole numbers, or are taken for indices. An unknown dtype stands for
// an input that is not given. Errors: RESOURCE_EXHAUSTED.
absl::StatusOr<Tensors> RandomInputs(const TensorTypes& types, uint32_t seed);

}  // namespace baryon

#endif  // BARYON_SERVER_MODELS_RANDOM_INPUTS_H_
