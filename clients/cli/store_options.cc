#include "clients/cli/store_options.h"

#include "CLI/CLI.hpp"
#include "clients/cli/model_path.h"
#include "clients/cli/progress.h"

namespace baryon {

void AddZooOptions(CLI::App& command, store::PullOptions& options) {
  command
      .add_option("--from", options.from,
                  "Zoo: address or folder with a zoo.json or MXNet's layout, or of one .zip or .params; "
                  "MXNET_GLUON_REPO, or MXNet's own, without")
      ->type_name("ADDRESS");
  command.add_flag("--offline", options.fetch.offline, "Asks no network: only what is on this machine");
}

void AddRepositoryOption(CLI::App& command, std::string& repository) {
  command
      .add_option("--repository", repository, "Puts the model there, as its next version, rather than into the cache")
      ->type_name("DIR");
}

store::ModelRoot RootFor(const std::string& repository) {
  return repository.empty() ? store::ModelRoot{CacheFolder()} : store::ModelRoot{repository, /*versioned=*/true};
}

store::Watcher WatchBy(Progress& progress) {
  const auto bytes = [&progress](int64_t done, int64_t total) {
    progress.UpdateBytes(done, total);
    return absl::OkStatus();
  };
  return {[&progress](const std::string& step) { progress.Step(step); }, bytes};
}

}  // namespace baryon
