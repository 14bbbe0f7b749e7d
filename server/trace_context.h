// Distributed tracing: whose call a request is part of.
#ifndef BARYON_SERVER_TRACE_CONTEXT_H_
#define BARYON_SERVER_TRACE_CONTEXT_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace baryon {

// The header `traceparent` of W3C Trace Context, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", taken
// apart. A value.
struct TraceContext {
  std::string trace_id;   // 32 hexadecimal digits in lower case: the whole journey
  std::string parent_id;  // 16: the caller's part of it
  bool sampled = false;   // the caller records it
};

// Nothing when `header` is not of that form: a caller's mistake that must not fail its request. Versions later than 00
// are read as far as they are the same.
std::optional<TraceContext> ParseTraceparent(absl::string_view header);

// The header that goes on from here: the same journey, `span_id` (16 hexadecimal digits) in the caller's place.
std::string FormatTraceparent(const TraceContext& context, absl::string_view span_id);

// A random id for the server's own part. Thread-safe.
std::string NewSpanId();

}  // namespace baryon

#endif  // BARYON_SERVER_TRACE_CONTEXT_H_
