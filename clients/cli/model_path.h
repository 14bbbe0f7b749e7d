// MODEL as a user types it.
#ifndef BARYON_CLIENTS_CLI_MODEL_PATH_H_
#define BARYON_CLIENTS_CLI_MODEL_PATH_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/zoo/pretrained.h"

namespace baryon {

using zoo::CacheFolder;

// Where FindModelFiles finds `model`: in itself when there is such a folder, file or prefix; else, when it names a
// network of the zoo in either spelling (mobilenetv2_1.0, mobilenet_v2_1_0), the network's folder in the cache. Errors:
// NOT_FOUND, the network is not in the cache.
absl::StatusOr<std::string> LocateModel(const std::string& model);

}  // namespace baryon

#endif  // BARYON_CLIENTS_CLI_MODEL_PATH_H_
