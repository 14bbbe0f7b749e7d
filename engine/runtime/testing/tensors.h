// Tensors for tests of plans.
#ifndef BARYON_ENGINE_RUNTIME_TESTING_TENSORS_H_
#define BARYON_ENGINE_RUNTIME_TESTING_TENSORS_H_

#include <utility>
#include <vector>

#include "engine/tensor/tensor.h"

namespace baryon {

// Numbers between -1 and 1 that hardly repeat from row to row.
inline Tensor Ramp(Shape shape) {
  Tensor tensor = Tensor::Allocate({DType::kFloat32, std::move(shape)});
  for (int64_t i = 0; i < tensor.num_elements(); ++i) tensor.mutable_data<float>()[i] = (i * 7 % 23) / 11.0f - 1;
  return tensor;
}

inline std::vector<float> Values(const Tensor& tensor) {
  return {tensor.data<float>(), tensor.data<float>() + tensor.num_elements()};
}

}  // namespace baryon

#endif  // BARYON_ENGINE_RUNTIME_TESTING_TENSORS_H_
