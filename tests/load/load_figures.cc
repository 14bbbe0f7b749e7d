// Figures of the whole server: starts the program, asks it, prints what it achieves beside what it should, and ends
// with 1 when it falls short. README.md says what each figure is. Needs the machine for itself.
#include <grpcpp/grpcpp.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/substitute.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "clients/load/grpc_sender.h"
#include "clients/load/latency_histogram.h"
#include "clients/load/run_load.h"
#include "engine/base/check.h"
#include "engine/base/file.h"
#include "engine/base/thread_pool.h"
#include "proto/health.grpc.pb.h"
#include "proto/inference.grpc.pb.h"
#include "server/testing/infer_request.h"
#include "tests/integration/child_process.h"
#include "tests/load/echo_server.h"
#include "tests/load/running_server.h"
#include "tests/support/mlp_files.h"

namespace baryon {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string program = "bazel-bin/baryon", folder = "/tmp/baryon-load-figures",
              digits = "deploy/demo/repository/digits";
  double seconds = 5;
  std::vector<std::string> figures;
};

Options options;
bool all_reached = true;

// One line: what, how much, what it should be.
void Say(const std::string& what, double value, const char* unit, const char* relation, double goal) {
  const bool reached = relation[0] == '<' ? value <= goal : value >= goal;
  all_reached &= reached;
  std::printf("%-64s %10.3f %-6s %s %g  %s\n", what.c_str(), value, unit, relation, goal, reached ? "" : "NOT REACHED");
  std::fflush(stdout);
}
void Note(const std::string& what, double value, const char* unit) {
  std::printf("%-64s %10.3f %s\n", what.c_str(), value, unit);
  std::fflush(stdout);
}

double Ms(absl::Duration duration) { return absl::ToDoubleMilliseconds(duration); }

// --- Models

// A repository with copies of one model under several names, each with a configuration.
std::string Repository(const std::string& name) {
  const std::string folder = options.folder + "/" + name;
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

void AddMlp(const std::string& repository, const std::string& name, const std::vector<int64_t>& widths,
            const std::string& config = "") {
  fs::create_directories(repository + "/" + name + "/1");
  BARYON_CHECK(WriteMlp(repository + "/" + name + "/1/model", widths).ok());
  if (!config.empty()) BARYON_CHECK(WriteFileAtomically(repository + "/" + name + "/config.pbtxt", config).ok());
}

void AddCopy(const std::string& repository, const std::string& name, const std::string& of,
             const std::string& config = "") {
  fs::copy(of, repository + "/" + name, fs::copy_options::recursive);
  if (!config.empty()) BARYON_CHECK(WriteFileAtomically(repository + "/" + name + "/config.pbtxt", config).ok());
}

void AddResnet(const std::string& repository, const std::string& name) {
  const std::string folder = repository + "/" + name + "/1";
  fs::create_directories(folder);
  ChildProcess export_it({options.program, "export", "resnet50_v2", "--output", folder + "/model"});
  export_it.ReadAll();
  BARYON_CHECK(export_it.Wait() == 0);
}

constexpr char kNever[] = "parameters { key: \"batching\" value: { string_value: \"never\" } }";
const std::vector<int64_t> kWideMlp = {2048, 4096, 4096, 1000};

RunningServer Start(const std::string& repository, const std::vector<std::string>& more = {}) {
  return RunningServer(options.program, repository, options.folder, more);
}

// --- Figures

// Throughput with the server's own decision on batching over that without, in turns.
void CompareBatching(const std::string& what, const RunningServer& server, const std::vector<int64_t>& shape,
                     double goal) {
  double together = 0, alone = 0;
  for (int turn = 0; turn < 3; ++turn) {
    together += server.Test(PredictRequestOf("auto", shape), 16, 0, options.seconds / 3).requests_per_second() / 3;
    alone += server.Test(PredictRequestOf("never", shape), 16, 0, options.seconds / 3).requests_per_second() / 3;
  }
  Note(what + ", 16 clients, batching never", alone, "req/s");
  Note(what + ", 16 clients, batching auto", together, "req/s");
  Say(what + ": auto over never", together / alone, "x", ">=", goal);
}

void Batching() {
  const std::string wide = Repository("wide");
  AddMlp(wide, "auto", kWideMlp);
  AddMlp(wide, "never", kWideMlp, kNever);
  CompareBatching("wide MLP", Start(wide), {1, 2048}, 4);
  const std::string digits = Repository("digits");
  AddCopy(digits, "auto", options.digits);
  AddCopy(digits, "never", options.digits, kNever);
  CompareBatching("digits", Start(digits), {1, 1, 8, 8}, 0.95);
}

void Resnet() {
  const std::string repository = Repository("resnet");
  AddResnet(repository, "auto");
  AddCopy(repository, "never", repository + "/auto", kNever);
  CompareBatching("resnet50_v2", Start(repository), {1, 3, 224, 224}, 0.95);
}

// The time of processors that a process has taken so far, in user and in kernel mode.
double CpuSeconds(pid_t process) {
  std::string stat;
  std::getline(std::ifstream(absl::StrCat("/proc/", process, "/stat")), stat);
  BARYON_CHECK(!stat.empty());
  // Behind the name, in brackets: the state, and at places 11 and 12 behind that the two times.
  const std::vector<std::string> fields = absl::StrSplit(stat.substr(stat.rfind(')') + 2), ' ');
  return (std::strtod(fields[11].c_str(), nullptr) + std::strtod(fields[12].c_str(), nullptr)) /
         static_cast<double>(sysconf(_SC_CLK_TCK));
}

// How many processors the server and its clients, which are this process, had since this was made: what the clients
// take of the machine is no longer there for the server.
class BothSides {
 public:
  explicit BothSides(RunningServer& server) : process_(server.process().pid()) {}
  void Report(const std::string& what) const {
    const double seconds = absl::ToDoubleSeconds(absl::Now() - start_);
    Note(what + ", processors that the server had", (CpuSeconds(process_) - server_) / seconds, "");
    Note(what + ", processors that the clients had", (CpuSeconds(getpid()) - clients_) / seconds, "");
  }

 private:
  const pid_t process_;
  const absl::Time start_ = absl::Now();
  const double server_ = CpuSeconds(process_), clients_ = CpuSeconds(getpid());
};

void Overload(const std::string& what, const std::string& repository, const std::vector<int64_t>& shape, int clients) {
  RunningServer server = Start(repository);
  const std::string request = PredictRequestOf("auto", shape);
  const BothSides at_capacity(server);
  const double capacity = server.Test(request, clients, 0, options.seconds).requests_per_second();
  at_capacity.Report(absl::StrCat(what, ": ", clients, " clients"));
  const LoadReport before = server.Test(request, 0, capacity / 2, options.seconds);
  const BothSides overloaded(server);
  const LoadReport report = server.Test(request, 0, 5 * capacity, 4 * options.seconds);
  overloaded.Report(what + ": five times");
  int64_t refused = 0;
  for (const auto& [code, count] : report.failed) refused += count;
  Note(absl::StrCat(what, ": capacity, ", clients, " clients"), capacity, "req/s");
  Note(what + ": asked for at five times that", 5 * capacity, "req/s");
  Note(what + ": refused", static_cast<double>(refused), "");
  Note(what + ": not sent by the client", static_cast<double>(report.unsent), "");
  Note(what + ": 99 % of the requests were sent at most so late", Ms(report.schedule_lag), "ms");
  Say(what + ": answered over capacity", report.requests_per_second() / capacity, "", ">=", 0.9);
  Say(what + ": p99 of what was answered", Ms(report.latency.p99), "ms", "<=", 1000);
  Say(what + ": median of refusals", Ms(report.refusal.p50), "ms", "<=", 5);
  Say(what + ": p99 of refusals", Ms(report.refusal.p99), "ms", "<=", 5);
  Say(what + ": 99 % of the refusals, as the server timed them, within",
      1e3 * server.QuantileOf("baryon_request_duration_seconds", "code_class=\"server_error\"", 0.99), "ms", "<=", 5);
  const LoadReport after = server.Test(request, 0, capacity / 2, options.seconds);
  Note(what + ": p99 at half of capacity, before", Ms(before.latency.p99), "ms");
  Say(what + ": p99 at half of capacity, right after, over that",
      absl::FDivDuration(after.latency.p99, before.latency.p99), "x", "<=", 2);
}

void OverloadAll() {
  const std::string wide = Repository("wide");
  AddMlp(wide, "auto", kWideMlp);
  Overload("wide MLP", wide, {1, 2048}, 64);
  Overload("wide MLP, 16 rows", wide, {16, 2048}, 64);
  const std::string resnet = Repository("resnet");
  AddResnet(resnet, "auto");
  Overload("resnet50_v2", resnet, {1, 3, 224, 224}, 16);
}

// An Open Inference Protocol request with one row of `count` float32 elements.
std::string InferRequestOf(const std::string& model, int64_t count) {
  inference::ModelInferRequest request = InferRequestWithout(model, count);
  request.add_raw_input_contents(std::string(count * sizeof(float), 'x'));
  return request.SerializeAsString();
}

LoadReport AskForTensors(const std::string& address, const std::string& request, int clients, double seconds) {
  const LoadReport report =
      TestServer(address, "/inference.GRPCInferenceService/ModelInfer", request, clients, 0, seconds);
  BARYON_CHECK(report.failed.empty());
  return report;
}

void AddIdentity(const std::string& repository, const std::string& name, int64_t count) {
  fs::create_directories(repository + "/" + name + "/1");
  constexpr char kSymbol[] = R"json({"nodes": [
      {"op": "null", "name": "data", "attrs": {"__shape__": "(0, $0)", "__dtype__": "0"}, "inputs": []},
      {"op": "_copy", "name": "copy", "inputs": [[0, 0, 0]]}],
      "arg_nodes": [0], "heads": [[1, 0, 0]], "attrs": {"mxnet_version": ["int", 10901]}})json";
  const std::string symbol = absl::Substitute(kSymbol, count);
  BARYON_CHECK(WriteFileAtomically(repository + "/" + name + "/1/identity-symbol.json", symbol).ok());
}

// A model that copies its input beside a server that does nothing but that, in turns: what everything between the
// socket and the model costs.
void Overhead() {
  const std::string repository = Repository("overhead");
  const std::vector<std::pair<std::string, int64_t>> sizes = {{"2 KB", 512}, {"602112 bytes", 150528}};
  for (const auto& [name, count] : sizes) AddIdentity(repository, absl::StrCat("identity", count), count);
  RunningServer server = Start(repository);
  ChildProcess echo({"/proc/self/exe", "--echo"});
  const std::string line = echo.ReadLine(),
                    echo_address = line.substr(line.find('=') + 1, line.size() - line.find('=') - 2);
  for (const auto& [name, count] : sizes) {
    const std::string request = InferRequestOf(absl::StrCat("identity", count), count);
    for (int clients : {1, 16}) {
      constexpr int kTurns = 5;
      std::vector<double> latency, throughput, cpu;
      LoadReport ours, bare;
      for (int turn = 0; turn < kTurns; ++turn) {
        const double ours_before = CpuSeconds(server.process().pid());
        ours = AskForTensors(server.address(), request, clients, options.seconds / 5);
        const double ours_taken = CpuSeconds(server.process().pid()) - ours_before,
                     bare_before = CpuSeconds(echo.pid());
        bare = AskForTensors(echo_address, request, clients, options.seconds / 5);
        const double bare_taken = CpuSeconds(echo.pid()) - bare_before;
        cpu.push_back((ours_taken / ours.requests_per_second()) / (bare_taken / bare.requests_per_second()));
        latency.push_back(absl::FDivDuration(ours.latency.p50, bare.latency.p50));
        throughput.push_back(ours.requests_per_second() / bare.requests_per_second());
      }
      std::sort(latency.begin(), latency.end());
      std::sort(throughput.begin(), throughput.end());
      std::sort(cpu.begin(), cpu.end());
      const std::string what = absl::StrCat("identity, ", name, ", ", clients, clients == 1 ? " client" : " clients");
      Note(what + ": p50 of a bare echo", Ms(bare.latency.p50), "ms");
      Note(what + ": p50", Ms(ours.latency.p50), "ms");
      Note(what + ": processor time of a request over that of a bare echo", cpu[kTurns / 2], "x");
      Say(what + ": p50 over that of a bare echo", latency[kTurns / 2], "x", "<=", 1.25);
      Say(what + ": throughput over that of a bare echo", throughput[kTurns / 2], "x", ">=", 0.75);
    }
  }
}

// Clients that ask again at once, for as long as a piece of work takes; how many answers and failures.
struct Besides {
  int64_t answered = 0, failed = 0;
  LatencySummary latency;
};
Besides AskWhile(const RunningServer& server, const std::string& request, int clients,
                 const std::function<void()>& work) {
  std::atomic<bool> stop{false};
  GrpcSender sender({server.Connect()}, "/baryon.v1.PredictionService/Predict", request);
  Besides result;
  std::thread asking([&] {
    LatencyHistogram latencies;
    std::atomic<int64_t> failed{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < clients; ++i) {
      threads.emplace_back([&] {
        while (!stop) {
          const absl::Time start = absl::Now();
          absl::Notification done;
          sender.Send([&](absl::StatusCode code) {
            failed += code == absl::StatusCode::kOk ? 0 : 1;
            done.Notify();
          });
          done.WaitForNotification();
          latencies.Add(absl::Now() - start);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    result.answered = latencies.count() - failed;
    result.failed = failed;
    result.latency = {latencies.mean(),         latencies.Quantile(0.5),   latencies.Quantile(0.9),
                      latencies.Quantile(0.99), latencies.Quantile(0.999), latencies.max()};
  });
  work();
  stop = true;
  asking.join();
  return result;
}

// Clients that take half of the processors: more would time how processors are shared, not what a load takes from them.
int HalfTheCores() { return std::max(AvailableCores() / 2, 1); }

// The p99 of a turn while nothing else happens, and while something does. Of several turns the medians: what else runs
// on the machine comes and goes.
struct BesidesTurns {
  std::vector<double> alone, beside;  // milliseconds

  static double MedianOf(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  }
  void Report(const std::string& what, const std::string& beside_what) const {
    Note("p99 of " + what, MedianOf(alone), "ms");
    Note("p99 of " + what + ", " + beside_what, MedianOf(beside), "ms");
    Say("p99 " + beside_what + ", over p99 without", MedianOf(beside) / MedianOf(alone), "x", "<=", 1.25);
  }
};

void Reloads() {
  const std::string repository = Repository("reloads");
  AddCopy(repository, "digits", options.digits);
  RunningServer server = Start(repository, {"--model-control", "explicit"});
  BARYON_CHECK(server.Load("digits"));
  const std::string request = PredictRequestOf("digits", {1, 1, 8, 8});
  const auto wait = [] { absl::SleepFor(absl::Seconds(options.seconds / 2)); };
  int64_t answered = 0, failed = 0, refused = 0;
  const auto reload = [&](int times) {
    for (int i = 0; i < times; ++i) refused += server.Load("digits") ? 0 : 1;
  };
  // What a model that was freed leaves in the heap goes back to the system half a second later.
  const auto memory_at_rest = [&] {
    absl::SleepFor(absl::Seconds(1));
    return server.ResidentBytes();
  };
  reload(20);
  AskWhile(server, request, HalfTheCores(), [&] { reload(20); });
  const double memory = memory_at_rest();
  BesidesTurns turns;
  for (int turn = 0; turn < 4; ++turn) {
    turns.alone.push_back(Ms(AskWhile(server, request, HalfTheCores(), wait).latency.p99));
    const Besides during = AskWhile(server, request, HalfTheCores(), [&] { reload(50); });
    turns.beside.push_back(Ms(during.latency.p99));
    answered += during.answered;
    failed += during.failed;
  }
  Note("requests answered during 200 reloads", static_cast<double>(answered), "");
  Say("requests that failed during 200 reloads", static_cast<double>(failed), "", "<=", 0);
  Say("reloads that failed", static_cast<double>(refused), "", "<=", 0);
  turns.Report("a model", "while it loads again and again");
  Note("memory before 200 reloads", memory / (1 << 20), "MB");
  Say("memory after 200 reloads over memory before", memory_at_rest() / memory, "x", "<=", 1.03);
}

// Another model's latency while a large one is loaded again and again.
void Beside() {
  const std::string repository = Repository("beside");
  AddMlp(repository, "small", {512, 1024, 1024, 10});
  AddMlp(repository, "large", kWideMlp);
  RunningServer server = Start(repository, {"--model-control", "explicit"});
  BARYON_CHECK(server.Load("small"));
  BARYON_CHECK(server.Load("large"));
  const std::string request = PredictRequestOf("small", {1, 512});
  BesidesTurns turns;
  int64_t loads = 0;
  double seconds = 0;
  for (int turn = 0; turn < 5; ++turn) {
    const auto wait = [] { absl::SleepFor(absl::Seconds(options.seconds / 2)); };
    turns.alone.push_back(Ms(AskWhile(server, request, HalfTheCores(), wait).latency.p99));
    const auto load = [&] {
      const absl::Time start = absl::Now();
      for (; absl::Now() < start + absl::Seconds(options.seconds / 2); ++loads) server.Load("large");
      seconds += absl::ToDoubleSeconds(absl::Now() - start);
    };
    turns.beside.push_back(Ms(AskWhile(server, request, HalfTheCores(), load).latency.p99));
  }
  Note("a load of the large model takes", seconds / static_cast<double>(loads), "s");
  turns.Report("a small model", "while a large one loads again and again");
}

void Memory() {
  const std::string repository = Repository("memory");
  AddCopy(repository, "digits", options.digits);
  AddMlp(repository, "large", kWideMlp);
  RunningServer server = Start(repository, {"--model-control", "explicit"});
  BARYON_CHECK(server.Load("digits"));
  const std::string digits = PredictRequestOf("digits", {1, 1, 8, 8});
  const std::string large = PredictRequestOf("large", {1, 2048});
  server.Test(digits, 4, 0, 1);
  const auto cycle = [&] {
    BARYON_CHECK(server.Load("large"));
    server.Test(large, 16, 0, 1);
    const double loaded = server.ResidentBytes();
    BARYON_CHECK(server.Unload("large"));
    absl::SleepFor(absl::Seconds(1));
    return loaded;
  };
  const double at_first = server.ResidentBytes();
  const double loaded = cycle();
  const double once = server.ResidentBytes();
  for (int i = 0; i < 5; ++i) cycle();
  Note("resident before the first load", at_first / (1 << 20), "MB");
  Note("resident while it serves", loaded / (1 << 20), "MB");
  Note("resident after the first unload", once / (1 << 20), "MB");
  Say("resident after the sixth unload over that after the first", server.ResidentBytes() / once, "x", "<=", 1.03);
  Say("part of the model's memory that came back", (loaded - once) / (loaded - at_first), "", ">=", 0.97);
}

// Clients that watch the server's health and stop when it is about to end.
void Drain() {
  const std::string repository = Repository("drain");
  AddCopy(repository, "digits", options.digits);
  int64_t answered = 0, failed = 0, codes = 0;
  for (int turn = 0; turn < 5; ++turn) {
    RunningServer server = Start(repository);
    const std::string request = PredictRequestOf("digits", {1, 1, 8, 8});
    const Besides besides = AskWhile(server, request, 4, [&] {
      grpc::ClientContext context;
      const auto stub = grpc::health::v1::Health::NewStub(server.Connect(1));
      const auto reader = stub->Watch(&context, grpc::health::v1::HealthCheckRequest());
      grpc::health::v1::HealthCheckResponse response;
      reader->Read(&response);
      absl::SleepFor(absl::Seconds(options.seconds / 5));
      server.process().Signal(SIGTERM);
      while (reader->Read(&response) && response.status() == grpc::health::v1::HealthCheckResponse::SERVING) {
      }
      context.TryCancel();
      reader->Finish();
    });
    answered += besides.answered;
    failed += besides.failed;
    codes += server.process().Wait();
  }
  Note("requests answered around five SIGTERMs", static_cast<double>(answered), "");
  Say("requests of clients that watch its health that failed", static_cast<double>(failed), "", "<=", 0);
  Say("exit codes", static_cast<double>(codes), "", "<=", 0);
}

int Main(int argc, char** argv) {
  CLI::App app("Figures of the whole server.", "load_figures");
  app.add_option("--program", options.program, "baryon")->capture_default_str();
  app.add_option("--folder", options.folder, "For models and logs")->capture_default_str();
  app.add_option("--digits", options.digits, "The demo's digits")->capture_default_str();
  app.add_option("--seconds", options.seconds, "Of most tests")->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("FIGURE", options.figures,
                 "overhead, batching, resnet, overload, reloads, beside, memory, drain; none: all");
  bool echo = false;
  app.add_flag("--echo", echo, "Is the bare server that \"overhead\" compares with");
  CLI11_PARSE(app, argc, argv);
  if (echo) RunEchoServer();
  fs::create_directories(options.folder);
  const std::vector<std::pair<std::string, void (*)()>> figures = {
      {"overhead", Overhead}, {"batching", Batching}, {"resnet", Resnet}, {"overload", OverloadAll},
      {"reloads", Reloads},   {"beside", Beside},     {"memory", Memory}, {"drain", Drain}};
  for (const auto& [name, run] : figures) {
    const bool wanted = std::count(options.figures.begin(), options.figures.end(), name) > 0;
    if (wanted || options.figures.empty()) run();
  }
  return all_reached ? 0 : 1;
}

}  // namespace
}  // namespace baryon

int main(int argc, char** argv) { return baryon::Main(argc, argv); }
