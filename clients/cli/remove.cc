// baryon remove: takes models out of the cache.
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "clients/cli/command.h"
#include "clients/cli/model_path.h"
#include "clients/cli/options.h"
#include "clients/cli/progress.h"
#include "clients/cli/store_options.h"
#include "engine/base/status_macros.h"
#include "engine/store/installation.h"

namespace baryon {
namespace {

absl::Status RunRemove(const std::vector<std::string>& names) {
  Progress progress;
  for (const std::string& name : names) {
    progress.Step("removing " + name);
    BARYON_RETURN_IF_ERROR(store::RemoveInstalled({CacheFolder()}, CacheName(name), WatchBy(progress)));
  }
  return absl::OkStatus();
}

}  // namespace

void AddRemove(CLI::App& app, Action& action) {
  const auto names = std::make_shared<std::vector<std::string>>();
  CLI::App& remove = *app.add_subcommand("remove", "Takes models out of the cache");
  AddExamples(remove, {"baryon remove resnet50_v2"});
  remove.add_option("NAME", *names, "As baryon list shows it; repeatable")->required();
  remove.callback([names, &action] { action = [names] { return RunRemove(*names); }; });
}

}  // namespace baryon
