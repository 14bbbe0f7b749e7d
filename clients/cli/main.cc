#include <malloc.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "clients/cli/program.h"

namespace {

// By default glibc raises the size from which blocks are mapped to that of the largest that was freed, up to 32 MB; a
// heap in which weights have come and gone while they were packed then stays as large as all of them. Blocks of
// requests are small enough to be reused within the heap, of which so much is kept.
void KeepHeapSmall() {
  constexpr int kLeastMapped = 1 << 20, kKeptFree = 32 << 20;
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

}  // namespace

int main(int argc, char** argv) {
  std::set_terminate(EndWithTheReason);
  KeepHeapSmall();
  AllowManyConnections();
  return baryon::RunProgram(argc, argv);
}
