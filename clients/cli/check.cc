// baryon check: whether a model can be loaded, and if not, everything that stands against it.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "clients/cli/command.h"
#include "clients/cli/model_path.h"
#include "clients/cli/options.h"
#include "engine/base/status_macros.h"
#include "engine/load_model.h"

namespace baryon {
namespace {

void AppendAll(absl::string_view what, const std::vector<std::string>& items, std::string& text) {
  for (const std::string& item : items) absl::StrAppend(&text, what, item, "\n");
}

std::string FormatReport(const ModelReport& report) {
  std::string text;
  for (const auto& [op, nodes] : report.unknown_operators) {
    absl::StrAppend(&text, "operator not supported: ", op, " (", absl::StrJoin(nodes, ", "), ")\n");
  }
  AppendAll("parameter missing: ", report.missing_parameters, text);
  AppendAll("wrong shape: ", report.wrong_shapes, text);
  AppendAll("", report.other, text);
  AppendAll("parameter without use: ", report.extra_parameters, text);
  return text;
}

size_t NumProblems(const ModelReport& report) {
  return report.unknown_operators.size() + report.missing_parameters.size() + report.wrong_shapes.size() +
         report.other.size();
}

absl::Status Check(const std::string& model) {
  BARYON_ASSIGN_OR_RETURN(const std::string path, LocateModel(model));
  BARYON_ASSIGN_OR_RETURN(const ModelFiles files, FindModelFiles(path));
  BARYON_ASSIGN_OR_RETURN(const ModelReport report, CheckModel(files));
  std::fputs(FormatReport(report).c_str(), stdout);
  if (!report.can_be_loaded()) {
    const size_t problems = NumProblems(report);
    return absl::FailedPreconditionError(absl::StrCat("model \"", files.name, "\" cannot be loaded: ", problems,
                                                      problems == 1 ? " problem" : " problems"));
  }
  std::printf("model \"%s\" can be loaded\n", files.name.c_str());
  return absl::OkStatus();
}

}  // namespace

void AddCheck(CLI::App& app, Action& action) {
  const auto model = std::make_shared<std::string>();
  CLI::App& command = *app.add_subcommand("check", "Says whether a model can be loaded, and why not");
  AddExamples(command, {"baryon check deploy/demo/repository/digits"});
  AddModelArgument(command, *model);
  command.callback([model, &action] { action = [model] { return Check(*model); }; });
}

}  // namespace baryon
