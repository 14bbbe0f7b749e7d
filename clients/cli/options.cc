#include "clients/cli/options.h"

#include <map>

#include "CLI/CLI.hpp"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "engine/base/status_macros.h"

namespace baryon {
namespace {

// "NAME=1,2" as its two parts; the name is empty in "1,2".
std::pair<std::string, std::string> SplitShape(const std::string& text) {
  const size_t sign = text.rfind('=');
  if (sign == std::string::npos) return {"", text};
  return {text.substr(0, sign), text.substr(sign + 1)};
}

}  // namespace

void AddModelArgument(CLI::App& command, std::string& model) {
  command.add_option("MODEL", model, "A folder, a *-symbol.json, or the prefix of an export")->required();
}

void AddNumericsOption(CLI::App& command, Numerics& numerics) {
  const std::map<std::string, Numerics> names = {{"strict", Numerics::kStrict}, {"fast", Numerics::kFast}};
  command.add_option("--numerics", numerics, "How exact results are")
      ->transform(CLI::CheckedTransformer(names))
      ->option_text("strict|fast [fast]");
}

void AddShapeOption(CLI::App& command, std::vector<std::string>& shapes) {
  command.add_option("--shape", shapes, "Shape of an input, NAME=1,3,224,224; repeatable")
      ->allow_extra_args(false)
      ->check(
          [](const std::string& text) { return std::string(ParseShape(SplitShape(text).second).status().message()); });
}

absl::StatusOr<Shape> ParseShape(absl::string_view text) {
  Shape shape;
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    int64_t dim;
    if (!absl::SimpleAtoi(part, &dim) || dim < -1 || dim == 0) {
      return absl::InvalidArgumentError(absl::StrCat("expected a shape like NAME=1,3,224,224, got \"", text, "\""));
    }
    shape.Append(dim);
  }
  return shape;
}

absl::StatusOr<std::string> OnlyInput(const Signature& signature, absl::string_view what) {
  std::vector<std::string> names;
  for (const TensorSpec& spec : signature.inputs) {
    if (!spec.optional) names.push_back(spec.name);
  }
  if (names.size() == 1) return names[0];
  std::string listed;
  for (const std::string& name : names) absl::StrAppend(&listed, listed.empty() ? "" : ", ", "\"", name, "\"");
  return absl::InvalidArgumentError(absl::StrCat(what, ": expected NAME= in front, the inputs are ", listed));
}

absl::StatusOr<std::vector<TensorSpec>> ShapeHints(const std::vector<std::string>& shapes, const Signature& signature) {
  std::vector<TensorSpec> hints;
  for (const std::string& text : shapes) {
    TensorSpec hint;
    const auto [name, shape] = SplitShape(text);
    hint.name = name;
    if (name.empty()) {
      BARYON_ASSIGN_OR_RETURN(hint.name, OnlyInput(signature, text));
    }
    BARYON_ASSIGN_OR_RETURN(hint.type.shape, ParseShape(shape));
    bool known = false;
    for (const TensorSpec& spec : signature.inputs) known = known || spec.name == hint.name;
    if (!known) return absl::InvalidArgumentError(absl::StrCat("no input is called \"", hint.name, "\""));
    hints.push_back(std::move(hint));
  }
  return hints;
}

}  // namespace baryon
