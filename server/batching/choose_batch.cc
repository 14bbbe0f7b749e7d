#include "server/batching/choose_batch.h"

#include <algorithm>

namespace baryon {
namespace {

constexpr size_t kMostMates = 256;                              // that are looked at for those that fit
constexpr double kStable = 0.8;                                 // utilisation of the slots
constexpr absl::Duration kLeastDelay = absl::Microseconds(50);  // no timer is worth less

void AddMates(const RequestQueue& queue, const CostModel& costs, const ChoiceContext& context, BatchChoice& choice) {
  if (choice.rows >= context.max_rows) return;
  absl::Time deadline = choice.first->request.deadline;
  for (QueuedRequest* mate : queue.MatesOf(*choice.first, kMostMates)) {
    if (choice.rows == context.max_rows) break;
    const int64_t rows = choice.rows + mate->rows;
    if (rows > context.max_rows) continue;
    const absl::Time earliest = std::min(deadline, mate->request.deadline);
    if (context.now + costs.Predict(context.threads, rows).p95 > earliest) break;
    deadline = earliest;
    choice.rows = rows;
    choice.mates.push_back(mate);
  }
}

absl::Duration UntilReturn(const CostModel& costs, const ChoiceContext& context, const BatchChoice& choice) {
  if (context.returning_rows == 0 || choice.rows >= context.max_rows) return absl::ZeroDuration();
  const int64_t rows = std::min(choice.rows + context.returning_rows, context.max_rows);
  absl::Time deadline = choice.first->request.deadline;
  for (const QueuedRequest* mate : choice.mates) deadline = std::min(deadline, mate->request.deadline);
  const absl::Time latest = deadline - costs.Predict(context.threads, rows).p95;
  return std::max(std::min(context.returning_until, latest) - context.now, absl::ZeroDuration());
}

absl::Duration DelayFor(const BatchPolicy& policy, const CostModel& costs, const ChoiceContext& context,
                        const BatchChoice& choice) {
  const int64_t wanted = std::min(policy.best_rows, context.max_rows);
  const bool wants_company = policy.max_delay > absl::ZeroDuration() && choice.rows < wanted;
  if (!wants_company || context.row_gap_seconds <= 0) return absl::ZeroDuration();
  const double pass = absl::ToDoubleSeconds(costs.Predict(context.threads, choice.rows).p50);
  if (pass / (context.row_gap_seconds * static_cast<double>(choice.rows) * policy.slots) < kStable) {
    return absl::ZeroDuration();
  }
  const QueuedRequest& first = *choice.first;
  const absl::Duration until_full = absl::Seconds(context.row_gap_seconds) * static_cast<double>(wanted - choice.rows);
  const absl::Duration slack = first.request.deadline - context.now - costs.Predict(context.threads, wanted).p95;
  const absl::Duration delay = std::min({policy.max_delay - (context.now - first.arrival), until_full, slack});
  return delay < kLeastDelay ? absl::ZeroDuration() : delay;
}

}  // namespace

BatchChoice ChooseBatch(const RequestQueue& queue, const BatchPolicy& policy, const CostModel& costs,
                        const ChoiceContext& context) {
  BatchChoice choice;
  choice.first = queue.First();
  if (choice.first == nullptr) return choice;
  choice.rows = choice.first->rows;
  choice.hopeless = context.now + costs.AtLeast(context.threads, choice.rows) > choice.first->request.deadline;
  if (choice.hopeless || !policy.join) return choice;
  AddMates(queue, costs, context, choice);
  choice.delay = std::max(UntilReturn(costs, context, choice), DelayFor(policy, costs, context, choice));
  return choice;
}

}  // namespace baryon
