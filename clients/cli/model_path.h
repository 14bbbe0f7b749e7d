// MODEL as a user types it.
#ifndef BARYON_CLIENTS_CLI_MODEL_PATH_H_
#define BARYON_CLIENTS_CLI_MODEL_PATH_H_

#include <string>

#include "absl/status/statusor.h"
#include "engine/store/pull.h"
#include "engine/zoo/pretrained.h"

namespace baryon {

using zoo::CacheFolder;

// What the cache calls `model`: a network of the zoo in either spelling (mobilenetv2_1.0, mobilenet_v2_1_0) by the
// former, anything else as it is.
std::string CacheName(const std::string& model);

// Where FindModelFiles finds `model`: in itself when there is such a folder, file or prefix; else, when it names a
// network of the zoo or another model in the cache, the folder there. Errors: NOT_FOUND, the network is not in the
// cache.
absl::StatusOr<std::string> LocateModel(const std::string& model);

// The same, but a name that is nowhere is pulled into the cache first. Errors: those of store::Pull.
absl::StatusOr<std::string> LocateOrPull(const std::string& model, const store::PullOptions& options);

}  // namespace baryon

#endif  // BARYON_CLIENTS_CLI_MODEL_PATH_H_
