#include "clients/cli/model_path.h"

#include <filesystem>
#include <optional>

#include "absl/strings/str_cat.h"
#include "engine/zoo/zoo.h"

namespace baryon {
namespace {

namespace fs = std::filesystem;

bool Exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

}  // namespace

absl::StatusOr<std::string> LocateModel(const std::string& model) {
  if (Exists(model) || Exists(absl::StrCat(model, "-symbol.json"))) return model;
  const std::optional<std::string> network = zoo::NetworkName(model);
  if (!network.has_value()) return model;  // for FindModelFiles to complain about
  std::string folder = (fs::path(CacheFolder()) / *network).string();
  if (Exists(folder)) return folder;
  return absl::NotFoundError(absl::StrCat("\"", model, "\": expected a folder, a *-symbol.json, the prefix of one or ",
                                          "a network of the zoo in the cache, got a network that is not in \"",
                                          CacheFolder(), "\""));
}

}  // namespace baryon
