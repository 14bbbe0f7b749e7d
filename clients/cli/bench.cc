// baryon bench: the time of forward passes.
//
// Every combination of batch, threads and requests at once is a trial. Trials take turns of a fraction of a second
// until each has had its time, so that a machine that slows down slows all of them alike. A turn opens with a pass that
// is not counted, which brings the trial's weights back into the caches. Requests at once come from threads of their
// own, as in a server, and share the model's compute threads.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>  // NOLINT: callers of the engine, which has no part in them
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "clients/cli/command.h"
#include "clients/cli/model_path.h"
#include "clients/cli/options.h"
#include "clients/cli/progress.h"
#include "engine/base/status_macros.h"
#include "engine/load_model.h"
#include "engine/runtime/profile.h"
#include "nlohmann/json.hpp"

namespace baryon {
namespace {

constexpr absl::Duration kTurn = absl::Milliseconds(200);
constexpr size_t kFewestRuns = 5;
constexpr int kPassesATurn = 20;  // or more, of several callers: one of them runs alone at its end

struct BenchOptions {
  std::string model;
  std::vector<int> batches;  // empty: as --shape says, else 1
  std::vector<int> threads = {AvailableCores()};
  std::vector<int> concurrencies = {1};
  std::vector<std::string> shapes;
  double seconds = 5;
  bool json = false, profile = false;
  CompileOptions compile;
};

// A model loaded for one number of threads.
struct LoadedModel {
  std::unique_ptr<ThreadPool> pool;  // outlives the executable
  std::shared_ptr<const Executable> executable;
  absl::Duration load_time;
};

// Who sends one request after the other during a turn.
struct Caller {
  std::vector<Tensor> outputs;
  std::vector<double> run_ms;
  absl::Status status;
};

// One combination of batch, threads and requests at once.
struct Trial {
  const Executable* executable = nullptr;
  int64_t batch = 1;
  int threads = 1, concurrency = 1;
  absl::Duration load_time;  // of the files, and of compiling for this batch
  std::vector<Tensor> inputs;
  std::vector<Caller> callers;
  absl::Duration time_used;
  std::vector<double> run_ms;  // of all callers; sorted by RunTrials
};

// Elements in [0, 1): small enough for every activation, and index 0 where whole numbers are wanted.
absl::StatusOr<Tensor> RandomTensor(const TensorType& type) {
  BARYON_ASSIGN_OR_RETURN(Tensor tensor, Tensor::TryAllocate(type));
  std::mt19937 random(1);
  std::uniform_real_distribution<float> distribution(0, 1);
  DispatchDType(type.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* elements = tensor.mutable_data<T>();
    for (int64_t i = 0; i < tensor.num_elements(); ++i) elements[i] = static_cast<T>(distribution(random));
  });
  return tensor;
}

absl::StatusOr<LoadedModel> Load(const BenchOptions& options, const ModelFiles& files, int threads) {
  LoadedModel loaded;
  loaded.pool = std::make_unique<ThreadPool>(threads);
  const absl::Time start = absl::Now();
  BARYON_ASSIGN_OR_RETURN(Graph graph, ReadModel(files));
  BARYON_ASSIGN_OR_RETURN(loaded.executable, Executable::Create(std::move(graph), *loaded.pool, options.compile));
  loaded.load_time = absl::Now() - start;
  return loaded;
}

// `batch` goes before what --shape says of axis 0; without it this decides.
int64_t SetBatch(std::optional<int> batch, std::vector<TensorSpec>& hints) {
  if (!batch.has_value()) {
    return hints.empty() ? 1 : std::max<int64_t>(1, hints[0].type.shape[0]);
  }
  for (TensorSpec& hint : hints) hint.type.shape[0] = *batch;
  return *batch;
}

absl::StatusOr<Trial> Prepare(const BenchOptions& options, const LoadedModel& loaded, std::optional<int> batch,
                              int concurrency) {
  const Executable& executable = *loaded.executable;
  BARYON_ASSIGN_OR_RETURN(std::vector<TensorSpec> hints, ShapeHints(options.shapes, executable.signature()));
  Trial trial;
  trial.executable = &executable;
  trial.batch = SetBatch(batch, hints);
  trial.threads = executable.pool().num_threads();
  trial.concurrency = concurrency;
  trial.load_time = loaded.load_time;
  BARYON_ASSIGN_OR_RETURN(const TensorTypes types,
                          GuessInputTypes(executable.graph(), executable.signature(), trial.batch, hints));
  const absl::Time start = absl::Now();
  BARYON_ASSIGN_OR_RETURN(const TensorTypes output_types, executable.OutputTypes(types));
  trial.load_time += absl::Now() - start;
  for (const TensorType& type : types) {
    trial.inputs.emplace_back();
    if (type.dtype == DType::kUnknown) continue;
    BARYON_ASSIGN_OR_RETURN(trial.inputs.back(), RandomTensor(type));
  }
  trial.callers.resize(concurrency);
  for (Caller& caller : trial.callers) {
    for (const TensorType& type : output_types) {
      BARYON_ASSIGN_OR_RETURN(caller.outputs.emplace_back(), Tensor::TryAllocate(type));
    }
  }
  return trial;
}

absl::Status RunOnce(const Trial& trial, Caller& caller) {
  return trial.executable->Run(trial.inputs, absl::MakeSpan(caller.outputs));
}

void SendRequests(const Trial& trial, absl::Time end, Caller& caller) {
  caller.run_ms.clear();
  absl::Time start = absl::Now(), now = start;
  do {
    caller.status = RunOnce(trial, caller);
    now = absl::Now();
    caller.run_ms.push_back(absl::ToDoubleMilliseconds(now - start));
    start = now;
  } while (now < end && caller.status.ok());
}

absl::Status TakeTurn(Trial& trial) {
  const absl::Time warm_up = absl::Now();
  for (Caller& caller : trial.callers) BARYON_RETURN_IF_ERROR(RunOnce(trial, caller));
  const absl::Time start = absl::Now();
  const absl::Duration pass = (start - warm_up) / trial.concurrency;
  const absl::Time end = start + (trial.concurrency > 1 ? std::max(kTurn, kPassesATurn * pass) : kTurn);
  std::vector<std::thread> others;
  for (size_t i = 1; i < trial.callers.size(); ++i) {
    others.emplace_back([&trial, end, &caller = trial.callers[i]] { SendRequests(trial, end, caller); });
  }
  SendRequests(trial, end, trial.callers[0]);
  for (std::thread& other : others) other.join();
  double total_ms = 0;
  for (const Caller& caller : trial.callers) {
    BARYON_RETURN_IF_ERROR(caller.status);
    for (double ms : caller.run_ms) total_ms += ms;
    trial.run_ms.insert(trial.run_ms.end(), caller.run_ms.begin(), caller.run_ms.end());
  }
  trial.time_used += absl::Milliseconds(total_ms) / trial.concurrency;  // callers do not stop at the same moment
  return absl::OkStatus();
}

// The share of `time` that all trials together have had.
double ShareDone(absl::Duration time, const std::vector<Trial>& trials) {
  absl::Duration used;
  for (const Trial& trial : trials) used += std::min(trial.time_used, time);
  return time > absl::ZeroDuration() ? absl::FDivDuration(used, time * trials.size()) : 1;
}

absl::Status RunTrials(absl::Duration time, std::vector<Trial>& trials, Progress& progress) {
  for (bool done = false; !done;) {
    done = true;
    for (Trial& trial : trials) {
      if (trial.time_used >= time && trial.run_ms.size() >= kFewestRuns) continue;
      done = false;
      BARYON_RETURN_IF_ERROR(TakeTurn(trial));
      progress.Update(ShareDone(time, trials));
    }
  }
  for (Trial& trial : trials) std::sort(trial.run_ms.begin(), trial.run_ms.end());
  return absl::OkStatus();
}

// The smallest element of `sorted` that a share of `fraction` does not exceed.
double Percentile(const std::vector<double>& sorted, double fraction) {
  return sorted[static_cast<size_t>(fraction * static_cast<double>(sorted.size() - 1) + 0.5)];
}

double RowsPerSecond(const Trial& trial) {
  return static_cast<double>(trial.batch) * static_cast<double>(trial.run_ms.size()) /
         absl::ToDoubleSeconds(trial.time_used);
}

// The most memory that this program ever had at once, in millions of bytes; 0 where the system does not say. Not from
// getrusage, which counts the program that started this one.
double PeakMegabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    constexpr absl::string_view kKey = "VmHWM:";
    int64_t kib = 0;
    if (absl::StartsWith(line, kKey) && std::sscanf(line.c_str() + kKey.size(), "%ld", &kib) == 1) {
      return static_cast<double>(kib) * 1024 / 1e6;
    }
  }
  return 0;
}

void PrintJson(const std::string& model, const std::vector<Trial>& trials) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Trial& trial : trials) {
    list.push_back({{"model", model},
                    {"batch", trial.batch},
                    {"threads", trial.threads},
                    {"concurrency", trial.concurrency},
                    {"runs", trial.run_ms.size()},
                    {"min_ms", trial.run_ms.front()},
                    {"median_ms", Percentile(trial.run_ms, 0.5)},
                    {"p99_ms", Percentile(trial.run_ms, 0.99)},
                    {"rows_per_second", RowsPerSecond(trial)},
                    {"load_ms", absl::ToDoubleMilliseconds(trial.load_time)},
                    {"peak_rss_mb", PeakMegabytes()}});
  }
  // A name of a file may be no UTF-8.
  std::printf("%s\n", list.dump(1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

void PrintTable(const std::string& model, const std::vector<Trial>& trials) {
  std::printf("model %s\n%6s %8s %8s %7s %9s %9s %9s %9s %12s %9s\n", model.c_str(), "batch", "threads", "at once",
              "runs", "min ms", "median", "p90", "p99", "rows/s", "load ms");
  for (const Trial& trial : trials) {
    std::printf("%6ld %8d %8d %7zu %9.3f %9.3f %9.3f %9.3f %12.1f %9.1f\n", trial.batch, trial.threads,
                trial.concurrency, trial.run_ms.size(), trial.run_ms.front(), Percentile(trial.run_ms, 0.5),
                Percentile(trial.run_ms, 0.9), Percentile(trial.run_ms, 0.99), RowsPerSecond(trial),
                absl::ToDoubleMilliseconds(trial.load_time));
  }
  std::printf("peak memory %.1f MB\n", PeakMegabytes());
}

absl::StatusOr<std::string> ProfileText(const Trial& trial) {
  constexpr size_t kMostRuns = 100;
  const int runs = static_cast<int>(std::min(trial.run_ms.size(), kMostRuns));
  BARYON_ASSIGN_OR_RETURN(const Profile profile, ProfileRuns(*trial.executable, trial.inputs, runs));
  return absl::StrFormat("\nprofile of batch %d, %d threads, %s", trial.batch, trial.threads, ToTable(profile));
}

// Loads the model for every number of threads and measures every trial. `models` outlive the trials.
absl::StatusOr<std::vector<Trial>> Measure(const BenchOptions& options, const ModelFiles& files,
                                           std::vector<LoadedModel>& models) {
  Progress progress;
  std::vector<Trial> trials;
  for (int threads : options.threads) {
    progress.Step(absl::StrCat("loading ", files.name, " with threads=", threads));
    BARYON_ASSIGN_OR_RETURN(LoadedModel loaded, Load(options, files, threads));
    models.push_back(std::move(loaded));
    std::vector<std::optional<int>> batches(options.batches.begin(), options.batches.end());
    if (batches.empty()) batches.emplace_back();
    for (const std::optional<int> batch : batches) {
      for (int concurrency : options.concurrencies) {
        BARYON_ASSIGN_OR_RETURN(Trial trial, Prepare(options, models.back(), batch, concurrency));
        trials.push_back(std::move(trial));
      }
    }
  }
  progress.Step(absl::StrCat("measuring ", trials.size(), trials.size() == 1 ? " combination" : " combinations", ", ",
                             options.seconds, " seconds each"));
  BARYON_RETURN_IF_ERROR(RunTrials(absl::Seconds(options.seconds), trials, progress));
  return trials;
}

absl::Status Bench(const BenchOptions& options) {
  BARYON_ASSIGN_OR_RETURN(const std::string path, LocateModel(options.model));
  BARYON_ASSIGN_OR_RETURN(const ModelFiles files, FindModelFiles(path));
  std::vector<LoadedModel> models;
  BARYON_ASSIGN_OR_RETURN(const std::vector<Trial> trials, Measure(options, files, models));
  (options.json ? PrintJson : PrintTable)(files.name, trials);
  for (const Trial& trial : trials) {
    if (!options.profile || trial.concurrency > 1) continue;
    BARYON_ASSIGN_OR_RETURN(const std::string profile, ProfileText(trial));
    std::fputs(profile.c_str(), options.json ? stderr : stdout);  // stdout is all JSON, or none
  }
  return absl::OkStatus();
}

}  // namespace

void AddBench(CLI::App& app, Action& action) {
  const auto options = std::make_shared<BenchOptions>();
  CLI::App& command = *app.add_subcommand("bench", "Times forward passes");
  AddExamples(command, {"baryon bench deploy/demo/repository/digits --batch 1,8 --threads 1,2",
                        "baryon bench deploy/demo/repository/digits --profile"});
  AddModelArgument(command, options->model);
  command.add_option("--batch", options->batches, "Sizes of a batch, 1,8,32")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(1, 65536));
  command.add_option("--threads", options->threads, "Numbers of compute threads, 1,2")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command.add_option("--concurrency", options->concurrencies, "Numbers of requests at once, 1,2")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  AddShapeOption(command, options->shapes);
  command.add_option("--seconds", options->seconds, "For each combination")
      ->check(CLI::Range(0.0, 86400.0))
      ->capture_default_str();
  command.add_flag("--json", options->json, "The result as JSON");
  command.add_flag("--profile", options->profile, "A table by node too");
  AddCompileOptions(command, options->compile);
  command.callback([options, &action] { action = [options] { return Bench(*options); }; });
}

}  // namespace baryon
