#include "server/services/model_plan.h"

#include <cmath>
#include <string>

#include "absl/time/time.h"

namespace baryon {
namespace {

using Json = nlohmann::ordered_json;

// Microseconds are as fine as anybody reads.
Json Milliseconds(absl::Duration duration) {
  if (duration == absl::InfiniteDuration()) return nullptr;
  return std::round(absl::ToDoubleMicroseconds(duration)) / 1000;
}

Json TextOrNull(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json DescribeCosts(const Batcher::Report& batching) {
  Json passes = Json::array();
  for (const int threads : batching.costs.threads()) {
    for (const int64_t rows : batching.costs.rows(threads)) {
      const CostTable::Cost* const cost = batching.costs.Find(threads, rows);
      passes.push_back({{"threads", threads},
                        {"rows", rows},
                        {"p50_ms", Milliseconds(cost->p50)},
                        {"p95_ms", Milliseconds(cost->p95)}});
    }
  }
  return {{"correction", batching.correction},
          {"passes", std::move(passes)},
          {"stopped_by", TextOrNull(batching.costs.error)}};
}

Json DescribeBatching(const Batcher::Report& batching) {
  const BatchPolicy& policy = batching.policy;
  return {{"joined", policy.join},
          {"why", policy.why},
          {"max_rows", policy.max_rows},
          {"max_rows_now", batching.max_rows},
          {"best_rows", policy.best_rows},
          {"gain", policy.gain},
          {"max_delay_ms", Milliseconds(policy.max_delay)},
          {"objective_ms", Milliseconds(policy.objective)}};
}

}  // namespace

Json DescribePlan(const ModelPlan& plan) {
  const Batcher::Report& batching = plan.batching;
  return {{"name", plan.name},
          {"version", plan.version},
          {"load", {{"ms", Milliseconds(plan.load.load_time)}, {"costs_from", TextOrNull(plan.load.costs_from)}}},
          {"memory",
           {{"weight_bytes", plan.load.weight_bytes},
            {"workspace_bytes", plan.workspace_bytes},
            {"total_bytes", plan.load.weight_bytes + plan.workspace_bytes}}},
          {"threads",
           {{"process", plan.load.num_threads},
            {"of_a_pass", batching.policy.threads},
            {"passes_at_once", batching.policy.slots},
            {"no_other_thread_up_to_ms", Milliseconds(batching.policy.run_here)}}},
          {"batching", DescribeBatching(batching)},
          {"limits",
           {{"queued_requests", batching.limits.requests},
            {"queued_rows", batching.limits.rows},
            {"queued_bytes", batching.limits.bytes},
            {"max_wait_ms", Milliseconds(plan.max_wait)}}},
          {"now",
           {{"queued_requests", batching.queued_requests},
            {"queued_rows", batching.queued_rows},
            {"queued_bytes", batching.queued_bytes},
            {"passes", batching.running},
            {"predicted_wait_ms", Milliseconds(batching.predicted_wait)},
            {"rows_per_second", batching.rows_per_second}}},
          {"costs", DescribeCosts(batching)}};
}

}  // namespace baryon
