#include <malloc.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "absl/synchronization/mutex.h"
#include "clients/cli/program.h"
#include "engine/base/thread_pool.h"

namespace {

// By default glibc raises the size from which blocks are mapped to that of the largest that was freed, up to 32 MB; a
// heap in which weights have come and gone while they were packed then stays as large as all of them. Blocks of
// requests are small enough to be reused within the heap, of which so much is kept. Threads share a few heaps, in place
// of eight for each core: each keeps pages that are nearly free.
void KeepHeapSmall() {
  constexpr int kLeastMapped = 1 << 20, kKeptFree = 32 << 20, kHeapsPerCore = 2;
  mallopt(M_ARENA_MAX, kHeapsPerCore * baryon::AvailableCores());
  mallopt(M_MMAP_THRESHOLD, kLeastMapped);
  mallopt(M_TRIM_THRESHOLD, kKeptFree);
}

// A connection is a descriptor, and the usual limit of 1024 is for programs that call select(): gRPC stops accepting
// for good when it meets it.
void AllowManyConnections() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Only what the machine does not give, threads and memory, is thrown where nobody catches it. That is said like any
// other error.
[[noreturn]] void EndWithTheReason() {
  if (const std::exception_ptr thrown = std::current_exception(); thrown != nullptr) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& exception) {
      std::fprintf(stderr, "baryon: error: the machine gives no more threads or memory: %s\n", exception.what());
      std::_Exit(1);
    } catch (...) {
    }
  }
  std::abort();
}

// Where Abseil is built without NDEBUG, as Debian does, it keeps a graph of all locks behind one spinlock, ours and
// gRPC's, and looks in it for cycles whenever one is taken. That is for tests, in which it is on.
void LockWithoutBookkeeping() { absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore); }

}  // namespace

int main(int argc, char** argv) {
  std::set_terminate(EndWithTheReason);
  KeepHeapSmall();
  AllowManyConnections();
  LockWithoutBookkeeping();
  return baryon::RunProgram(argc, argv);
}
