#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/io/npy.h"
#include "engine/io/testing/mutations.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const baryon::MemoryFile file(std::string(reinterpret_cast<const char*>(data), size));
  baryon::ReadNpz(file.path()).IgnoreError();
  return 0;
}
