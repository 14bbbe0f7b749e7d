#include "server/models/model_loader.h"

#include <functional>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "engine/base/give_way.h"
#include "engine/base/logging.h"
#include "engine/base/status_macros.h"
#include "engine/base/thread_width.h"
#include "server/batching/batch_policy.h"
#include "server/batching/clock.h"
#include "server/models/give_back.h"
#include "server/models/open_model.h"
#include "server/models/warm_up.h"

namespace baryon {
namespace {

constexpr int64_t kMostRows = 32;       // that are measured, unless the configuration says more
constexpr size_t kMostRemembered = 64;  // measurements beside other models
constexpr absl::Duration kCompileBudget = absl::Seconds(2);

absl::Status CheckPictures(const OpenedModel& opened) {
  if (!opened.pictures.has_value()) return absl::OkStatus();
  for (const TensorSpec& spec : opened.executable->signature().inputs) {
    if (spec.name == opened.pictures->input) return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("its preprocessing is for an input \"", opened.pictures->input,
                                                 "\", which the graph does not have"));
}

absl::Status GivenUp(const std::stop_token& stop) {
  return stop.stop_requested() ? absl::CancelledError("the load was given up") : absl::OkStatus();
}

// Of the parameters, as they stand in the file.
int64_t WeightBytesOf(const Graph& graph) {
  int64_t bytes = 0;
  for (NodeId id : graph.TopologicalOrder()) {
    const Node& node = graph.node(id);
    if (node.constant != nullptr) bytes += node.constant->type().size_bytes();
  }
  return bytes;
}

// Whether any model has had a pass since the last call, or has one. Nobody waits for a load that is given up.
std::function<bool()> WhetherOthersWorked(const Executor& executor, const std::stop_token& stop) {
  return [&executor, stop, busy = executor.load().busy]() mutable {
    const Executor::Load load = executor.load();
    const bool worked = load.running > 0 || std::exchange(busy, load.busy) != load.busy;
    return worked && !stop.stop_requested();
  };
}

}  // namespace

// One load on its way.
struct ModelLoader::Job {
  const ModelVersion& version;
  const ModelSettings& settings;
  bool in_background;
  const std::stop_token& stop;
};

ModelLoader::ModelLoader(ModelOpener open, Options options, Executor& executor, ServerMetrics& metrics)
    : open_(std::move(open)),
      options_(std::move(options)),
      costs_(options_.cost_folder),
      executor_(executor),
      metrics_(metrics) {
  GiveBackMemory({});  // here, and not first on a thread that loads
}

absl::StatusOr<std::shared_ptr<const ServedModel>> ModelLoader::Load(const ModelVersion& version,
                                                                     const ModelSettings& settings, bool in_background,
                                                                     const std::stop_token& stop) const {
  absl::StatusOr<std::shared_ptr<const ServedModel>> model = TryLoad({version, settings, in_background, stop});
  GiveBackMemory({});  // what it took to get there
  if (model.ok()) return model;
  if (!stop.stop_requested()) metrics_.CountLoadFailure(version.name, model.status().code());
  return Annotate(model.status(), absl::StrCat("loading model \"", version.name, "\" version ", version.version));
}

absl::StatusOr<CostTable> ModelLoader::FindCosts(const Job& job, const Executable& executable,
                                                 LoadReport& report) const {
  report.costs_from = "not measured";
  if (options_.measure <= absl::ZeroDuration()) return CostTable();
  const ProfileOptions profile{options_.measure, options_.num_threads,
                               job.settings.batching.max_rows.value_or(kMostRows), job.in_background};
  const std::string key = ProfileKey(executable, profile);
  if (std::optional<CostTable> cached = costs_.Load(key); cached.has_value()) {
    report.costs_from = "cache";
    return *std::move(cached);
  }
  absl::MutexLock lock(&measuring_);
  if (const auto before = beside_others_.find(key); before != beside_others_.end()) {
    report.costs_from = "an earlier load beside other models";
    return before->second;
  }
  const absl::Time start = MonotonicNow();
  absl::StatusOr<CostTable> table = ProfileModel(executable, profile, job.stop);
  if (job.stop.stop_requested()) return absl::CancelledError("the load was given up");
  // A model that refuses random rows, or whose shapes nobody knows, serves all the same.
  if (!table.ok()) return CostTable();
  report.costs_from = absl::StrFormat("measured in %.1f s%s", absl::ToDoubleSeconds(MonotonicNow() - start),
                                      job.in_background ? " beside other models" : "");
  if (job.in_background) {
    if (beside_others_.size() >= kMostRemembered) beside_others_.clear();
    beside_others_.emplace(key, *table);
    return table;
  }
  if (const absl::Status stored = costs_.Store(key, *table); !stored.ok()) LogWarning(stored.message());
  return table;
}

absl::StatusOr<std::shared_ptr<const ServedModel>> ModelLoader::TryLoad(const Job& job) const {
  const ModelVersion& version = job.version;
  const absl::Time start = MonotonicNow();
  const ThreadWidth width(options_.num_threads,
                          job.in_background ? ThreadWidth::Mode::kBackground : ThreadWidth::Mode::kNormal);
  std::optional<GiveWayScope> give_way;
  if (job.in_background) give_way.emplace(WhetherOthersWorked(executor_, job.stop));
  BARYON_RETURN_IF_ERROR(GivenUp(job.stop));
  BARYON_ASSIGN_OR_RETURN(OpenedModel opened, open_(version));
  const Executable& executable = *opened.executable;
  BARYON_RETURN_IF_ERROR(CheckPictures(opened));
  BARYON_RETURN_IF_ERROR(CheckDeclarations(job.settings, executable.signature()));
  if (const std::string& labels = job.settings.label_file; !labels.empty()) {
    BARYON_ASSIGN_OR_RETURN(opened.labels, ReadLabels(absl::StrCat(version.settings_folder, "/", labels)));
  }
  BARYON_RETURN_IF_ERROR(GivenUp(job.stop));
  BARYON_ASSIGN_OR_RETURN(const WarmUpResult warm, WarmUp(executable));
  BARYON_RETURN_IF_ERROR(RunWarmUps(executable, job.settings, version.settings_folder, job.stop));

  LoadReport report;
  report.num_threads = options_.num_threads;
  report.weight_bytes = WeightBytesOf(executable.graph());
  BARYON_ASSIGN_OR_RETURN(CostTable costs, FindCosts(job, executable, report));
  Batcher::Options batching;
  batching.model = absl::StrCat("model \"", version.name, "\"");
  batching.policy = DecidePolicy(costs, warm.rows_are_independent ? costs.error : warm.why_not, job.settings.batching,
                                 options_.num_threads);
  batching.limits = job.settings.limits;
  batching.weight = job.settings.weight;
  batching.costs = std::move(costs);
  CompilePlans(executable, batching.policy.max_rows, kCompileBudget);
  BARYON_RETURN_IF_ERROR(GivenUp(job.stop));

  std::unique_ptr<ModelMetrics> metrics = metrics_.ForModel(version.name, version.version);
  report.load_time = MonotonicNow() - start;
  metrics->SetLoadDuration(report.load_time);
  const BatchPolicy& policy = batching.policy;
  const absl::Duration rested = give_way.has_value() ? absl::FromChrono(give_way->rested()) : absl::ZeroDuration();
  LogInfo("loaded", {{"model", version.name},
                     {"version", absl::StrCat(version.version)},
                     {"ms", absl::StrFormat("%.0f", absl::ToDoubleMilliseconds(report.load_time))},
                     {"rested_ms", absl::StrFormat("%.0f", absl::ToDoubleMilliseconds(rested))},
                     {"batching", policy.join ? absl::StrCat("up to ", policy.max_rows) : "off"},
                     {"because", policy.why},
                     {"slots", absl::StrCat(policy.slots)},
                     {"threads", absl::StrCat(policy.threads)},
                     {"costs", report.costs_from}});
  return std::make_shared<const ServedModel>(version.name, version.version, std::move(opened), std::move(batching),
                                             executor_, std::move(metrics), MonotonicNow, job.settings,
                                             std::move(report));
}

}  // namespace baryon
