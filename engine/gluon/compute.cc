#include "engine/gluon/compute.h"

#include <atomic>
#include <map>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "engine/base/check.h"

namespace baryon {
namespace {

// Pools by their number of threads. Never destroyed: executables may outlive main.
struct Pools {
  absl::Mutex mutex;
  std::map<int, std::unique_ptr<ThreadPool>> by_size ABSL_GUARDED_BY(mutex);
};

ThreadPool* PoolOf(int num_threads) {
  static Pools* pools = new Pools;
  absl::MutexLock lock(&pools->mutex);
  std::unique_ptr<ThreadPool>& pool = pools->by_size[num_threads];
  if (pool == nullptr) pool = std::make_unique<ThreadPool>(num_threads);
  return pool.get();
}

std::atomic<ThreadPool*> current_pool{nullptr};

}  // namespace

ThreadPool& ComputePool() {
  ThreadPool* pool = current_pool.load(std::memory_order_acquire);
  if (pool != nullptr) return *pool;
  pool = PoolOf(AvailableCores());
  ThreadPool* expected = nullptr;
  return current_pool.compare_exchange_strong(expected, pool) ? *pool : *expected;
}

void SetNumThreads(int num_threads) {
  BARYON_CHECK(num_threads >= 1);
  current_pool.store(PoolOf(num_threads), std::memory_order_release);
}

}  // namespace baryon
