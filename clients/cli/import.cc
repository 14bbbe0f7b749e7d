// baryon import: a model in the container of another server.
#include "engine/store/import.h"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "clients/cli/command.h"
#include "clients/cli/options.h"
#include "clients/cli/progress.h"
#include "clients/cli/store_options.h"
#include "engine/base/status_macros.h"

namespace baryon {
namespace {

struct ImportCommand {
  std::string file, repository;
  store::ImportOptions options;
};

absl::Status RunImport(const ImportCommand& command) {
  store::ImportedModel model;
  {
    Progress progress;
    BARYON_ASSIGN_OR_RETURN(
        model, store::Import(command.file, RootFor(command.repository), command.options, WatchBy(progress)));
  }
  std::printf("%s%s\n", model.folder.c_str(), model.was_there ? " (was there)" : "");
  return absl::OkStatus();
}

}  // namespace

void AddImport(CLI::App& app, Action& action) {
  constexpr int64_t kMostClasses = int64_t{1} << 20;
  const auto command = std::make_shared<ImportCommand>();
  CLI::App& import = *app.add_subcommand("import", "Takes in a model from a .mar, a model.tar.gz, a zip or an export");
  AddExamples(import, {"baryon import deploy/demo/repository/digits/1/digits --name numbers"});
  import
      .add_option("FILE", command->file, "An archive, a .params, a folder, a *-symbol.json or the prefix of an export")
      ->required();
  import.add_option("--name", command->options.name, "Of the model; as the archive or the file is called, without");
  import
      .add_option("--architecture", command->options.architecture,
                  "Network of the zoo, for parameters that come without a symbol")
      ->type_name("ZOO_NAME");
  import.add_option("--classes", command->options.classes, "Number of classes of that network")
      ->capture_default_str()
      ->check(CLI::Range(int64_t{1}, kMostClasses));
  import.add_flag("--ignore-code", command->options.ignore_code,
                  "Takes the network alone where an archive has Python code, which is never run");
  AddRepositoryOption(import, command->repository);
  import.callback([command, &action] { action = [command] { return RunImport(*command);
};
}  // namespace baryon
);
}

}  // namespace baryon
