#include "engine/runtime/row_parts.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/runtime/row_steps.h"

namespace baryon {
namespace {

// What a core of today does in a microsecond, with weights in its own cache.
constexpr double kMultiplicationsPerMicrosecond = 50e3, kBytesPerMicrosecond = 90e3;
constexpr double kLeastGain = 3;                     // microseconds: threads have to meet
constexpr double kLongest = 500;                     // beyond, meetings are for nothing
constexpr int64_t kMostPackedBytes = 1 << 20;        // each thread's cache holds all weights
constexpr double kMostWaiting = 0.2, kNoticed = 50;  // the share of its time that a thread may wait, if that is long

}  // namespace

int64_t NumRowParts(const Plan& plan, int64_t rows, int num_threads) {
  const int64_t parts = std::min<int64_t>(num_threads, rows);
  if (parts < 2) return 1;
  const auto multiplications = static_cast<double>(SumOfSteps(plan, &Kernel::num_executed_multiplications));
  const int64_t bytes = SumOfSteps(plan, &Kernel::packed_bytes);
  const auto microseconds = [&](int64_t part) {
    const double share = static_cast<double>(part) / static_cast<double>(rows);
    return std::max(multiplications * share / kMultiplicationsPerMicrosecond,
                    static_cast<double>(bytes) / kBytesPerMicrosecond);
  };
  const int64_t largest = (rows + parts - 1) / parts;
  const double whole = microseconds(rows), part = microseconds(largest);
  const double waiting = 1 - static_cast<double>(rows) / static_cast<double>(parts * largest);
  const bool even = waiting <= kMostWaiting || waiting * part <= kNoticed;
  return bytes <= kMostPackedBytes && whole <= kLongest && whole - part >= kLeastGain && even ? parts : 1;
}

RowPartsKernel::RowPartsKernel(std::vector<RowPart> parts, const Plan& whole)
    : parts_(std::move(parts)),
      rows_(whole.output_types()[0].shape[0]),
      num_multiplications_(SumOfSteps(whole, &Kernel::num_multiplications)),
      num_executed_multiplications_(SumOfSteps(whole, &Kernel::num_executed_multiplications)),
      packed_bytes_(SumOfSteps(whole, &Kernel::packed_bytes)) {
  std::vector<int> inputs(whole.input_types().size());
  std::iota(inputs.begin(), inputs.end(), 0);
  for (const RowPart& part : parts_) runs_.push_back(std::make_unique<PlannedSubgraph>(part.plan, inputs));
}

absl::Status RowPartsKernel::RunPart(size_t part, OpContext& context) const {
  const int64_t first = parts_[part].first;
  absl::InlinedVector<const void*, 8> inputs;
  absl::InlinedVector<void*, 8> outputs;
  for (int i = 0; i < context.num_inputs(); ++i) inputs.push_back(RowOf(context.input(i), first, rows_));
  for (int i = 0; i < context.num_outputs(); ++i) outputs.push_back(RowOf(context.output(i), first, rows_));
  return runs_[part]->Run(inputs, outputs, context.pool());
}

void RowPartsKernel::Compute(OpContext& context) const {
  absl::InlinedVector<absl::Status, 16> statuses(parts_.size());
  context.ParallelFor(static_cast<int>(parts_.size()), [&](int part, int) { statuses[part] = RunPart(part, context); });
  for (absl::Status& status : statuses) {
    if (!status.ok()) context.Fail(std::move(status));
  }
}

std::string RowPartsKernel::algorithm() const {
  const auto rows = [](std::string* out, const RowPart& part) {
    absl::StrAppend(out, part.plan->output_types()[0].shape[0]);
  };
  return absl::StrCat(absl::StrJoin(parts_, " + ", rows), " rows through ", parts_[0].plan->steps().size(), " steps");
}

std::vector<RowPart> PartsOf(const Plan& plan) {
  if (plan.steps().size() != 1) return {};
  const auto* kernel = dynamic_cast<const RowPartsKernel*>(plan.steps()[0].kernel.get());
  return kernel == nullptr ? std::vector<RowPart>() : kernel->parts();
}

}  // namespace baryon
