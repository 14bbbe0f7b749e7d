// baryon list: the models in the cache, or those a zoo offers.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "clients/cli/command.h"
#include "clients/cli/options.h"
#include "clients/cli/store_options.h"
#include "engine/base/status_macros.h"
#include "engine/store/pull.h"

namespace baryon {
namespace {

struct ListCommand {
  bool remote = false;
  std::string repository;
  store::PullOptions options;
};

using Row = std::vector<std::string>;

// Columns as wide as their longest cell; nothing behind the last one.
void PrintTable(const std::vector<Row>& rows) {
  std::vector<size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const Row& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      absl::StrAppend(&line, row[i], i + 1 < row.size() ? std::string(widths[i] + 2 - row[i].size(), ' ') : "");
    }
    std::printf("%s\n", line.c_str());
  }
}

absl::Status ListRemote(const ListCommand& command) {
  BARYON_ASSIGN_OR_RETURN(const std::vector<store::OfferedModel> offered, store::ListOffered(command.options));
  constexpr size_t kShownDigits = 8;
  std::vector<Row> rows;
  for (const store::OfferedModel& model : offered) {
    const bool says_more = !model.architecture.empty() && model.architecture != model.name;
    Row row = {model.name, model.digest.substr(0, kShownDigits)};
    if (says_more) row.push_back(model.architecture);
    rows.push_back(std::move(row));
  }
  PrintTable(rows);
  return absl::OkStatus();
}

absl::Status ListLocal(const ListCommand& command) {
  constexpr double kMega = 1e6;
  std::vector<Row> rows;
  for (const store::InstalledModel& model : store::ListInstalled(RootFor(command.repository))) {
    const auto& provenance = model.provenance;
    rows.push_back(
        {model.name,
         provenance.has_value() ? absl::StrFormat("%.1f MB", static_cast<double>(provenance->bytes()) / kMega) : "-",
         provenance.has_value() ? provenance->source : model.folder});
  }
  PrintTable(rows);
  return absl::OkStatus();
}

}  // namespace

void AddList(CLI::App& app, Action& action) {
  const auto command = std::make_shared<ListCommand>();
  CLI::App& list = *app.add_subcommand("list", "Models in the cache, with size and source; or what a zoo offers");
  AddExamples(list, {"baryon list", "baryon list --remote --from https://models.example.org/"});
  list.add_flag("--remote", command->remote, "What the zoo offers: name, beginning of its hash, architecture");
  AddZooOptions(list, command->options);
  list.add_option("--repository", command->repository, "Lists this folder rather than the cache")->type_name("DIR");
  list.callback([command, &action] {
    action = [command] { return command->remote ? ListRemote(*command) : ListLocal(*command); };
  });
}

}  // namespace baryon
