#include "server/error_details.h"

#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace baryon {
namespace {

// The types of the payloads. They never leave the process.
constexpr absl::string_view kReason = "baryon/reason", kField = "baryon/field", kExpected = "baryon/expected",
                            kGot = "baryon/got";

// Details go into trailers and headers, which hold a few kilobytes.
constexpr size_t kMostBytes = 512;

void Set(absl::Status& status, absl::string_view type, absl::string_view text) {
  if (!status.ok()) status.SetPayload(type, absl::Cord(text.substr(0, kMostBytes)));
}

std::string Get(const absl::Status& status, absl::string_view type) {
  return std::string(status.GetPayload(type).value_or(absl::Cord()));
}

// "DEADLINE_EXCEEDED" for a code without a reason.
std::string NameOf(absl::StatusCode code) { return absl::StatusCodeToString(code); }

}  // namespace

ErrorDetails DetailsOf(const absl::Status& status) {
  ErrorDetails details;
  details.reason = Get(status, kReason);
  if (details.reason.empty()) details.reason = NameOf(status.code());
  details.field = Get(status, kField);
  details.expected = Get(status, kExpected);
  details.got = Get(status, kGot);
  return details;
}

absl::Status WithReason(absl::Status status, absl::string_view reason) {
  Set(status, kReason, reason);
  return status;
}

absl::Status WithField(absl::Status status, absl::string_view field, absl::string_view expected,
                       absl::string_view got) {
  Set(status, kField, field);
  Set(status, kExpected, expected);
  Set(status, kGot, got);
  return status;
}

absl::Status InField(absl::Status status, absl::string_view path) {
  const std::string field = Get(status, kField);
  if (!field.empty()) Set(status, kField, absl::StrCat(path, field[0] == '[' ? "" : ".", field));
  return status;
}

}  // namespace baryon
