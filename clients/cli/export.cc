// baryon export: a network of the zoo as files.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/match.h"
#include "clients/cli/command.h"
#include "clients/cli/options.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"
#include "engine/store/model_folder.h"
#include "engine/zoo/zoo.h"

namespace baryon {
namespace {

struct ExportOptions {
  std::string name, output;
  int64_t classes = 1000;
  uint64_t seed = 0;
};

// Writes preprocess.json beside the export, where there is none yet and it cannot be taken for that of another model.
absl::Status WritePreprocess(const ExportOptions& options) {
  const std::filesystem::path folder = std::filesystem::path(options.output).parent_path();
  const std::string target = (folder / "preprocess.json").string();
  std::error_code error;
  int symbols = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.empty() ? "." : folder, error)) {
    if (absl::EndsWith(entry.path().string(), "-symbol.json")) ++symbols;
  }
  if (error || symbols > 1 || std::filesystem::exists(target, error)) return absl::OkStatus();
  BARYON_ASSIGN_OR_RETURN(const std::string text, store::ZooPreprocess(options.name));
  return WriteFileAtomically(target, text);
}

absl::Status Export(const ExportOptions& options) {
  BARYON_ASSIGN_OR_RETURN(const zoo::Network network, zoo::MakeNetwork(options.name, options.classes));
  BARYON_RETURN_IF_ERROR(zoo::ExportNetwork(network, options.seed, options.output));
  BARYON_RETURN_IF_ERROR(WritePreprocess(options));
  std::printf("wrote %s-symbol.json and %s-0000.params\n", options.output.c_str(), options.output.c_str());
  return absl::OkStatus();
}

}  // namespace

void AddExport(CLI::App& app, Action& action) {
  constexpr int64_t kMostClasses = int64_t{1} << 20;
  const auto options = std::make_shared<ExportOptions>();
  CLI::App& command = *app.add_subcommand("export", "Writes a zoo network with seeded weights, readable by MXNet 1.x");
  AddExamples(command, {"baryon export mobilenet0.25 --output mobilenet0.25"});
  command.add_option("ZOO_NAME", options->name, "As Gluon's get_model takes it: resnet50_v2")->required();
  command.add_option("--output", options->output, "Writes PREFIX-symbol.json and PREFIX-0000.params")
      ->required()
      ->type_name("PREFIX");
  command.add_option("--classes", options->classes, "Number of classes")
      ->capture_default_str()
      ->check(CLI::Range(int64_t{1}, kMostClasses));
  command.add_option("--seed", options->seed, "Other seeds give other weights")->capture_default_str();
  command.callback([options, &action] { action = [options] { return Export(*options); }; });
}

}  // namespace baryon
