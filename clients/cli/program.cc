// Reads the command line, runs one command, and turns its outcome into an exit code.
#include "clients/cli/program.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/command.h"
#include "clients/cli/options.h"
#include "engine/base/logging.h"
#include "server/version.h"

namespace baryon {
namespace {

constexpr int kFailed = 1, kWrongUsage = 2;

void PrintError(absl::string_view message) { std::fprintf(stderr, "baryon: error: %s\n", ToOneLine(message).c_str()); }

constexpr char kUsagePayload[] = "baryon/wrong-usage";

// The command that was named, if any.
const CLI::App* NamedCommand(const CLI::App& app) {
  for (const CLI::App* command : app.get_subcommands(nullptr)) {
    if (command->parsed()) return command;
  }
  return nullptr;
}

int FailUsage(const CLI::App& app, absl::string_view message) {
  const CLI::App* const command = NamedCommand(app);
  const std::string help = command == nullptr ? "" : absl::StrCat(command->get_name(), " ");
  PrintError(absl::StrCat(message, "; see baryon ", help, "--help"));
  return kWrongUsage;
}

// What is wrong with a command line that `app` could not take.
std::string Explain(const CLI::App& app, const CLI::ParseError& error) {
  if (NamedCommand(app) != nullptr) return error.what();
  const std::vector<std::string> rest = app.remaining();
  return absl::StrCat("expected a command, got ", rest.empty() ? "none" : absl::StrCat("\"", rest[0], "\""));
}

}  // namespace

absl::Status WrongUsage(absl::string_view message) {
  absl::Status status = absl::InvalidArgumentError(message);
  status.SetPayload(kUsagePayload, absl::Cord());
  return status;
}

int RunProgram(int argc, const char* const* argv) {
  CLI::App app("A fast, small inference server for Gluon and MXNet models.", "baryon");
  app.set_version_flag("--version", absl::StrCat("baryon ", kServerVersion));
  app.require_subcommand(1);
  Action action;
  for (const auto add : {AddServe, AddRun, AddSummary, AddCheck, AddBench, AddPredict, AddStatus, AddPerf, AddExport,
                         AddPull, AddImport, AddList, AddRemove, AddVerify, AddCompletion, AddMan}) {
    add(app, action);
  }
  AddExamples(app, {"baryon run deploy/demo/repository/digits --input deploy/demo/pictures/3.png",
                    "baryon serve --repository deploy/demo/repository", "baryon COMMAND --help"});
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help and --version
    return FailUsage(app, Explain(app, error));
  }
  const absl::Status status = action();
  std::fflush(stdout);
  if (status.ok()) return 0;
  if (status.GetPayload(kUsagePayload).has_value()) return FailUsage(app, status.message());
  PrintError(status.message());
  return kFailed;
}

}  // namespace baryon
