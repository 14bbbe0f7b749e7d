// What tests of kernels share: random operands, comparison with a reference in double precision, every instruction set.
#ifndef BARYON_ENGINE_KERNELS_TESTING_KERNEL_TESTER_H_
#define BARYON_ENGINE_KERNELS_TESTING_KERNEL_TESTER_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "engine/kernels/cpu_target.h"
#include "gtest/gtest.h"

namespace baryon::kernels {

// `count` numbers of [-1, 1), the same for the same seed.
inline std::vector<float> RandomFloats(int64_t count, uint32_t seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> values(count);
  for (float& value : values) value = uniform(generator);
  return values;
}

// Expects |got - want| <= tolerance * max |want| for every element.
inline void ExpectClose(const std::vector<float>& got, const std::vector<double>& want, double tolerance,
                        const std::string& what) {
  ASSERT_EQ(got.size(), want.size()) << what;
  double largest = 1e-30;
  for (double value : want) largest = std::max(largest, std::abs(value));
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_LE(std::abs(got[i] - want[i]), tolerance * largest)
        << what << ": element " << i << ", expected " << want[i] << ", got " << got[i];
  }
}

// Runs `body` with every instruction set that this processor has.
inline void ForEachCpuTarget(const std::function<void()>& body) {
  for (CpuTarget target : AvailableCpuTargets()) {
    SCOPED_TRACE(CpuTargetName(target));
    const ScopedCpuTarget scope(target);
    body();
  }
}

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_TESTING_KERNEL_TESTER_H_
