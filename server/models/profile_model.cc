#include "server/models/profile_model.h"

#include <chrono>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/base/processor_name.h"
#include "engine/base/status_macros.h"
#include "engine/base/thread_cpu_time.h"
#include "engine/base/thread_width.h"
#include "engine/graph/graph_text.h"
#include "server/batching/clock.h"
#include "server/batching/measure_costs.h"
#include "server/models/random_inputs.h"

namespace baryon {
namespace {

constexpr double kEfficiency = 0.8;  // of a second thread, when it could not be measured

// Passes of random rows, whose inputs are made once for each number of rows.
class Passes {
 public:
  Passes(const Executable& executable, bool in_background, const std::stop_token& stop)
      : executable_(executable), in_background_(in_background), stop_(stop) {}

  absl::StatusOr<absl::Duration> Run(int threads, int64_t rows) {
    if (stop_.stop_requested()) return absl::CancelledError("the load was given up");
    BARYON_ASSIGN_OR_RETURN(const Tensors* inputs, InputsOf(rows));
    const ThreadWidth width(threads, in_background_ ? ThreadWidth::Mode::kBackground : ThreadWidth::Mode::kNormal);
    const std::chrono::nanoseconds cpu = ThreadCpuTime();
    const absl::Time start = MonotonicNow();
    BARYON_RETURN_IF_ERROR(executable_.Run(*inputs).status());
    // Of one thread only its own time counts: while it does not run, others do.
    return in_background_ || threads == 1 ? absl::FromChrono(ThreadCpuTime() - cpu) : MonotonicNow() - start;
  }

 private:
  absl::StatusOr<const Tensors*> InputsOf(int64_t rows) {
    if (rows != rows_) {
      const absl::StatusOr<TensorTypes> types = GuessInputTypes(executable_.graph(), executable_.signature(), rows);
      if (!types.ok() && rows > 1) return types.status();
      if (!types.ok()) return absl::UnimplementedError("the shapes of its inputs are known from requests only");
      BARYON_ASSIGN_OR_RETURN(inputs_, RandomInputs(*types, 1));
      rows_ = rows;
    }
    return &inputs_;
  }

  const Executable& executable_;
  const bool in_background_;
  const std::stop_token& stop_;
  int64_t rows_ = 0;
  Tensors inputs_;
};

std::vector<int> ThreadsToMeasure(const ProfileOptions& options) {
  if (options.in_background) return {1};
  std::vector<int> threads;
  for (int64_t count : PowersUpTo(options.num_threads)) threads.push_back(static_cast<int>(count));
  return threads;
}

void EstimateMoreThreads(int num_threads, CostTable& table) {
  for (int64_t threads : PowersUpTo(num_threads)) {
    if (threads == 1) continue;
    const double factor = 1 / (1 + kEfficiency * static_cast<double>(threads - 1));
    for (int64_t rows : table.rows(1)) {
      const CostTable::Cost cost = *table.Find(1, rows);
      table.Set(static_cast<int>(threads), rows, {cost.p50 * factor, cost.p95 * factor});
    }
  }
}

}  // namespace

absl::StatusOr<CostTable> ProfileModel(const Executable& executable, const ProfileOptions& options,
                                       const std::stop_token& stop) {
  Passes passes(executable, options.in_background, stop);
  const MeasureOptions measure{options.budget, ThreadsToMeasure(options), options.max_rows};
  BARYON_ASSIGN_OR_RETURN(
      CostTable table,
      MeasureCosts(measure, [&](int threads, int64_t rows) { return passes.Run(threads, rows); }, MonotonicNow));
  if (options.in_background) EstimateMoreThreads(options.num_threads, table);
  return table;
}

void CompilePlans(const Executable& executable, int64_t most, absl::Duration budget) {
  const absl::Time end = MonotonicNow() + budget;
  for (int64_t rows = 1; rows <= most && MonotonicNow() < end; ++rows) {
    const absl::StatusOr<TensorTypes> types = GuessInputTypes(executable.graph(), executable.signature(), rows);
    // What does not compile now is compiled, and reported, when it is asked for.
    if (!types.ok() || !executable.PlanFor(*types).ok()) return;
  }
}

std::string ProfileKey(const Executable& executable, const ProfileOptions& options) {
  const CompileOptions& compile = executable.options();
  return absl::StrCat("v2\n", ProcessorName(), "\n", options.num_threads, " threads\n", options.max_rows, " rows\n",
                      compile.numerics == Numerics::kStrict ? "strict" : "fast", "\n",
                      compile.tuner != nullptr ? "tuned" : "by rule", "\nwithout ",
                      absl::StrJoin(compile.passes.disabled, ","), "\n", GraphToText(executable.graph()));
}

}  // namespace baryon
