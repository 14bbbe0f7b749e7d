// Archives from anywhere: what is in them, before any of it is unpacked.
#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/io/testing/mutations.h"
#include "engine/store/archive.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const baryon::MemoryFile file(std::string(reinterpret_cast<const char*>(data), size));
  baryon::store::ListArchive(file.path()).status().IgnoreError();
  return 0;
}
