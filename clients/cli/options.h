// Options that several commands have.
#ifndef BARYON_CLIENTS_CLI_OPTIONS_H_
#define BARYON_CLIENTS_CLI_OPTIONS_H_

#include <map>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "engine/runtime/compile.h"
#include "engine/runtime/signature.h"

namespace baryon {

// What a newcomer can type, from the root of the project: shown below the options, and in the manual.
void AddExamples(CLI::App& command, const std::vector<std::string>& lines);

// MODEL, as LocateModel takes it.
void AddModelArgument(CLI::App& command, std::string& model);

// Where measurements are kept: the folder "costs" of the cache, or "" (nowhere) when there is no home to have a cache
// in.
std::string CostFolder();

// --numerics strict|fast, --tune, and --disable-pass NAME, repeatable.
void AddCompileOptions(CLI::App& command, CompileOptions& compile);

// `name` VALUE, where VALUE is one of the keys of `choices`; help shows them, and `target`'s own as what stands
// without.
template <typename T>
void AddChoice(CLI::App& command, const std::string& name, std::map<std::string, T> choices, T& target,
               const std::string& help);

// --input [NAME=]FILE, repeatable.
CLI::Option* AddInputOption(CLI::App& command, std::vector<std::string>& inputs);

// --output FILE and --top COUNT.
void AddOutputOptions(CLI::App& command, std::string& output, int& top);

// --shape NAME=1,3,224,224, repeatable; a malformed one is wrong usage.
void AddShapeOption(CLI::App& command, std::vector<std::string>& shapes);

// "1,3,224,224" as a shape; -1 leaves a dimension open.
absl::StatusOr<Shape> ParseShape(absl::string_view text);

// Values of --shape as hints for GuessInputTypes. The only input of a model needs no name. Errors: INVALID_ARGUMENT,
// the model has no such input.
absl::StatusOr<std::vector<TensorSpec>> ShapeHints(const std::vector<std::string>& shapes, const Signature& signature);

// The name of the only input that is not a label, or an error that lists what there is. `what` is in need of a name.
absl::StatusOr<std::string> OnlyInput(const Signature& signature, absl::string_view what);

// --- Implementation

template <typename T>
void AddChoice(CLI::App& command, const std::string& name, std::map<std::string, T> choices, T& target,
               const std::string& help) {
  std::string listed, otherwise;
  for (const auto& [text, value] : choices) {
    absl::StrAppend(&listed, listed.empty() ? "" : "|", text);
    if (value == target) otherwise = text;
  }
  const auto choose = [name, choices = std::move(choices), listed, &target](const std::string& text) {
    const auto choice = choices.find(text);
    if (choice == choices.end()) throw CLI::ValidationError(name, absl::StrCat("expected ", listed, ", got ", text));
    target = choice->second;
  };
  command.add_option_function<std::string>(name, choose, help)->option_text(absl::StrCat(listed, " [", otherwise, "]"));
}

}  // namespace baryon

#endif  // BARYON_CLIENTS_CLI_OPTIONS_H_
