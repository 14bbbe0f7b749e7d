#include "server/trace_context.h"

#include <algorithm>
#include <cstdint>

#include "absl/random/random.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace baryon {
namespace {

constexpr size_t kVersionEnd = 2, kTraceEnd = 35, kParentEnd = 52, kFlagsEnd = 55;

bool IsLowerHex(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsId(absl::string_view text) { return IsLowerHex(text) && text.find_first_not_of('0') != text.npos; }

}  // namespace

std::optional<TraceContext> ParseTraceparent(absl::string_view header) {
  if (header.size() < kFlagsEnd) return std::nullopt;
  const absl::string_view version = header.substr(0, kVersionEnd);
  const absl::string_view trace_id = header.substr(kVersionEnd + 1, kTraceEnd - kVersionEnd - 1);
  const absl::string_view parent_id = header.substr(kTraceEnd + 1, kParentEnd - kTraceEnd - 1);
  const absl::string_view flags = header.substr(kParentEnd + 1, kFlagsEnd - kParentEnd - 1);
  const bool dashes = header[kVersionEnd] == '-' && header[kTraceEnd] == '-' && header[kParentEnd] == '-';
  const bool ends = header.size() == kFlagsEnd || (version != "00" && header[kFlagsEnd] == '-');
  if (!dashes || !ends || !IsLowerHex(version) || version == "ff" || !IsLowerHex(flags)) return std::nullopt;
  if (!IsId(trace_id) || !IsId(parent_id)) return std::nullopt;
  const bool sampled = (flags[1] <= '9' ? flags[1] - '0' : flags[1] - 'a' + 10) & 1;
  return TraceContext{std::string(trace_id), std::string(parent_id), sampled};
}

std::string FormatTraceparent(const TraceContext& context, absl::string_view span_id) {
  return absl::StrCat("00-", context.trace_id, "-", span_id, context.sampled ? "-01" : "-00");
}

std::string NewSpanId() {
  thread_local absl::InsecureBitGen random;
  return absl::StrCat(absl::Hex(absl::Uniform<uint64_t>(random, 1, UINT64_MAX), absl::kZeroPad16));
}

}  // namespace baryon
