#include "tests/support/seeded.h"

#include <cmath>
#include <cstdint>

#include "absl/strings/match.h"

namespace baryon {
namespace {

uint64_t Fnv1a(const std::string& name) {
  uint64_t hash = 0xCBF29CE484222325;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return hash;
}

// Element `i` of [0, 1).
float UniformAt(uint64_t hash, int64_t i) {
  uint64_t z = hash + (static_cast<uint64_t>(i) + 1) * 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  z ^= z >> 31;
  return static_cast<float>(z >> 40) * 0x1p-24f;
}

template <typename Fn>
Tensor Fill(const std::string& name, const Shape& shape, Fn fn) {
  Tensor tensor = Tensor::Allocate({DType::kFloat32, shape});
  float* data = tensor.mutable_data<float>();
  const uint64_t hash = Fnv1a(name);
  for (int64_t i = 0; i < tensor.num_elements(); ++i) data[i] = fn(UniformAt(hash, i));
  return tensor;
}

}  // namespace

Tensor SeededParameter(const std::string& name, const Shape& shape) {
  const auto ends_with = [&](const char* ending) { return absl::EndsWith(name, ending); };
  if (ends_with("weight") && shape.rank() >= 2) {
    const float limit = static_cast<float>(std::sqrt(6.0 / static_cast<double>(shape.Product(1, shape.rank()))));
    return Fill(name, shape, [limit](float u) { return (2 * u - 1) * limit; });
  }
  if (ends_with("gamma")) return Fill(name, shape, [](float u) { return 0.8f + 0.2f * u; });
  if (ends_with("running_mean") || ends_with("moving_mean") || ends_with("beta") || ends_with("bias")) {
    return Fill(name, shape, [](float u) { return 0.2f * u - 0.1f; });
  }
  if (ends_with("running_var") || ends_with("moving_var")) {
    return Fill(name, shape, [](float u) { return 0.8f + 0.4f * u; });
  }
  return Fill(name, shape, [](float u) { return (2 * u - 1) * 0.1f; });
}

Tensor SeededInput(const std::string& name, const Shape& shape) {
  return Fill(name, shape, [](float u) { return 2 * u - 1; });
}

}  // namespace baryon
