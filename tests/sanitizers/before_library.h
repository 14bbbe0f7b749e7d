// For functions that stand between a program and a library, to tell ThreadSanitizer what the library puts in order.
#ifndef BARYON_TESTS_SANITIZERS_BEFORE_LIBRARY_H_
#define BARYON_TESTS_SANITIZERS_BEFORE_LIBRARY_H_

#include <dlfcn.h>

#include <bit>
#include <cstddef>
#include <cstdlib>

extern "C" {
[[gnu::weak]] void __tsan_acquire(void* address);
[[gnu::weak]] void __tsan_release(void* address);
[[gnu::weak]] void AnnotateIgnoreReadsBegin(const char* file, int line);
[[gnu::weak]] void AnnotateIgnoreReadsEnd(const char* file, int line);
[[gnu::weak]] void AnnotateIgnoreWritesBegin(const char* file, int line);
[[gnu::weak]] void AnnotateIgnoreWritesEnd(const char* file, int line);
}

namespace baryon {

// What this thread has done comes before what others do after a HappensAfter of the same address. Nothing in a program
// without ThreadSanitizer.
inline void HappensBefore(const void* address) {
  if (__tsan_release != nullptr) __tsan_release(const_cast<void*>(address));
}
inline void HappensAfter(const void* address) {
  if (__tsan_acquire != nullptr) __tsan_acquire(const_cast<void*>(address));
}

// While it lives this thread's reads and writes are not watched.
class Unwatched {
 public:
  Unwatched() {
    if (AnnotateIgnoreReadsBegin == nullptr) return;
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
  }
  ~Unwatched() {
    if (AnnotateIgnoreReadsEnd == nullptr) return;
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
  }
  Unwatched(const Unwatched&) = delete;
  Unwatched& operator=(const Unwatched&) = delete;
};

// The library's own function of the name that the program's `ours` has. Aborts when there is none.
inline void* NextSymbol(void* ours) {
  Dl_info found;
  if (dladdr(ours, &found) == 0 || found.dli_sname == nullptr) std::abort();
  void* const next = dlsym(RTLD_NEXT, found.dli_sname);
  if (next == nullptr) std::abort();
  return next;
}

template <typename Result, typename... Arguments>
auto Next(Result (*ours)(Arguments...)) {
  return reinterpret_cast<decltype(ours)>(NextSymbol(reinterpret_cast<void*>(ours)));
}
template <typename Method>
Method Next(Method ours) {
  struct Words {  // a method that is not virtual, in the Itanium ABI
    void* address;
    std::ptrdiff_t offset;
  };
  return std::bit_cast<Method>(Words{NextSymbol(std::bit_cast<Words>(ours).address), 0});
}

}  // namespace baryon

#endif  // BARYON_TESTS_SANITIZERS_BEFORE_LIBRARY_H_
