#include "engine/kernels/cpu_target.h"

#include <algorithm>

#include "engine/kernels/gemm_tile.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

TEST(CpuTargetTest, ListsTheBestFirstAndPortableLast) {
  const std::vector<CpuTarget> available = AvailableCpuTargets();
  ASSERT_FALSE(available.empty());
  EXPECT_EQ(available.back(), CpuTarget::kPortable);
  EXPECT_TRUE(std::is_sorted(available.rbegin(), available.rend()));
  EXPECT_EQ(ActiveCpuTarget(), available.front());
}

TEST(CpuTargetTest, ScopeDecidesWhichKernelsAreTaken) {
  const char* best = ActiveGemmTarget().name;
  for (CpuTarget target : AvailableCpuTargets()) {
    const ScopedCpuTarget scope(target);
    EXPECT_EQ(ActiveCpuTarget(), target);
    EXPECT_EQ(std::string(ActiveGemmTarget().name).find(CpuTargetName(target)), 0u) << ActiveGemmTarget().name;
  }
  EXPECT_STREQ(ActiveGemmTarget().name, best);
}

}  // namespace
}  // namespace baryon::kernels
