// baryon serve: the server, and its signals.
#include <pthread.h>
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "clients/cli/command.h"
#include "clients/cli/model_path.h"
#include "clients/cli/options.h"
#include "engine/base/logging.h"
#include "engine/base/status_macros.h"
#include "server/json_log.h"
#include "server/models/open_model.h"
#include "server/server.h"

namespace baryon {
namespace {

struct ServeOptions {
  ServerOptions server;
  int64_t max_queue_ms = 1000, drain_seconds = 30, poll_seconds = 2;
  int threads = AvailableCores();
  std::string log_format = "text";
  CompileOptions compile;
};

// The signals that Serve waits for, kept from every thread: before any other is started.
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

// Reads the repository again at each SIGHUP; returns at SIGTERM and SIGINT.
void WaitForStop(const sigset_t& signals, Server& server) {
  int signal = 0;
  while (sigwait(&signals, &signal) == 0) {
    if (signal != SIGHUP) return;
    LogInfo("reading the repository again");
    server.Rescan();
  }
}

// Whoever asks a second time does not want to wait for what is in flight.
void StopAtOnceAtTheNextSignal(const sigset_t& signals) {
  std::thread([signals] {
    int signal = SIGHUP;
    while (signal == SIGHUP) sigwait(&signals, &signal);
    std::_Exit(0);
  }).detach();
}

absl::StatusOr<ServerOptions> ToServerOptions(const ServeOptions& options) {
  ServerOptions server = options.server;
  server.num_threads = options.threads;
  server.max_queue_time = absl::Milliseconds(options.max_queue_ms);
  server.poll_interval = absl::Seconds(options.poll_seconds);
  for (std::string& model : server.models) {
    BARYON_ASSIGN_OR_RETURN(model, LocateModel(model));
  }
  return server;
}

absl::Status Serve(const ServeOptions& options) {
  const sigset_t signals = BlockSignals();
  if (options.log_format == "json") UseJsonLog();
  BARYON_ASSIGN_OR_RETURN(const ServerOptions server_options, ToServerOptions(options));
  ThreadPool pool(options.threads);
  const auto open = [&](const ModelVersion& version) -> absl::StatusOr<OpenedModel> {
    BARYON_ASSIGN_OR_RETURN(const ModelFiles files, FindModelFiles(version.path, version.folder));
    return OpenModel(files, pool, options.compile);
  };
  const auto say_ready = [](const Server& server) {
    std::printf("%s\n", server.ReadyLine().c_str());
    std::fflush(stdout);
  };
  BARYON_ASSIGN_OR_RETURN(const std::unique_ptr<Server> server, Server::Start(server_options, open, say_ready));
  WaitForStop(signals, *server);
  LogInfo("stopping", {{"drain_seconds", absl::StrCat(options.drain_seconds)}});
  StopAtOnceAtTheNextSignal(signals);
  server->Drain(absl::Seconds(options.drain_seconds));
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
  command.add_option("--repository", options.server.repository, "Folder of models: NAME/VERSION/...");
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
  command.add_option("--max-queue-ms", options.max_queue_ms, "Longest wait in the queue")
      ->capture_default_str()
      ->check(CLI::Range(1, 86400000));
  command.add_option("--drain-seconds", options.drain_seconds, "For requests in flight after SIGTERM")
      ->capture_default_str()
      ->check(CLI::Range(0, 86400));
}

}  // namespace

void AddServe(CLI::App& app, Action& action) {
  const auto options = std::make_shared<ServeOptions>();
  CLI::App& command = *app.add_subcommand("serve", "Serves models over gRPC, with health and metrics over HTTP");
  AddModels(command, *options);
  AddPorts(command, options->server);
  AddLimits(command, *options);
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
