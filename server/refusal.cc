#include "server/refusal.h"

#include <cstdint>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace baryon {
namespace {

// The reason is the one that error_details.h knows, too.
constexpr char kReasonUrl[] = "baryon/reason", kRetryUrl[] = "baryon/retry_ms";

struct Known {
  Refusal refusal;
  absl::StatusCode code;
  const char* name;
};

constexpr Known kKnown[] = {
    {Refusal::kQueueFull, absl::StatusCode::kResourceExhausted, "QUEUE_FULL"},
    {Refusal::kOverload, absl::StatusCode::kResourceExhausted, "OVERLOAD"},
    {Refusal::kMemory, absl::StatusCode::kResourceExhausted, "MEMORY"},
    {Refusal::kDeadlineUnreachable, absl::StatusCode::kDeadlineExceeded, "DEADLINE_UNREACHABLE"},
    {Refusal::kDeadlineExceeded, absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED"},
    {Refusal::kCancelled, absl::StatusCode::kCancelled, "CANCELLED"},
    {Refusal::kModelLoading, absl::StatusCode::kUnavailable, "MODEL_LOADING"},
    {Refusal::kDraining, absl::StatusCode::kUnavailable, "DRAINING"},
};

const Known& Find(Refusal refusal) {
  for (const Known& known : kKnown) {
    if (known.refusal == refusal) return known;
  }
  return kKnown[0];
}

}  // namespace

absl::StatusCode CodeOf(Refusal refusal) { return Find(refusal).code; }

absl::string_view RefusalName(Refusal refusal) { return Find(refusal).name; }

absl::Status Refuse(Refusal refusal, absl::string_view message, std::optional<absl::Duration> retry_delay) {
  absl::Status status(CodeOf(refusal), message);
  status.SetPayload(kReasonUrl, absl::Cord(RefusalName(refusal)));
  if (retry_delay.has_value()) {
    const int64_t ms = absl::ToInt64Milliseconds(absl::Ceil(*retry_delay, absl::Milliseconds(1)));
    status.SetPayload(kRetryUrl, absl::Cord(absl::StrCat(ms)));
  }
  return status;
}

std::optional<Refusal> RefusalOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kReasonUrl);
  if (!payload.has_value()) return std::nullopt;
  for (const Known& known : kKnown) {
    if (*payload == known.name) return known.refusal;
  }
  return std::nullopt;
}

std::optional<absl::Duration> RetryDelayOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kRetryUrl);
  int64_t ms = 0;
  if (!payload.has_value() || !absl::SimpleAtoi(std::string(*payload), &ms)) return std::nullopt;
  return absl::Milliseconds(ms);
}

}  // namespace baryon
