// Options that several commands have.
#ifndef BARYON_CLIENTS_CLI_OPTIONS_H_
#define BARYON_CLIENTS_CLI_OPTIONS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/runtime/compile.h"
#include "engine/runtime/signature.h"

namespace CLI {
class App;
}  // namespace CLI

namespace baryon {

// MODEL, a folder, symbol file or export prefix.
void AddModelArgument(CLI::App& command, std::string& model);

// --numerics strict|fast.
void AddNumericsOption(CLI::App& command, Numerics& numerics);

// --shape NAME=1,3,224,224, repeatable; a malformed one is wrong usage.
void AddShapeOption(CLI::App& command, std::vector<std::string>& shapes);

// "1,3,224,224" as a shape; -1 leaves a dimension open.
absl::StatusOr<Shape> ParseShape(absl::string_view text);

// Values of --shape as hints for GuessInputTypes. The only input of a model needs no name. Errors: INVALID_ARGUMENT,
// the model has no such input.
absl::StatusOr<std::vector<TensorSpec>> ShapeHints(const std::vector<std::string>& shapes, const Signature& signature);

// The name of the only input that is not a label, or an error that lists what there is. `what` is in need of a name.
absl::StatusOr<std::string> OnlyInput(const Signature& signature, absl::string_view what);

}  // namespace baryon

#endif  // BARYON_CLIENTS_CLI_OPTIONS_H_
