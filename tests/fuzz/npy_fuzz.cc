#include <cstddef>
#include <cstdint>

#include "engine/io/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  baryon::ParseNpy(absl::string_view(reinterpret_cast<const char*>(data), size), "fuzz").IgnoreError();
  return 0;
}
