#include "server/json_log.h"

#include <cstdio>

#include "absl/time/clock.h"
#include "nlohmann/json.hpp"

namespace baryon {

std::string FormatJsonLog(absl::Time time, LogSeverity severity, absl::string_view message, LogFields fields) {
  nlohmann::ordered_json line;
  line["time"] = absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone());
  line["severity"] = std::string(LogSeverityName(severity));
  line["message"] = std::string(message);
  for (const auto& [name, value] : fields) {
    if (!value.empty()) line[std::string(name)] = value;
  }
  return line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

void UseJsonLog() {
  SetLogSink([](LogSeverity severity, absl::string_view message, LogFields fields) {
    const std::string line = FormatJsonLog(absl::Now(), severity, message, fields);
    std::fwrite(line.data(), 1, line.size(), stderr);  // one call: lines do not mix
  });
}

}  // namespace baryon
