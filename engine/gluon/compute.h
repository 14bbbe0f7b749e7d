// The threads on which arrays and blocks compute. MXNet takes their number from its environment; here the program says
// it, once, before it computes.
#ifndef BARYON_ENGINE_GLUON_COMPUTE_H_
#define BARYON_ENGINE_GLUON_COMPUTE_H_

#include "engine/base/thread_pool.h"

namespace baryon {

// The pool that arrays and blocks use: AvailableCores() threads unless SetNumThreads said otherwise. Lives as long as
// the process. Thread-safe.
ThreadPool& ComputePool();

// From now on arrays and blocks compute with `num_threads` >= 1 threads. Blocks that were compiled before compile again
// at their next call. Pools that were in use stay, as executables refer to them.
void SetNumThreads(int num_threads);

}  // namespace baryon

#endif  // BARYON_ENGINE_GLUON_COMPUTE_H_
