// baryon run: one forward pass in this process.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "clients/cli/command.h"
#include "clients/cli/inputs.h"
#include "clients/cli/model_path.h"
#include "clients/cli/options.h"
#include "clients/cli/outputs.h"
#include "engine/base/status_macros.h"
#include "server/models/open_model.h"

namespace baryon {
namespace {

struct RunOptions {
  std::string model;
  std::vector<std::string> inputs;
  std::string output;
  int top = 5;
  int threads = AvailableCores();
  CompileOptions compile;
};

absl::Status Report(const RunOptions& options, const OpenedModel& model, const NamedTensors& outputs) {
  if (!options.output.empty()) return WriteOutputs(options.output, outputs);
  std::vector<Tensor> tensors;
  for (const auto& [name, tensor] : outputs) tensors.push_back(tensor);
  const bool classes = IsClassifier(model.executable->signature(), model.labels, tensors);
  const std::string text =
      classes ? FormatClasses(TopClasses(tensors[0], model.labels, options.top)) : FormatTensors(outputs);
  std::fputs(text.c_str(), stdout);
  return absl::OkStatus();
}

// Models without inputs need none; who forgot them reads what there are.
absl::Status CheckInputsNamed(const RunOptions& options, const Signature& signature) {
  std::string wanted;
  for (const TensorSpec& spec : signature.inputs) {
    if (!spec.optional) absl::StrAppend(&wanted, wanted.empty() ? "" : ", ", spec.name, " ", spec.type.ToString());
  }
  if (!options.inputs.empty() || wanted.empty()) return absl::OkStatus();
  return WrongUsage(absl::StrCat("--input is required, the model takes ", wanted));
}

absl::Status Run(const RunOptions& options) {
  BARYON_RETURN_IF_ERROR(CheckOutputPath(options.output));
  BARYON_ASSIGN_OR_RETURN(const std::string path, LocateModel(options.model));
  BARYON_ASSIGN_OR_RETURN(const ModelFiles files, FindModelFiles(path));
  ThreadPool pool(options.threads);
  BARYON_ASSIGN_OR_RETURN(const OpenedModel model, OpenModel(files, pool, options.compile));
  BARYON_RETURN_IF_ERROR(CheckInputsNamed(options, model.executable->signature()));
  BARYON_ASSIGN_OR_RETURN(const std::vector<InputFile> input_files, ReadInputs(options.inputs));
  BARYON_ASSIGN_OR_RETURN(const NamedTensors inputs, BindInputs(input_files, model));
  BARYON_ASSIGN_OR_RETURN(const NamedTensors outputs, model.executable->Run(inputs));
  return Report(options, model, outputs);
}

}  // namespace

void AddRun(CLI::App& app, Action& action) {
  const auto options = std::make_shared<RunOptions>();
  CLI::App& command = *app.add_subcommand("run", "One forward pass in this process, no server");
  AddExamples(command, {"baryon run deploy/demo/repository/digits --input deploy/demo/pictures/3.png",
                        "baryon run resnet50_v2 --input cat.jpg --top 3"});
  AddModelArgument(command, options->model);
  AddInputOption(command, options->inputs);
  AddOutputOptions(command, options->output, options->top);
  command.add_option("--threads", options->threads, "Compute threads")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  AddCompileOptions(command, options->compile);
  command.callback([options, &action] { action = [options] { return Run(*options); }; });
}

}  // namespace baryon
