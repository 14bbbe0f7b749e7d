#include <malloc.h>

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

}  // namespace

int main(int argc, char** argv) {
  KeepHeapSmall();
  return baryon::RunProgram(argc, argv);
}
