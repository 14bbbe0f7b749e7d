#include "engine/store/provenance.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"
#include "engine/io/json.h"
#include "engine/store/digest.h"
#include "engine/store/member_rules.h"

namespace baryon::store {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMostBytes = 4 << 20;

std::string PathIn(const std::string& folder, const std::string& name) { return absl::StrCat(folder, "/", name); }

// The files in `folder`, which has no folders in it, but for the provenance.
absl::StatusOr<std::map<std::string, Provenance::File>> Describe(const std::string& folder) {
  std::map<std::string, Provenance::File> files;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name == kProvenanceName || !it->is_regular_file()) continue;
    BARYON_ASSIGN_OR_RETURN(std::string sha256, DigestOfFile(DigestKind::kSha256, it->path().string()));
    files[name] = {static_cast<int64_t>(it->file_size()), std::move(sha256)};
  }
  if (error) return ErrnoToStatus(error.value(), "cannot read", folder);
  return files;
}

absl::StatusOr<Provenance> Parse(const std::string& text) {
  BARYON_ASSIGN_OR_RETURN(const Json json, ParseJson(text));
  const absl::Status refusal = absl::InvalidArgumentError("expected name, source, digest, time and files");
  if (!json.is_object()) return refusal;
  Provenance result;
  for (const auto& [field, target] : {std::pair("name", &result.name),
                                      {"source", &result.source},
                                      {"digest", &result.digest},
                                      {"time", &result.time},
                                      {"architecture", &result.architecture}}) {
    const Json value = json.value(field, Json(""));
    if (!value.is_string()) return refusal;
    *target = value.get<std::string>();
  }
  const Json files = json.value("files", Json());
  if (!files.is_object()) return refusal;
  for (const auto& [name, file] : files.items()) {
    const bool sound = file.is_object() && file.value("bytes", Json()).is_number_integer() &&
                       file.value("sha256", Json()).is_string() && MemberPath(name).ok();
    if (!sound) return refusal;
    result.files[name] = {file["bytes"].get<int64_t>(), file["sha256"].get<std::string>()};
  }
  return result;
}

}  // namespace

int64_t Provenance::bytes() const {
  int64_t sum = 0;
  for (const auto& [name, file] : files) sum += file.bytes;
  return sum;
}

absl::Status WriteProvenance(const std::string& folder, Provenance provenance) {
  BARYON_ASSIGN_OR_RETURN(provenance.files, Describe(folder));
  Json json = {{"name", provenance.name},
               {"source", provenance.source},
               {"digest", provenance.digest},
               {"time", provenance.time},
               {"files", Json::object()}};
  if (!provenance.architecture.empty()) json["architecture"] = provenance.architecture;
  for (const auto& [name, file] : provenance.files) {
    json["files"][name] = {{"bytes", file.bytes}, {"sha256", file.sha256}};
  }
  constexpr int kIndent = 2;
  return WriteFileAtomically(PathIn(folder, kProvenanceName),
                             json.dump(kIndent, ' ', false, Json::error_handler_t::replace) + "\n");
}

absl::StatusOr<Provenance> ReadProvenance(const std::string& folder) {
  const std::string path = PathIn(folder, kProvenanceName);
  BARYON_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMostBytes));
  absl::StatusOr<Provenance> provenance = Parse(text);
  if (!provenance.ok()) return Annotate(provenance.status(), absl::StrCat("\"", path, "\""));
  return provenance;
}

absl::StatusOr<std::vector<std::string>> FindChanges(const std::string& folder) {
  BARYON_ASSIGN_OR_RETURN(const Provenance provenance, ReadProvenance(folder));
  std::vector<std::string> changes;
  for (const auto& [name, file] : provenance.files) {
    const absl::Status status = CheckDigest(DigestKind::kSha256, PathIn(folder, name), file.sha256);
    if (!status.ok()) changes.emplace_back(status.message());
  }
  return changes;
}

}  // namespace baryon::store
