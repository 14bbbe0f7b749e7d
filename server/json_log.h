// Logs for machines.
#ifndef BARYON_SERVER_JSON_LOG_H_
#define BARYON_SERVER_JSON_LOG_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "engine/base/logging.h"

namespace baryon {

// One message as a line of JSON: {"time":"2024-05-01T12:00:00.123456+00:00","severity":"info","message":"...",...}, the
// fields behind. Bytes that are no UTF-8 are replaced.
std::string FormatJsonLog(absl::Time time, LogSeverity severity, absl::string_view message, LogFields fields);

// Writes all messages that way to stderr. Call before other threads log.
void UseJsonLog();

}  // namespace baryon

#endif  // BARYON_SERVER_JSON_LOG_H_
