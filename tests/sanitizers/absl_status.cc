// Tells ThreadSanitizer that who lets go of a status last comes after all others who had it: they are counted within
// Debian's Abseil, which is not instrumented. Without ThreadSanitizer the call is only passed on.
#include "absl/status/status.h"
#include "tests/sanitizers/before_library.h"

namespace absl {
ABSL_NAMESPACE_BEGIN

void Status::UnrefNonInlined(uintptr_t rep) {
  static const auto next = baryon::Next(&Status::UnrefNonInlined);
  const void* const counter = reinterpret_cast<const void*>(rep);
  baryon::HappensBefore(counter);
  baryon::HappensAfter(counter);
  next(rep);
}

ABSL_NAMESPACE_END
}  // namespace absl
