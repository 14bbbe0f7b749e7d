// A graph from a file as a server runs it: signature, passes, plan, one forward pass on zeros where it is a small one.
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "engine/base/logging.h"
#include "engine/base/thread_pool.h"
#include "engine/io/symbol_json.h"
#include "engine/runtime/executable.h"

namespace baryon {
namespace {

constexpr int64_t kMostBytes = 1 << 20;

void Run(absl::string_view text) {
  static ThreadPool* const pool = new ThreadPool(1);
  absl::StatusOr<Symbol> symbol = ReadSymbol(text, "fuzz");
  if (!symbol.ok()) return;
  CompileOptions options;
  options.max_arena_bytes = kMostBytes;
  options.passes.verify = true;
  const auto executable = Executable::Create(std::move(symbol->graph), *pool, options);
  if (!executable.ok()) return;
  std::vector<Tensor> inputs;
  int64_t bytes = 0;
  for (const TensorType& type : (*executable)->signature().example) {
    if (type.IsFullyKnown()) bytes += type.size_bytes();
    if (bytes > kMostBytes) return;
    inputs.push_back(type.IsFullyKnown() ? Tensor::Zeros(type) : Tensor());
  }
  (*executable)->Run(inputs).IgnoreError();
}

}  // namespace
}  // namespace baryon

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  baryon::SetLogSink([](baryon::LogSeverity, absl::string_view, baryon::LogFields) {});
  baryon::Run(absl::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
