// baryon pull: a pretrained model from a zoo.
#include "engine/store/pull.h"

#include <signal.h>

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

struct PullCommand {
  std::string name, repository;
  store::PullOptions options;
};

absl::Status RunPull(const PullCommand& command) {
  signal(SIGPIPE, SIG_IGN);  // of connections that the other side has closed
  store::PulledModel model;
  {
    Progress progress;
    BARYON_ASSIGN_OR_RETURN(model,
                            store::Pull(command.name, RootFor(command.repository), command.options, WatchBy(progress)));
  }
  std::printf("%s%s\n", model.folder.c_str(), model.was_there ? " (was there)" : "");
  return absl::OkStatus();
}

}  // namespace

void AddPull(CLI::App& app, Action& action) {
  const auto command = std::make_shared<PullCommand>();
  CLI::App& pull =
      *app.add_subcommand("pull", "Fetches a pretrained model from a zoo, checks it, and keeps it to serve");
  AddExamples(pull, {"baryon pull resnet50_v2", "baryon pull resnet50_v2 --from https://models.example.org/"});
  pull.add_option("NAME", command->name, "As Gluon's get_model takes it, resnet50_v2; NAME-HASH for an older file")
      ->required();
  AddZooOptions(pull, command->options);
  AddRepositoryOption(pull, command->repository);
  pull.callback([command, &action] { action = [command] { return RunPull(*command); }; });
}

}  // namespace baryon
