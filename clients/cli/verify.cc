// baryon verify: whether the files in the cache are still what was pulled.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "clients/cli/command.h"
#include "clients/cli/model_path.h"
#include "clients/cli/options.h"
#include "clients/cli/store_options.h"
#include "engine/base/status_macros.h"
#include "engine/store/installation.h"
#include "engine/store/provenance.h"

namespace baryon {
namespace {

// The models called `names`; all of them when there are no names.
absl::StatusOr<std::vector<store::InstalledModel>> Choose(const std::vector<std::string>& names) {
  std::vector<store::InstalledModel> all = store::ListInstalled(RootFor(""));
  if (names.empty()) return all;
  std::vector<store::InstalledModel> chosen;
  for (const std::string& name : names) {
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const auto& model) { return model.name == CacheName(name); });
    if (found == all.end()) {
      return absl::NotFoundError(absl::StrCat("no model \"", name, "\" in \"", CacheFolder(), "\""));
    }
    chosen.push_back(*found);
  }
  return chosen;
}

absl::Status RunVerify(const std::vector<std::string>& names) {
  BARYON_ASSIGN_OR_RETURN(const std::vector<store::InstalledModel> models, Choose(names));
  std::vector<std::string> wrong;
  for (const store::InstalledModel& model : models) {
    const absl::StatusOr<std::vector<std::string>> changes = store::FindChanges(model.folder);
    const bool sound = changes.ok() && changes->empty();
    std::printf("%s: %s\n", model.name.c_str(), sound ? "as it was pulled" : "changed");
    if (!changes.ok()) wrong.emplace_back(changes.status().message());
    if (changes.ok()) wrong.insert(wrong.end(), changes->begin(), changes->end());
  }
  if (wrong.empty()) return absl::OkStatus();
  const std::string more = wrong.size() > 1 ? absl::StrCat(" and ", wrong.size() - 1, " more") : "";
  return absl::DataLossError(absl::StrCat(wrong.front(), more));
}

}  // namespace

void AddVerify(CLI::App& app, Action& action) {
  const auto names = std::make_shared<std::vector<std::string>>();
  CLI::App& verify = *app.add_subcommand("verify", "Compares the files of the cache with what was pulled");
  AddExamples(verify, {"baryon verify"});
  verify.add_option("NAME", *names, "Models to look at; all of the cache, without");
  verify.callback([names, &action] { action = [names] { return RunVerify(*names); }; });
}

}  // namespace baryon
