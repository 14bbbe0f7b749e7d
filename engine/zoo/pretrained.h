// Parameters that others have trained, as far as they are on this machine. `baryon pull NAME` fetches them, from
// MXNET_GLUON_REPO or MXNet's own store, and checks what it fetched; the library itself asks no network.
#ifndef BARYON_ENGINE_ZOO_PRETRAINED_H_
#define BARYON_ENGINE_ZOO_PRETRAINED_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/gluon/hybrid_block.h"

namespace baryon::zoo {

// The folder of the cache: $BARYON_CACHE, else ~/.cache/baryon; nothing where there is no home either. It keeps models
// of the zoo, one folder each, and what was measured on this machine.
std::optional<std::string> FindCacheFolder();

// The same, for those who cannot do without: under / where there is no home.
std::string CacheFolder();

// The parameter file of the network called `name`, as NetworkName takes it, in the folder `root`: of the model
// ROOT/NAME, or ROOT/NAME-XXXXXXXX.params, as MXNet's own cache has them. An empty root: CacheFolder(), then MXNet's
// cache, $MXNET_HOME/models or ~/.mxnet/models. Errors: NOT_FOUND, naming the folders and the command that fetches it.
absl::StatusOr<std::string> FindPretrained(absl::string_view name, const std::string& root = "");

// Gives the parameters of `net`, which GetModel made for `name` with so many classes, the values in the file `path`,
// whoever wrote it; see MatchParameters. Errors: those of reading and matching.
absl::Status LoadPretrained(absl::string_view name, int64_t classes, const std::string& path, gluon::HybridBlock& net);

}  // namespace baryon::zoo

#endif  // BARYON_ENGINE_ZOO_PRETRAINED_H_
