// Highway keeps one process-wide mask of targets that dispatch may choose from; this file narrows it.
#include "engine/kernels/cpu_target.h"

#include <hwy/highway.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "engine/base/check.h"

namespace baryon::kernels {
namespace {

constexpr CpuTarget kTargets[] = {CpuTarget::kAvx512, CpuTarget::kAvx2, CpuTarget::kPortable};

// The Highway targets that need more than `target`.
int64_t Beyond(CpuTarget target) {
  constexpr int64_t kAvx512Targets = HWY_AVX3 | HWY_AVX3_DL;
  if (target == CpuTarget::kAvx512) return 0;
  if (target == CpuTarget::kAvx2) return kAvx512Targets;
  return kAvx512Targets | HWY_AVX2;
}

CpuTarget TargetOfMask(int64_t supported) {
  if (supported & (HWY_AVX3 | HWY_AVX3_DL)) return CpuTarget::kAvx512;
  return supported & HWY_AVX2 ? CpuTarget::kAvx2 : CpuTarget::kPortable;
}

// The best target of the processor and of BARYON_CPU.
CpuTarget BestTarget() {
  static const CpuTarget best = [] {
    CpuTarget most = TargetOfMask(hwy::SupportedTargets());
    const char* wanted = std::getenv("BARYON_CPU");
    for (CpuTarget target : kTargets) {
      if (wanted != nullptr && std::strcmp(wanted, CpuTargetName(target)) == 0) most = std::min(most, target);
    }
    return most;
  }();
  return best;
}

CpuTarget active = CpuTarget::kPortable;

void Activate(CpuTarget target) {
  active = target;
  hwy::GetChosenTarget().Update(hwy::SupportedTargets() & ~Beyond(target));
}

// Before main, so that the first kernel that runs finds it.
const bool kActivated = [] {
  Activate(BestTarget());
  return true;
}();

}  // namespace

const char* CpuTargetName(CpuTarget target) {
  if (target == CpuTarget::kAvx512) return "avx512";
  return target == CpuTarget::kAvx2 ? "avx2" : "portable";
}

std::vector<CpuTarget> AvailableCpuTargets() {
  std::vector<CpuTarget> available;
  for (CpuTarget target : kTargets) {
    if (target <= BestTarget()) available.push_back(target);
  }
  return available;
}

CpuTarget ActiveCpuTarget() { return active; }

ScopedCpuTarget::ScopedCpuTarget(CpuTarget target) : saved_(active) {
  BARYON_CHECK(target <= BestTarget());
  Activate(target);
}

ScopedCpuTarget::~ScopedCpuTarget() { Activate(saved_); }

}  // namespace baryon::kernels
