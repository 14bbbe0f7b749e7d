#include "server/batching/admission.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "server/refusal.h"

namespace baryon {
namespace {

constexpr double kBeforeDeadline = 0.8;  // of the time that is left
// Of the longest wait. Under overload, refusing takes up to half of what the processors do, and does so only after the
// forecast: those who were promised more wait for nothing, and their refusals come late.
constexpr double kPromised = 0.5;

}  // namespace

absl::Duration RetryAfter(absl::Duration wait) { return std::clamp(wait, absl::Milliseconds(1), absl::Seconds(10)); }

int Admission::ThreadsFor(int passes, const Executor::Load& load) const {
  return std::clamp(load.threads / std::max({passes, load.running, 1}), 1, policy_.threads);
}

absl::Duration Admission::PredictWait(const Backlog& backlog) const {
  if (backlog.busy_slots < policy_.slots) return absl::ZeroDuration();
  const int64_t passes = policy_.join ? backlog.rows_ahead / backlog.pass_rows : backlog.rows_ahead;
  return backlog.until_free +
         QueueTime(backlog.pass_rows, backlog.load) * static_cast<double>(passes) * backlog.slowdown;
}

absl::Duration Admission::QueueTime(int64_t rows, const Executor::Load& load) const {
  const double share = static_cast<double>(load.threads) / std::max(load.waiting_accounts, 1);
  return costs_.Measured(ThreadsFor(policy_.slots, load), rows).p50 / std::min<double>(policy_.slots, share);
}

absl::Status Admission::CheckRoom(const Demand& demand, const Backlog& backlog) const {
  if (backlog.requests == 0) return absl::OkStatus();  // it could never be answered otherwise
  const auto full = [&](int64_t queued, const char* what, int64_t limit) {
    return Refuse(Refusal::kQueueFull, absl::StrCat(model_, ": ", queued, " ", what, " queued, limit ", limit),
                  RetryAfter(PredictWait(backlog)));
  };
  if (backlog.requests + 1 > limits_.requests) return full(backlog.requests, "requests", limits_.requests);
  if (backlog.rows + demand.rows > limits_.rows) return full(backlog.rows, "rows", limits_.rows);
  if (backlog.bytes + demand.bytes > limits_.bytes) return full(backlog.bytes, "bytes", limits_.bytes);
  return absl::OkStatus();
}

absl::Status Admission::Check(const Demand& demand, const Backlog& backlog) const {
  BARYON_RETURN_IF_ERROR(CheckRoom(demand, backlog));
  const absl::Duration wait = PredictWait(backlog);
  if (demand.time_left < absl::InfiniteDuration()) BARYON_RETURN_IF_ERROR(CheckDeadline(demand, backlog, wait));
  if (wait <= absl::ZeroDuration() || wait <= demand.max_wait * kPromised) return absl::OkStatus();
  return Refuse(Refusal::kOverload,
                absl::StrCat(model_, ": would wait ", absl::FormatDuration(wait), ", limit ",
                             absl::FormatDuration(demand.max_wait)),
                RetryAfter(wait));
}

absl::Status Admission::CheckDeadline(const Demand& demand, const Backlog& backlog, absl::Duration wait) const {
  // Nobody knows of an idle model whether it is still as slow as it was when it last ran.
  const int threads = ThreadsFor(backlog.busy_slots + 1, backlog.load);
  const absl::Duration pass =
      backlog.idle() ? costs_.AtLeast(threads, demand.rows) : costs_.Predict(threads, demand.rows).p50;
  if (wait <= (demand.time_left - pass) * kBeforeDeadline) return absl::OkStatus();
  return Refuse(
      Refusal::kDeadlineUnreachable,
      absl::StrCat(model_, ": the deadline is in ", absl::FormatDuration(demand.time_left), ", expected ",
                   absl::FormatDuration(wait), " in the queue and ", absl::FormatDuration(pass), " to compute"));
}

}  // namespace baryon
