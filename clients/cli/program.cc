// Reads the command line, runs one command, and turns its outcome into an exit code.
#include "clients/cli/program.h"

#include <algorithm>
#include <cstdio>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "clients/cli/command.h"
#include "server/version.h"

namespace baryon {
namespace {

constexpr int kFailed = 1, kWrongUsage = 2;

// One line, whatever the message has in it.
void PrintError(std::string message) {
  std::replace(message.begin(), message.end(), '\n', ' ');
  std::fprintf(stderr, "baryon: error: %s\n", message.c_str());
}

}  // namespace

int RunProgram(int argc, const char* const* argv) {
  CLI::App app("A fast, small inference server for Gluon and MXNet models.", "baryon");
  app.set_version_flag("--version", absl::StrCat("baryon ", kServerVersion));
  app.require_subcommand(1);
  Action action;
  for (const auto add : {AddServe, AddRun, AddSummary, AddCheck, AddBench, AddPredict, AddExport}) add(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help and --version
    PrintError(absl::StrCat(error.what(), "; see baryon --help"));
    return kWrongUsage;
  }
  const absl::Status status = action();
  std::fflush(stdout);
  if (status.ok()) return 0;
  PrintError(std::string(status.message()));
  return kFailed;
}

}  // namespace baryon
