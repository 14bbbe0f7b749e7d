// Counts what a forward pass allocates: a program of its own, as it replaces the allocators that the engine uses,
// operator new and (for tensors and workspaces) aligned_alloc.
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/compute.h"
#include "engine/gluon/np.h"
#include "engine/gluon/testing/tutorial.h"
#include "gtest/gtest.h"

namespace {

std::atomic<bool> counting{false};
std::atomic<int> allocations{0};

void* Allocate(size_t size, size_t alignment) {
  if (counting.load(std::memory_order_relaxed)) allocations.fetch_add(1, std::memory_order_relaxed);
  void* memory = memalign(alignment, size);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

extern "C" void* aligned_alloc(size_t alignment, size_t size) noexcept { return Allocate(size, alignment); }
void* operator new(size_t size) { return Allocate(size, alignof(std::max_align_t)); }
void* operator new[](size_t size) { return Allocate(size, alignof(std::max_align_t)); }
void* operator new(size_t size, std::align_val_t alignment) { return Allocate(size, static_cast<size_t>(alignment)); }
void* operator new[](size_t size, std::align_val_t alignment) { return Allocate(size, static_cast<size_t>(alignment)); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return Allocate(size, alignof(std::max_align_t)); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return Allocate(size, alignof(std::max_align_t)); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }

namespace baryon {
namespace {

template <typename Fn>
int CountAllocations(Fn&& fn) {
  allocations = 0;
  counting = true;
  fn();
  counting = false;
  return allocations;
}

void ExpectNoAllocations(int64_t rows) {
  MLP_Hybrid net;
  net.Initialize();
  net.Hybridize();
  const NDArray x = np::random::Uniform(-1, 1, {rows, 512});
  NDArray y = net(x);
  ASSERT_OK(y.status());
  const auto executable = net.executable();
  const Tensor input = x.tensor();
  Tensor output = Tensor::Allocate(y.type());
  const auto run = [&] {
    BARYON_CHECK(executable->Run(absl::MakeConstSpan(&input, 1), absl::MakeSpan(&output, 1)).ok());
  };
  run();
  EXPECT_EQ(CountAllocations(run), 0);
  EXPECT_TRUE(np::ArrayEqual(output, y));
  // Seen from Gluon there is the answer: two lists of arrays, the elements, and what counts their owners.
  EXPECT_LE(CountAllocations([&] { y = net(x); }), 4);
}

// A batch of eight goes in parts where there are two threads.
TEST(HybridAllocationsTest, AllocatesNothingInTheExecutable) {
  for (int threads : {1, 2}) {
    SetNumThreads(threads);
    for (int64_t rows : {1, 8}) ExpectNoAllocations(rows);
  }
}

TEST(HybridAllocationsTest, Counts) {
  EXPECT_EQ(CountAllocations([] { std::vector<int> three(3); }), 1);
  EXPECT_GE(CountAllocations([] { Tensor::Zeros({DType::kFloat32, {3}}); }), 1);
  EXPECT_GE(CountAllocations([] { Tensor::Zeros({DType::kFloat32, {10000}}); }), 2);  // elements, and their owners
}

}  // namespace
}  // namespace baryon
