#include "clients/cli/model_path.h"

#include <filesystem>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/cli/progress.h"
#include "clients/cli/store_options.h"
#include "engine/base/status_macros.h"
#include "engine/io/model_name.h"
#include "engine/zoo/zoo.h"

namespace baryon {
namespace {

namespace fs = std::filesystem;

bool Exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// A folder, a file, or the prefix of an export.
bool IsInItself(const std::string& model) { return Exists(model) || Exists(absl::StrCat(model, "-symbol.json")); }

}  // namespace

std::string CacheName(const std::string& model) { return zoo::NetworkName(model).value_or(model); }

absl::StatusOr<std::string> LocateModel(const std::string& model) {
  if (IsInItself(model)) return model;
  const std::string name = CacheName(model);
  std::string folder = (fs::path(CacheFolder()) / name).string();
  if (CheckModelName(name).ok() && Exists(folder)) return folder;
  if (!zoo::NetworkName(model).has_value()) return model;  // for FindModelFiles to complain about
  return absl::NotFoundError(absl::StrCat("\"", model, "\": expected a folder, a *-symbol.json, the prefix of one or ",
                                          "a network of the zoo in the cache, got a network that is not in \"",
                                          CacheFolder(), "\"; baryon pull ", name, " fetches it"));
}

absl::StatusOr<std::string> LocateOrPull(const std::string& model, const store::PullOptions& options) {
  const absl::StatusOr<std::string> located = LocateModel(model);
  if (located.ok() && (*located != model || IsInItself(model))) return located;
  if (!CheckModelName(model).ok()) return located;  // a path
  Progress progress;
  BARYON_ASSIGN_OR_RETURN(store::PulledModel pulled, store::Pull(model, RootFor(""), options, WatchBy(progress)));
  return std::move(pulled.folder);
}

}  // namespace baryon
