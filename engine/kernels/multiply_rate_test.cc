#include "engine/kernels/multiply_rate.h"

#include "engine/kernels/cpu_target.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

TEST(MultiplyRateTest, IsThatOfAProcessor) {
  for (CpuTarget target : AvailableCpuTargets()) {
    const ScopedCpuTarget scope(target);
    const double rate = MeasureMultiplyRate();
    EXPECT_GT(rate, 1e7) << CpuTargetName(target);
    EXPECT_LT(rate, 1e13) << CpuTargetName(target);
  }
}

}  // namespace
}  // namespace baryon::kernels
