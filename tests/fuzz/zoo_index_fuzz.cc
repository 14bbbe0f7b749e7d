// zoo.json of somebody's server.
#include <cstddef>
#include <cstdint>

#include "engine/store/zoo_index.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  baryon::store::ParseZooIndex(absl::string_view(reinterpret_cast<const char*>(data), size)).status().IgnoreError();
  return 0;
}
