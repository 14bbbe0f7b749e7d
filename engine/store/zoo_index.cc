#include "engine/store/zoo_index.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/io/json.h"
#include "engine/io/model_name.h"
#include "engine/io/preprocess.h"
#include "engine/store/digest.h"
#include "engine/store/member_rules.h"
#include "engine/zoo/zoo.h"

namespace baryon::store {
namespace {

constexpr int64_t kMostClasses = int64_t{1} << 20;

std::string Shortly(const Json& json) {
  constexpr size_t kMostShown = 100;
  return json.dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, kMostShown);
}

absl::Status Refuse(absl::string_view field, absl::string_view expected, const Json& got) {
  return absl::InvalidArgumentError(absl::StrCat("\"", field, "\": expected ", expected, ", got ", Shortly(got)));
}

// The text at `field`; "" when it is left out.
absl::StatusOr<std::string> Text(const Json& entry, const char* field) {
  const auto found = entry.find(field);
  if (found == entry.end()) return std::string();
  if (!found->is_string()) return Refuse(field, "a text", *found);
  return found->get<std::string>();
}

// `text` as the path of a file below the index.
absl::StatusOr<std::string> FileBelow(absl::string_view field, const std::string& text) {
  const absl::StatusOr<std::string> path = MemberPath(text);
  if (!path.ok() || path->empty()) return Refuse(field, "a path below the index", text);
  return *path;
}

absl::Status ReadLabels(const Json& labels, ZooEntry& result) {
  if (labels.is_string()) {
    BARYON_ASSIGN_OR_RETURN(result.labels_file, FileBelow("labels", labels.get<std::string>()));
    return absl::OkStatus();
  }
  const bool sound = labels.is_array() &&
                     std::all_of(labels.begin(), labels.end(), [](const Json& label) { return label.is_string(); });
  if (!sound) return Refuse("labels", "a list of texts, or the name of a file", labels);
  result.labels = labels.get<std::vector<std::string>>();
  return absl::OkStatus();
}

absl::Status ReadArchitecture(const Json& entry, ZooEntry& result) {
  BARYON_ASSIGN_OR_RETURN(const std::string architecture, Text(entry, "architecture"));
  if (!architecture.empty()) {
    const std::optional<std::string> network = zoo::NetworkName(architecture);
    if (!network.has_value()) return Refuse("architecture", "a network of the zoo", architecture);
    result.architecture = *network;
  }
  if (!entry.contains("classes")) return absl::OkStatus();
  const Json& classes = entry["classes"];
  const bool sound =
      classes.is_number_integer() && classes.get<int64_t>() >= 1 && classes.get<int64_t>() <= kMostClasses;
  if (!sound) return Refuse("classes", absl::StrCat("1 to ", kMostClasses), classes);
  result.classes = classes.get<int64_t>();
  return absl::OkStatus();
}

absl::Status ReadExtras(const Json& entry, ZooEntry& result) {
  if (entry.contains("labels")) BARYON_RETURN_IF_ERROR(ReadLabels(entry["labels"], result));
  if (!entry.contains("preprocess")) return absl::OkStatus();
  result.preprocess = entry["preprocess"].dump(-1, ' ', true, Json::error_handler_t::replace);
  return Annotate(ParsePreprocess(result.preprocess).status(), "\"preprocess\"");
}

absl::StatusOr<ZooEntry> ReadEntry(const Json& entry) {
  ZooEntry result;
  if (!entry.is_object()) return Refuse("models", "objects", entry);
  BARYON_ASSIGN_OR_RETURN(result.name, Text(entry, "name"));
  BARYON_RETURN_IF_ERROR(Annotate(CheckModelName(result.name), "\"name\""));
  BARYON_ASSIGN_OR_RETURN(const std::string file, Text(entry, "file"));
  BARYON_ASSIGN_OR_RETURN(result.file, FileBelow("file", file));
  BARYON_ASSIGN_OR_RETURN(result.sha256, Text(entry, "sha256"));
  if (!IsDigest(DigestKind::kSha256, result.sha256)) return Refuse("sha256", "64 hexadecimal digits", result.sha256);
  absl::AsciiStrToLower(&result.sha256);
  BARYON_RETURN_IF_ERROR(ReadArchitecture(entry, result));
  BARYON_RETURN_IF_ERROR(ReadExtras(entry, result));
  return result;
}

}  // namespace

absl::StatusOr<std::vector<ZooEntry>> ParseZooIndex(absl::string_view text) {
  BARYON_ASSIGN_OR_RETURN(const Json json, ParseJson(text));
  const bool sound = json.is_object() && json.contains("models") && json["models"].is_array();
  if (!sound) return absl::InvalidArgumentError(absl::StrCat("expected {\"models\": [...]}, got ", Shortly(json)));
  std::vector<ZooEntry> entries;
  std::set<std::string> names;
  for (const Json& model : json["models"]) {
    absl::StatusOr<ZooEntry> entry = ReadEntry(model);
    if (!entry.ok()) return Annotate(entry.status(), absl::StrCat("model ", entries.size()));
    if (!names.insert(absl::AsciiStrToLower(entry->name)).second) {
      return absl::InvalidArgumentError(absl::StrCat("model \"", entry->name, "\" comes twice"));
    }
    entries.push_back(*std::move(entry));
  }
  return entries;
}

}  // namespace baryon::store
