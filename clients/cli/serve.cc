// baryon serve: the server, and its signals.
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "clients/cli/command.h"
#include "clients/cli/model_path.h"
#include "clients/cli/options.h"
#include "clients/cli/store_options.h"
#include "engine/base/logging.h"
#include "engine/base/status_macros.h"
#include "engine/kernels/cpu_target.h"
#include "server/batching/clock.h"
#include "server/json_log.h"
#include "server/models/open_model.h"
#include "server/revision.h"
#include "server/server.h"
#include "server/systemd.h"

namespace baryon {
namespace {

constexpr absl::Duration kLastMoments = absl::Seconds(5);  // for models to go once all requests are answered

struct ServeOptions {
  ServerOptions server;
  int64_t max_queue_ms = 1000, drain_seconds = 30, poll_seconds = 2;
  double measure_seconds = 2, linger_seconds = 5;
  int threads = AvailableCores();
  std::string log_format = "text";
  bool pull = false;
  store::PullOptions zoo;
  CompileOptions compile;
};

// --- Signals
//
// All threads of ours keep these signals blocked, and the main thread alone waits for them, all its life. Threads of
// libraries that were started before main do not block them: what the system hands to one of those is passed on.

constexpr int kDrained = SIGALRM;  // to ourselves: the end of the wait

std::atomic<pthread_t> main_thread;

void PassOn(int signal) {
  if (!pthread_equal(pthread_self(), main_thread)) pthread_kill(main_thread, signal);
}

sigset_t TakeOverSignals() {
  main_thread = pthread_self();
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, kDrained}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  struct sigaction pass_on {};
  pass_on.sa_handler = PassOn;
  pass_on.sa_flags = SA_RESTART;
  for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaction(signal, &pass_on, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

// The next signal; 0 after `most` without one.
int NextSignal(const sigset_t& signals, absl::Duration most) {
  const timespec timeout = absl::ToTimespec(std::clamp(most, absl::ZeroDuration(), absl::Hours(1)));
  const int signal = sigtimedwait(&signals, nullptr, &timeout);
  return signal < 0 ? 0 : signal;
}

// Returns at SIGTERM and SIGINT. SIGHUP reads the repository again, SIGUSR1 writes to the log what goes on.
void WaitForStop(const sigset_t& signals, const Systemd& systemd, Server& server) {
  while (true) {
    const int signal = NextSignal(signals, systemd.alive_interval());
    if (signal == SIGTERM || signal == SIGINT) return;
    if (signal == SIGHUP) {
      LogInfo("reading the repository again");
      systemd.Reloading();
      server.Rescan();
      systemd.Ready("reading the repository again");
    }
    if (signal == SIGUSR1) {
      for (const std::string& line : server.DescribeState()) LogInfo(line);
    }
    if (server.IsAlive()) systemd.Alive();
  }
}

// Drains the server. Whoever asks a second time does not want to wait for what is in flight, and nothing waits for
// longer than it was given, whatever hangs: then the process ends here.
void DrainOrEnd(const sigset_t& signals, absl::Duration drain, absl::Duration linger, std::unique_ptr<Server> server) {
  const absl::Time end = MonotonicNow() + linger + drain + kLastMoments;
  std::thread work([&] {
    server->Drain(drain, linger);
    server.reset();
    pthread_kill(main_thread, kDrained);
  });
  int signal = SIGHUP;
  while (signal == SIGHUP || signal == SIGUSR1) signal = NextSignal(signals, end - MonotonicNow());
  if (signal != kDrained) std::_Exit(0);
  work.join();
}

// Fetches for clients that ask: into the repository, or not at all.
PullFunction MakePull(const ServeOptions& options) {
  if (!options.pull || options.server.repository.empty()) return nullptr;
  return [root = RootFor(options.server.repository), zoo = options.zoo](const std::string& name,
                                                                        const PullProgress& progress) {
    std::string now;
    const store::Watcher watcher = {[&](const std::string& step) { progress(now = step, 0, 0).IgnoreError(); },
                                    [&](int64_t done, int64_t total) { return progress(now, done, total); }};
    return store::Pull(name, root, zoo, watcher).status();
  };
}

absl::StatusOr<ServerOptions> ToServerOptions(const ServeOptions& options) {
  ServerOptions server = options.server;
  server.num_threads = options.threads;
  server.max_queue_time = absl::Milliseconds(options.max_queue_ms);
  server.poll_interval = absl::Seconds(options.poll_seconds);
  server.measure = absl::Seconds(options.measure_seconds);
  server.cost_folder = CostFolder();
  server.pull = MakePull(options);
  server.revision = ServerRevision();
  server.instruction_set = kernels::CpuTargetName(kernels::ActiveCpuTarget());
  for (std::string& model : server.models) {
    BARYON_ASSIGN_OR_RETURN(model, options.pull ? LocateOrPull(model, options.zoo) : LocateModel(model));
  }
  return server;
}

absl::Status Serve(const ServeOptions& options) {
  const sigset_t signals = TakeOverSignals();
  if (options.log_format == "json") UseJsonLog();
  BARYON_ASSIGN_OR_RETURN(const ServerOptions server_options, ToServerOptions(options));
  ThreadPool pool(options.threads);
  const auto open = [&](const ModelVersion& version) -> absl::StatusOr<OpenedModel> {
    BARYON_ASSIGN_OR_RETURN(const ModelFiles files, FindModelFiles(version.path, version.folder));
    return OpenModel(files, pool, options.compile);
  };
  const Systemd systemd;
  const auto say_ready = [&](const Server& server) {
    std::printf("%s\n", server.ReadyLine().c_str());
    std::fflush(stdout);
    systemd.Ready(server.ReadyLine());
  };
  BARYON_ASSIGN_OR_RETURN(std::unique_ptr<Server> server, Server::Start(server_options, open, say_ready));
  WaitForStop(signals, systemd, *server);
  LogInfo("stopping", {{"drain_seconds", absl::StrCat(options.drain_seconds)}});
  systemd.Stopping();
  DrainOrEnd(signals, absl::Seconds(options.drain_seconds), absl::Seconds(options.linger_seconds), std::move(server));
  return absl::OkStatus();
}

void AddPorts(CLI::App& command, ServerOptions& server) {
  const CLI::Range ports(0, 65535);
  command.add_option("--host", server.host, "Address of all ports")->capture_default_str();
  command.add_option("--grpc-port", server.grpc_port, "Port of gRPC; 0 picks a free one")
      ->capture_default_str()
      ->check(ports);
  command.add_option("--http-port", server.http_port, "Port of HTTP; 0 picks a free one")
      ->capture_default_str()
      ->check(ports);
  command.add_option("--metrics-port", server.metrics_port, "Port of metrics; 0 picks a free one")
      ->capture_default_str()
      ->check(ports);
}

void AddModels(CLI::App& command, ServeOptions& options) {
  const std::map<std::string, ModelControl> controls = {
      {"none", ModelControl::kNone}, {"poll", ModelControl::kPoll}, {"explicit", ModelControl::kExplicit}};
  command.add_option("MODEL", options.server.models,
                     "Folders, *-symbol.json files, prefixes of exports, or networks of the zoo in the cache");
  command.add_option("--repository", options.server.repository, "Folder of models: NAME/VERSION/...")->type_name("DIR");
  command.add_flag(
      "--pull", options.pull,
      "Fetches models of the zoo that are not in the cache, and those that clients ask for into --repository");
  AddZooOptions(command, options.zoo);
  AddChoice(command, "--model-control", controls, options.server.model_control,
            "When models of the repository are loaded: at the start, when they change, by request");
  command.add_option("--poll-seconds", options.poll_seconds, "Between looks at the repository")
      ->capture_default_str()
      ->check(CLI::Range(1, 86400));
}

void AddLimits(CLI::App& command, ServeOptions& options) {
  constexpr int64_t kMostRequestBytes = (int64_t{1} << 31) - 1;  // gRPC counts in an int
  command.add_option("--threads", options.threads, "Compute threads of the process")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  command.add_option("--max-request-bytes", options.server.max_request_bytes, "Larger requests are refused")
      ->capture_default_str()
      ->check(CLI::Range(int64_t{1}, kMostRequestBytes));
  command
      .add_option("--measure-seconds", options.measure_seconds,
                  "Longest that a model is measured before it serves, to decide on batching; kept in the cache")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 86400.0));
  command
      .add_option("--max-memory-bytes", options.server.max_memory_bytes,
                  "Of all models together; a model that does not fit is not loaded. 0: no limit")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command.add_flag(
      "--evict-unused", options.server.evict,
      "With --max-memory-bytes: models that were not used for longest make room, and are loaded again when "
      "they are asked for");
  command.add_option("--max-queue-ms", options.max_queue_ms, "Longest wait in the queue")
      ->capture_default_str()
      ->check(CLI::Range(1, 86400000));
  command
      .add_option("--linger-seconds", options.linger_seconds,
                  "After SIGTERM, longest that requests of clients are taken who have not noticed yet")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 86400.0));
  command.add_option("--drain-seconds", options.drain_seconds, "For requests in flight after SIGTERM")
      ->capture_default_str()
      ->check(CLI::Range(0, 86400));
}

void AddSecurity(CLI::App& command, ServerOptions& server) {
  SecurityFiles& files = server.security;
  CLI::Option* const certificate = command.add_option("--tls-cert", files.tls.certificate,
                                                      "PEM file of the server's certificates: TLS for gRPC and HTTP");
  CLI::Option* const key = command.add_option("--tls-key", files.tls.key, "PEM file of the key of --tls-cert");
  certificate->needs(key);
  key->needs(certificate);
  command
      .add_option("--tls-client-ca", files.tls.client_ca,
                  "PEM file of those who sign the certificates that clients must have")
      ->needs(certificate);
  command.add_option("--auth-token-file", files.use_token, "File of the bearer token that requests must have");
  CLI::Option* const admin = command.add_option("--admin-token-file", files.control_token,
                                                "File of the bearer token that load, unload and pull must have");
  command
      .add_flag("--allow-uploads", server.uploads,
                "Lets requests that load a model bring its files along (Triton's parameters file:VERSION/NAME)")
      ->needs(admin);
  command.add_flag("--shared-memory", server.shared_memory,
                   "Lets clients hand tensors over in system shared memory; on a loopback --host they may anyway");
}

}  // namespace

void AddServe(CLI::App& app, Action& action) {
  const auto options = std::make_shared<ServeOptions>();
  CLI::App& command = *app.add_subcommand("serve", "Serves models over gRPC and REST, with health and metrics");
  AddExamples(command, {"baryon serve --repository deploy/demo/repository", "baryon serve resnet50_v2 --pull"});
  AddModels(command, *options);
  AddPorts(command, options->server);
  AddLimits(command, *options);
  AddSecurity(command, options->server);
  AddCompileOptions(command, options->compile);
  command.add_option("--log-format", options->log_format, "text or json")
      ->capture_default_str()
      ->check(CLI::IsMember({"text", "json"}));
  command.add_flag("--log-requests", options->server.log_requests, "A line for each request");
  command.callback([options, &action] {
    if (options->server.models.empty() && options->server.repository.empty()) {
      throw CLI::RequiredError("a MODEL or --repository");
    }
    action = [options] { return Serve(*options); };
  });
}

}  // namespace baryon
