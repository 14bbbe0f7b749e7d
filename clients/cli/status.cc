// baryon status, load, unload: what a running server has loaded, and control over it.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "clients/cli/command.h"
#include "clients/cli/options.h"
#include "clients/cli/server_call.h"
#include "engine/base/status_macros.h"
#include "proto/registry.pb.h"

namespace baryon {
namespace {

struct ControlOptions {
  ServerCall server;
  std::string model;
  bool ready = false;  // say whether it is, and nothing else
};

const char* StateName(const v1::ModelInfo& model) {
  switch (model.state()) {
    case v1::ModelInfo::READY:
      return "ready";
    case v1::ModelInfo::LOADING:
      return "loading";
    case v1::ModelInfo::FAILED:
      return "failed";
    case v1::ModelInfo::UNLOADED:
      return "unloaded";
    default:
      return "unknown";
  }
}

// A line for people: who, how it is, what it has done, what it needs.
std::string Line(const v1::ModelInfo& model, int name_width) {
  std::string line = absl::StrFormat("%-*s %4d  %-8s %10d %8d %10.3f %8.1f\n", name_width, model.name(),
                                     model.version(), StateName(model), model.succeeded(), model.failed(),
                                     model.mean_ms(), static_cast<double>(model.memory_bytes()) / (1 << 20));
  if (!model.error().empty()) absl::StrAppend(&line, "    ", model.error(), "\n");
  return line;
}

// For health checks: the exit code is all there is.
absl::Status CheckReady(const ServerCall& call) {
  BARYON_ASSIGN_OR_RETURN(const Client client, ConnectTo(call, absl::Seconds(2)));
  BARYON_ASSIGN_OR_RETURN(const bool ready, client.IsReady());
  return ready ? absl::OkStatus() : absl::UnavailableError(absl::StrCat("server ", call.server, ": not ready"));
}

absl::Status Status(const ControlOptions& options) {
  if (options.ready) return CheckReady(options.server);
  BARYON_ASSIGN_OR_RETURN(const Client client, ConnectTo(options.server));
  BARYON_ASSIGN_OR_RETURN(const std::vector<v1::ModelInfo> models, client.ListModels());
  int width = 5;
  for (const v1::ModelInfo& model : models) width = std::max(width, static_cast<int>(model.name().size()));
  std::fputs(absl::StrFormat("%-*s %4s  %-8s %10s %8s %10s %8s\n", width, "model", "ver.", "state", "answered",
                             "failed", "mean ms", "MB")
                 .c_str(),
             stdout);
  for (const v1::ModelInfo& model : models) std::fputs(Line(model, width).c_str(), stdout);
  return absl::OkStatus();
}

absl::Status Load(const ControlOptions& options) {
  BARYON_ASSIGN_OR_RETURN(const Client client, ConnectTo(options.server));
  return client.LoadModel(options.model);
}

absl::Status Unload(const ControlOptions& options) {
  BARYON_ASSIGN_OR_RETURN(const Client client, ConnectTo(options.server));
  return client.UnloadModel(options.model);
}

CLI::App& AddControl(CLI::App& app, Action& action, const char* name, const char* what, bool needs_model,
                     absl::Status (*run)(const ControlOptions&)) {
  const auto options = std::make_shared<ControlOptions>();
  CLI::App& command = *app.add_subcommand(name, what);
  AddExamples(command, {absl::StrCat("baryon ", name, needs_model ? " digits" : "")});
  if (needs_model) command.add_option("NAME", options->model, "The model's name on the server")->required();
  if (!needs_model) command.add_flag("--ready", options->ready, "Say whether it is ready by the exit code alone");
  AddServerOptions(command, options->server);
  command.callback([options, run, &action] { action = [options, run] { return run(*options); }; });
  return command;
}

}  // namespace

void AddStatus(CLI::App& app, Action& action) {
  AddControl(app, action, "status", "What a running server has loaded, and how it is doing", false, Status);
  AddControl(app, action, "load", "Asks a running server to load a model of its repository", true, Load);
  AddControl(app, action, "unload", "Asks a running server to take a model out of service", true, Unload);
}

}  // namespace baryon
