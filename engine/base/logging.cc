#include "engine/base/logging.h"

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_cat.h"

namespace baryon {
namespace {

// One fwrite per line: stdio locks the stream for the length of a call, so lines do not mix.
void WriteText(LogSeverity severity, absl::string_view message, LogFields fields) {
  std::string line = "baryon: ";
  if (severity != LogSeverity::kInfo) absl::StrAppend(&line, LogSeverityName(severity), ": ");
  absl::StrAppend(&line, ToOneLine(message));
  for (const auto& [name, value] : fields) {
    if (!value.empty()) absl::StrAppend(&line, " ", name, "=", ToOneLine(value));
  }
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

LogSink& Sink() {
  static LogSink* sink = new LogSink(WriteText);  // never destroyed: threads may log while the process ends
  return *sink;
}

}  // namespace

absl::string_view LogSeverityName(LogSeverity severity) {
  switch (severity) {
    case LogSeverity::kInfo:
      return "info";
    case LogSeverity::kWarning:
      return "warning";
    case LogSeverity::kError:
      return "error";
  }
  return "unknown";
}

std::string ToOneLine(absl::string_view text) {
  std::string line;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      line += c;
    } else {
      absl::StrAppend(&line, "\\x", absl::Hex(byte, absl::kZeroPad2));
    }
  }
  return line;
}

void Log(LogSeverity severity, absl::string_view message, LogFields fields) { Sink()(severity, message, fields); }

void SetLogSink(LogSink sink) { Sink() = sink ? std::move(sink) : LogSink(WriteText); }

}  // namespace baryon
