// What the commands that deal with zoos and the cache have in common.
#ifndef BARYON_CLIENTS_CLI_STORE_OPTIONS_H_
#define BARYON_CLIENTS_CLI_STORE_OPTIONS_H_

#include <string>

#include "engine/store/installation.h"
#include "engine/store/pull.h"

namespace CLI {
class App;
}  // namespace CLI

namespace baryon {

class Progress;

// --from ADDRESS and --offline.
void AddZooOptions(CLI::App& command, store::PullOptions& options);

// --repository DIR; empty: the cache.
void AddRepositoryOption(CLI::App& command, std::string& repository);

// Where models go: into `repository`, else into the cache.
store::ModelRoot RootFor(const std::string& repository);

// Shows steps and transfers. `progress` outlives the result.
store::Watcher WatchBy(Progress& progress);

}  // namespace baryon

#endif  // BARYON_CLIENTS_CLI_STORE_OPTIONS_H_
