// A symbol file as `baryon check` reads it: text, graph, types.
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "engine/base/logging.h"
#include "engine/graph/graph.h"
#include "engine/io/symbol_file.h"
#include "engine/io/symbol_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  baryon::SetLogSink([](baryon::LogSeverity, absl::string_view, baryon::LogFields) {});
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  baryon::FindUnknownOperators(text, "fuzz").IgnoreError();
  absl::StatusOr<baryon::Symbol> symbol = baryon::ReadSymbol(text, "fuzz");
  if (!symbol.ok() || !baryon::InferTypes(symbol->graph).ok()) return 0;
  const absl::StatusOr<std::string> written = baryon::WriteSymbol(symbol->graph);
  if (written.ok()) baryon::FormatSymbolFile(baryon::ParseSymbolFile(*written, "fuzz").value());
  return 0;
}
