// How much memory there is.
#ifndef BARYON_ENGINE_BASE_MEMORY_H_
#define BARYON_ENGINE_BASE_MEMORY_H_

#include <cstdint>

namespace baryon {

// The bytes that this process can ever have: the machine's memory, or what its cgroup or its own limit (ulimit -v)
// leaves of it. Whoever wants more at once is refused instead of bringing the machine down. Asked once. Thread-safe.
int64_t UsableMemoryBytes();

}  // namespace baryon

#endif  // BARYON_ENGINE_BASE_MEMORY_H_
