#include "clients/cli/options.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "engine/base/status_macros.h"
#include "engine/zoo/pretrained.h"

namespace baryon {
namespace {

// "NAME=1,2" as its two parts; the name is empty in "1,2".
std::pair<std::string, std::string> SplitShape(const std::string& text) {
  const size_t sign = text.rfind('=');
  if (sign == std::string::npos) return {"", text};
  return {text.substr(0, sign), text.substr(sign + 1)};
}

std::shared_ptr<Tuner> MakeTuner() {
  const std::string folder = CostFolder();
  return std::make_shared<Tuner>(folder.empty() ? "" : absl::StrCat(folder, "/algorithms"));
}

}  // namespace

std::string CostFolder() {
  const std::optional<std::string> cache = zoo::FindCacheFolder();
  return cache.has_value() ? absl::StrCat(*cache, "/costs") : "";
}

void AddExamples(CLI::App& command, const std::vector<std::string>& lines) {
  command.footer(absl::StrCat("Examples:\n  ", absl::StrJoin(lines, "\n  ")));
}

void AddModelArgument(CLI::App& command, std::string& model) {
  command
      .add_option("MODEL", model,
                  "A folder, a *-symbol.json, the prefix of an export, or a network of the zoo in the cache")
      ->required();
}

void AddCompileOptions(CLI::App& command, CompileOptions& compile) {
  AddChoice<Numerics>(command, "--numerics", {{"strict", Numerics::kStrict}, {"fast", Numerics::kFast}},
                      compile.numerics, "How exact results are");
  command.add_flag_callback(
      "--tune", [&compile] { compile.tuner = MakeTuner(); },
      "Chooses algorithms by timing them, once on this machine, instead of by rule");
  std::vector<std::string> passes = {"all"};
  for (const Pass& pass : Pipeline()) passes.emplace_back(pass.name);
  const auto is_pass = [passes](const std::string& name) {
    const bool known = std::find(passes.begin(), passes.end(), name) != passes.end();
    return known ? "" : absl::StrCat("expected ", absl::StrJoin(passes, ", "), ", got ", name);
  };
  command
      .add_option("--disable-pass", compile.passes.disabled, "Leaves out a graph pass, to find a wrong one; repeatable")
      ->allow_extra_args(false)
      ->check(is_pass)
      ->type_name("NAME");
}

CLI::Option* AddInputOption(CLI::App& command, std::vector<std::string>& inputs) {
  return command.add_option("--input", inputs, "[NAME=]FILE.npy, FILE.npz, or a picture (.png, .jpg); repeatable")
      ->allow_extra_args(false)
      ->type_name("FILE");
}

void AddOutputOptions(CLI::App& command, std::string& output, int& top) {
  constexpr int kMostClasses = 1 << 20;
  command.add_option("--output", output, "FILE.npz, or FILE.npy when there is one output")->type_name("FILE");
  command.add_option("--top", top, "Classes to print of a classifier")
      ->capture_default_str()
      ->check(CLI::Range(1, kMostClasses));
}

void AddShapeOption(CLI::App& command, std::vector<std::string>& shapes) {
  command.add_option("--shape", shapes, "Shape of an input, NAME=1,3,224,224; repeatable")
      ->allow_extra_args(false)
      ->check(
          [](const std::string& text) { return std::string(ParseShape(SplitShape(text).second).status().message()); })
      ->type_name("SHAPE");
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
  constexpr size_t kMostListed = 10;
  const size_t listed = std::min(names.size(), kMostListed);
  return absl::InvalidArgumentError(
      absl::StrCat(what, ": expected NAME= in front, the inputs are \"",
                   absl::StrJoin(names.begin(), names.begin() + listed, "\", \""), "\"",
                   listed < names.size() ? absl::StrCat(" and ", names.size() - listed, " more") : ""));
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
