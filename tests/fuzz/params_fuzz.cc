// Parameter files of every kind, with all their elements.
#include <cstddef>
#include <cstdint>
#include <string>

#include "engine/base/logging.h"
#include "engine/io/params_file.h"
#include "engine/io/testing/mutations.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  baryon::SetLogSink([](baryon::LogSeverity, absl::string_view, baryon::LogFields) {});
  const baryon::MemoryFile file(std::string(reinterpret_cast<const char*>(data), size));
  const auto params = baryon::ParamsFile::Open(file.path());
  if (params.ok()) (*params)->ReadAll().IgnoreError();
  return 0;
}
