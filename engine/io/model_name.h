// Names of models.
#ifndef BARYON_ENGINE_IO_MODEL_NAME_H_
#define BARYON_ENGINE_IO_MODEL_NAME_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace baryon {

// OK for a name that may stand in requests and paths, as the server wants them: a letter, then up to 127 letters,
// digits, '_', '-' and '.', and no "..". Errors: INVALID_ARGUMENT, saying so.
absl::Status CheckModelName(absl::string_view name);

}  // namespace baryon

#endif  // BARYON_ENGINE_IO_MODEL_NAME_H_
