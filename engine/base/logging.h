// Messages for the people who run the program. They go to stderr, one line each: never to stdout, which carries
// results. The engine itself logs only warnings about files it could read although something in them is odd.
#ifndef BARYON_ENGINE_BASE_LOGGING_H_
#define BARYON_ENGINE_BASE_LOGGING_H_

#include <functional>
#include <initializer_list>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace baryon {

enum class LogSeverity { kInfo, kWarning, kError };

// "info", "warning" or "error".
absl::string_view LogSeverityName(LogSeverity severity);

// `text` with control characters as "\x1b" and the like: names in files and requests may hold line feeds, which would
// forge lines, and sequences that steer a terminal.
std::string ToOneLine(absl::string_view text);

// Named values that go with a message; they stay separate in JSON logs.
using LogFields = std::initializer_list<std::pair<absl::string_view, std::string>>;

// Writes one message. Thread-safe; lines of different threads never mix.
void Log(LogSeverity severity, absl::string_view message, LogFields fields = {});

inline void LogInfo(absl::string_view message, LogFields fields = {}) { Log(LogSeverity::kInfo, message, fields); }
inline void LogWarning(absl::string_view message, LogFields fields = {}) {
  Log(LogSeverity::kWarning, message, fields);
}
inline void LogError(absl::string_view message, LogFields fields = {}) { Log(LogSeverity::kError, message, fields); }

// Replaces the writer ("baryon: warning: message (name=value)" on stderr), for JSON logs and for tests. Call before
// other threads log; an empty function restores the default.
using LogSink = std::function<void(LogSeverity severity, absl::string_view message, LogFields fields)>;
void SetLogSink(LogSink sink);

}  // namespace baryon

#endif  // BARYON_ENGINE_BASE_LOGGING_H_
