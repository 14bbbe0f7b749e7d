#include "server/models/random_inputs.h"

#include <random>
#include <utility>

#include "engine/base/status_macros.h"

namespace baryon {

absl::StatusOr<Tensors> RandomInputs(const TensorTypes& types, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> distribution(0, 2);
  Tensors inputs;
  for (const TensorType& type : types) {
    if (type.dtype == DType::kUnknown) {
      inputs.emplace_back();
      continue;
    }
    BARYON_ASSIGN_OR_RETURN(Tensor tensor, Tensor::TryAllocate(type));
    DispatchDType(type.dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      T* elements = tensor.mutable_data<T>();
      for (int64_t i = 0; i < tensor.num_elements(); ++i) elements[i] = static_cast<T>(distribution(random));
    });
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

}  // namespace baryon
