// Medians over the runs, not means: other processes interrupt a run here and there, and every step is short. The steps
// of a row chain are listed like others, each with its share of the time that all threads and rows took for it; what is
// left of the chain's own time is waiting and waking up.
#include "engine/runtime/profile.h"

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>

#include "absl/strings/str_format.h"
#include "engine/base/status_macros.h"
#include "engine/kernels/multiply_rate.h"
#include "engine/runtime/plan.h"
#include "engine/runtime/row_chain_kernel.h"
#include "engine/runtime/row_parts.h"

namespace baryon {
namespace {

using Durations = std::vector<absl::Duration>;

absl::Duration Median(Durations times) {
  if (times.empty()) return absl::ZeroDuration();
  const auto middle = times.begin() + static_cast<int64_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

// The kernel of a chain, or nullptr when the step is none.
const RowChainKernel* ChainOf(const Plan::Step& step) {
  return step.op == RowChainKernel::kOp ? static_cast<const RowChainKernel*>(step.kernel.get()) : nullptr;
}

// By step, the time of each run, and of the steps within chains.
struct StepTimes {
  std::vector<Durations> of_step;
  std::map<const RowChainKernel*, std::vector<Durations>> of_chain;
};

void StartChains(const Plan& plan) {
  for (const Plan::Step& step : plan.steps()) {
    if (const RowChainKernel* chain = ChainOf(step)) chain->StartTimes();
  }
}

void StopChains(const Plan& plan, StepTimes& times) {
  for (const Plan::Step& step : plan.steps()) {
    const RowChainKernel* chain = ChainOf(step);
    if (chain == nullptr) continue;
    const std::vector<absl::Duration> in_chain = chain->StopTimes();
    std::vector<Durations>& all = times.of_chain[chain];
    all.resize(in_chain.size());
    for (size_t i = 0; i < in_chain.size(); ++i) all[i].push_back(in_chain[i]);
  }
}

absl::StatusOr<StepTimes> TimeSteps(const Executable& executable, const Plan& plan, absl::Span<const Tensor> inputs,
                                    int runs) {
  std::vector<const void*> input_data;
  std::vector<Tensor> outputs;
  std::vector<void*> output_data;
  for (const Tensor& input : inputs) input_data.push_back(input.empty() ? nullptr : input.raw_data());
  for (const TensorType& type : plan.output_types()) {
    outputs.push_back(Tensor::Allocate(type));
    output_data.push_back(outputs.back().mutable_raw_data());
  }
  BARYON_ASSIGN_OR_RETURN(std::unique_ptr<Workspace> workspace, executable.workspaces().Take(plan));
  const ThreadPool::ComputeScope scope(executable.pool());
  StepTimes times;
  times.of_step.resize(plan.steps().size());
  absl::Status status = plan.Run(*workspace, input_data, absl::MakeSpan(output_data));
  for (int run = 0; run < runs && status.ok(); ++run) {
    Durations step_times(plan.steps().size());
    StartChains(plan);
    status = plan.Run(*workspace, input_data, absl::MakeSpan(output_data), absl::MakeSpan(step_times));
    StopChains(plan, times);
    for (size_t i = 0; i < step_times.size(); ++i) times.of_step[i].push_back(step_times[i]);
  }
  executable.workspaces().Return(std::move(workspace));
  if (!status.ok()) return status;
  return times;
}

// Of operands for `rows` rows, where those of `step` have one each.
int64_t BytesOf(const Plan& plan, const Plan::Step& step, int64_t rows) {
  int64_t bytes = step.kernel->packed_bytes();
  for (const Plan::View& view : plan.views().subspan(step.first_view, step.num_inputs + step.num_outputs)) {
    const bool packed = view.location.kind == Plan::Location::Kind::kConstant && view.location.constant == nullptr;
    const bool unread = view.location.kind == Plan::Location::Kind::kNone;
    const bool constant = view.location.kind == Plan::Location::Kind::kConstant;
    if (!packed && !unread) bytes += view.type.size_bytes() * (constant ? 1 : rows);
  }
  return bytes;
}

StepProfile ProfileOf(const Plan& plan, const Plan::Step& step, absl::Duration time, int64_t rows) {
  return {step.node,
          step.op,
          step.kernel->algorithm(),
          time,
          step.kernel->num_multiplications() * rows,
          step.kernel->num_executed_multiplications() * rows,
          BytesOf(plan, step, rows)};
}

// The steps of a chain, which took `time`, and a line for the rest of that time.
void AddChain(const Plan::Step& step, const RowChainKernel& chain, std::vector<Durations> times, absl::Duration time,
              Profile& profile) {
  const Plan& plan = chain.plan();
  for (size_t i = 0; i < times.size(); ++i) {
    const absl::Duration median = Median(std::move(times[i]));
    profile.steps.push_back(ProfileOf(plan, plan.steps()[i], median, chain.rows()));
    time -= median;
  }
  profile.steps.push_back({step.node, step.op, chain.algorithm(), std::max(time, absl::ZeroDuration())});
}

double MillisecondsOf(absl::Duration time) { return absl::ToDoubleMilliseconds(time); }

// What a line of the table and the line of sums have in common.
std::string Figures(const Profile& profile, const StepProfile& step, double total_ms) {
  const double ms = MillisecondsOf(step.time);
  std::string text = absl::StrFormat("%9.3f %6.1f ", ms, total_ms > 0 ? 100 * ms / total_ms : 0);
  if (step.multiplications > 0 && ms > 0) {
    absl::StrAppendFormat(&text, "%9.1f %6.1f ", 2e-6 * static_cast<double>(step.multiplications) / ms,
                          1e5 * static_cast<double>(step.executed) / ms / profile.peak);
  } else {
    absl::StrAppendFormat(&text, "%9s %6s ", "", "");
  }
  absl::StrAppendFormat(&text, "%8.2f", static_cast<double>(step.bytes) / 1e6);
  return text;
}

}  // namespace

absl::StatusOr<Profile> ProfileRuns(const Executable& executable, absl::Span<const Tensor> inputs, int runs) {
  TensorTypes types;
  for (const Tensor& input : inputs) types.push_back(input.empty() ? TensorType() : input.type());
  BARYON_ASSIGN_OR_RETURN(std::shared_ptr<const Plan> plan, executable.PlanFor(types));
  Profile profile;
  profile.peak = kernels::MeasureMultiplyRate() * executable.pool().num_threads();
  // Inputs begin with the first part's rows.
  if (const std::vector<RowPart> parts = PartsOf(*plan); !parts.empty()) {
    plan = parts[0].plan;
    profile.peak /= executable.pool().num_threads();
    profile.rows_of_part = plan->output_types()[0].shape[0];
  }
  BARYON_ASSIGN_OR_RETURN(StepTimes times, TimeSteps(executable, *plan, inputs, runs));
  for (size_t i = 0; i < plan->steps().size(); ++i) {
    const Plan::Step& step = plan->steps()[i];
    const absl::Duration time = Median(std::move(times.of_step[i]));
    if (const RowChainKernel* chain = ChainOf(step)) {
      AddChain(step, *chain, std::move(times.of_chain[chain]), time, profile);
    } else {
      profile.steps.push_back(ProfileOf(*plan, step, time, 1));
    }
  }
  return profile;
}

std::string ToTable(const Profile& profile) {
  StepProfile sum;
  for (const StepProfile& step : profile.steps) {
    sum.time += step.time;
    sum.multiplications += step.multiplications;
    sum.executed += step.executed;
    sum.bytes += step.bytes;
  }
  std::vector<size_t> order(profile.steps.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return profile.steps[a].time > profile.steps[b].time; });
  std::string text;
  if (profile.rows_of_part > 0) absl::StrAppendFormat(&text, "%d rows on each thread, ", profile.rows_of_part);
  absl::StrAppendFormat(&text, "peak %.1f GFLOP/s\n%9s %6s %9s %6s %8s  %-16s %s\n", 2e-9 * profile.peak, "ms", "%",
                        "GFLOP/s", "% peak", "MB", "operator", "node: algorithm");
  const double total_ms = MillisecondsOf(sum.time);
  for (size_t i : order) {
    const StepProfile& step = profile.steps[i];
    absl::StrAppendFormat(&text, "%s  %-16s %s%s%s\n", Figures(profile, step, total_ms), step.op, step.node,
                          step.algorithm.empty() ? "" : ": ", step.algorithm);
  }
  absl::StrAppendFormat(&text, "%s  all\n", Figures(profile, sum, total_ms));
  return text;
}

}  // namespace baryon
