// Which instruction set the kernels use. Vector code is compiled for several and the best one of the processor is taken
// at run time. The environment variable BARYON_CPU (portable, avx2 or avx512) keeps a process at that set or below, to
// compare speeds or to reproduce results of another machine; tests use ScopedCpuTarget.
#ifndef BARYON_ENGINE_KERNELS_CPU_TARGET_H_
#define BARYON_ENGINE_KERNELS_CPU_TARGET_H_

#include <vector>

namespace baryon::kernels {

// In ascending order. kPortable is what every processor of the architecture has; on machines other than x86 that
// includes their vector instructions.
enum class CpuTarget { kPortable, kAvx2, kAvx512 };

// "portable", "avx2", "avx512".
const char* CpuTargetName(CpuTarget target);

// Those that this processor can run and BARYON_CPU allows, best first. Never empty.
std::vector<CpuTarget> AvailableCpuTargets();

// The one that kernels take now. Kernels that were prepared earlier keep theirs.
CpuTarget ActiveCpuTarget();

// Makes kernels take `target`, which must be available, for the lifetime of the object. For the whole process: no other
// thread may prepare or run kernels meanwhile.
class ScopedCpuTarget {
 public:
  explicit ScopedCpuTarget(CpuTarget target);
  ~ScopedCpuTarget();
  ScopedCpuTarget(const ScopedCpuTarget&) = delete;
  ScopedCpuTarget& operator=(const ScopedCpuTarget&) = delete;

 private:
  CpuTarget saved_;
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_CPU_TARGET_H_
