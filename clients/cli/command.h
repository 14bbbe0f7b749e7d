// The commands of the program, one file each. A command describes its options to CLI11 and, when it is the one that was
// named, leaves behind what is to be done.
#ifndef BARYON_CLIENTS_CLI_COMMAND_H_
#define BARYON_CLIENTS_CLI_COMMAND_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace CLI {
class App;
}  // namespace CLI

namespace baryon {

// What to do once the command line has been read. An error ends the program with its message and exit code 1, or 2 when
// it is a WrongUsage that only shows now.
using Action = std::function<absl::Status()>;
absl::Status WrongUsage(absl::string_view message);

// Each adds one command to `app`; reading a command line that names it sets `action`. Both outlive the reading.
void AddServe(CLI::App& app, Action& action);
void AddRun(CLI::App& app, Action& action);
void AddSummary(CLI::App& app, Action& action);
void AddCheck(CLI::App& app, Action& action);
void AddBench(CLI::App& app, Action& action);
void AddPredict(CLI::App& app, Action& action);
void AddPerf(CLI::App& app, Action& action);
void AddStatus(CLI::App& app, Action& action);  // and load, unload
void AddExport(CLI::App& app, Action& action);
void AddPull(CLI::App& app, Action& action);
void AddImport(CLI::App& app, Action& action);
void AddList(CLI::App& app, Action& action);
void AddRemove(CLI::App& app, Action& action);
void AddVerify(CLI::App& app, Action& action);
void AddCompletion(CLI::App& app, Action& action);
void AddMan(CLI::App& app, Action& action);

}  // namespace baryon

#endif  // BARYON_CLIENTS_CLI_COMMAND_H_
