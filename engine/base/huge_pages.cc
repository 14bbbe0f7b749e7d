#include "engine/base/huge_pages.h"

#include <sys/mman.h>

namespace baryon {
namespace {

constexpr int64_t kLine = 64, kSmallPage = 4096;

int64_t RoundUp(int64_t bytes, int64_t multiple) { return (bytes + multiple - 1) / multiple * multiple; }

// Gives back what nobody has used of the last large page that was touched: [free, free + bytes) stays mapped.
void ReleaseUnused(char* free, int64_t bytes) {
  if (free == nullptr) return;
  const int64_t used = RoundUp(reinterpret_cast<intptr_t>(free), kSmallPage) - reinterpret_cast<intptr_t>(free);
  if (bytes > used) madvise(free + used, bytes - used, MADV_DONTNEED);
}

}  // namespace

// Maps a page more than asked for and gives back what lies before and behind the aligned part.
HugeBlock::HugeBlock(int64_t size_bytes) {
  if (size_bytes <= 0) return;
  const int64_t size = RoundUp(size_bytes, kPageBytes);
  void* mapped = mmap(nullptr, size + kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return;
  char* begin = static_cast<char*>(mapped);
  const int64_t before = RoundUp(reinterpret_cast<intptr_t>(begin), kPageBytes) - reinterpret_cast<intptr_t>(begin);
  if (before > 0) munmap(begin, before);
  data_ = begin + before;
  munmap(data_ + size, kPageBytes - before);
  size_bytes_ = size;
  madvise(data_, size, MADV_HUGEPAGE);
}

HugeBlock::~HugeBlock() {
  if (data_ != nullptr) munmap(data_, size_bytes_);
}

void* HugePagePool::Allocate(int64_t size_bytes) {
  const int64_t size = RoundUp(size_bytes, kLine);
  absl::MutexLock lock(&mutex_);
  if (size > free_bytes_) {
    // A piece larger than a block gets one of its own; the rest of the one before stays in use.
    const bool own = size > kBlockBytes;
    HugeBlock block(own ? size : kBlockBytes);
    if (block.data() == nullptr) return nullptr;
    char* const data = block.data();
    blocks_.push_back(std::move(block));
    if (own) return data;
    ReleaseUnused(free_, free_bytes_);
    free_ = data;
    free_bytes_ = kBlockBytes;
  }
  char* const piece = free_;
  free_ += size;
  free_bytes_ -= size;
  return piece;
}

}  // namespace baryon
