// Checks for programming mistakes. What input, files or load can cause is an absl::Status, never a check.
#ifndef BARYON_ENGINE_BASE_CHECK_H_
#define BARYON_ENGINE_BASE_CHECK_H_

#include <cstdio>
#include <cstdlib>

// Ends the process with file, line and the condition when it does not hold. In every build: for what would otherwise
// corrupt memory, outside of inner loops.
#define BARYON_CHECK(condition)                                                          \
  do {                                                                                   \
    if (!(condition)) {                                                                  \
      std::fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                      \
    }                                                                                    \
  } while (false)

// The same in debug and sanitizer builds only.
#ifdef NDEBUG
#define BARYON_DCHECK(condition) \
  do {                           \
    (void)sizeof(condition);     \
  } while (false)
#else
#define BARYON_DCHECK(condition) BARYON_CHECK(condition)
#endif

#endif  // BARYON_ENGINE_BASE_CHECK_H_
