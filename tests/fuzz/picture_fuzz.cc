#include <cstddef>
#include <cstdint>

#include "engine/io/image.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view file(reinterpret_cast<const char*>(data), size);
  for (int channels : {1, 3}) baryon::DecodeImage(file, channels).IgnoreError();
  return 0;
}
