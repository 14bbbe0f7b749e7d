#include "engine/store/pull.h"

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "engine/base/status_macros.h"
#include "engine/store/address.h"
#include "engine/store/archive.h"
#include "engine/store/digest.h"
#include "engine/store/model_folder.h"
#include "engine/store/zoo_index.h"

namespace baryon::store {
namespace {

constexpr char kParams[] = ".params";

// A file of the zoo and what is known of it.
struct Source {
  std::string name;     // of the model it becomes
  std::string address;  // of the file
  std::string digest;
  DigestKind kind;
  bool digest_is_of_params;         // rather than of the file
  ModelParts parts;                 // without paths
  std::string labels_address = {};  // of a file with them; empty: `parts` has what there is
};

// The index of the zoo at `folder`. Nothing when there is none: MXNet's own layout, or a store that does not say of a
// file it lacks whether it is missing or secret.
absl::StatusOr<std::optional<std::vector<ZooEntry>>> ReadIndex(const std::string& folder, const FetchOptions& fetch) {
  std::optional<std::vector<ZooEntry>> none;
  if (folder == kPublicStore) return none;
  BARYON_ASSIGN_OR_RETURN(const std::string address, Below(folder, kIndexName));
  const absl::StatusOr<std::string> text = FetchBytes(address, kMostIndexBytes, fetch);
  if (absl::IsNotFound(text.status()) || absl::IsPermissionDenied(text.status())) return none;
  if (!text.ok()) return text.status();
  absl::StatusOr<std::vector<ZooEntry>> entries = ParseZooIndex(*text);
  if (!entries.ok()) return Annotate(entries.status(), WithoutSecrets(address));
  return std::optional(*std::move(entries));
}

Source OfPublished(const PublishedFile& file, std::string name, std::string address) {
  Source source{std::move(name), std::move(address), std::string(file.sha1), DigestKind::kSha1, true, {}};
  source.parts.architecture = std::string(file.name);
  return source;
}

absl::StatusOr<Source> OfEntry(const ZooEntry& entry, const std::string& folder) {
  BARYON_ASSIGN_OR_RETURN(std::string address, Below(folder, entry.file));
  Source source{entry.name, std::move(address), entry.sha256, DigestKind::kSha256, false, {}};
  source.parts.architecture = entry.architecture;
  source.parts.classes = entry.classes;
  source.parts.labels = entry.labels;
  source.parts.preprocess = entry.preprocess;
  if (!entry.labels_file.empty()) {
    BARYON_ASSIGN_OR_RETURN(source.labels_address, Below(folder, entry.labels_file));
  }
  return source;
}

absl::Status NotOffered(const std::string& name, const std::vector<ZooEntry>& entries, const std::string& folder) {
  std::vector<std::string> names;
  for (const ZooEntry& entry : entries) names.push_back(entry.name);
  return absl::NotFoundError(absl::StrCat("the zoo ", WithoutSecrets(folder), " has no model \"", name,
                                          "\"; there are ", absl::StrJoin(names, ", ")));
}

absl::StatusOr<Source> Locate(const std::string& name, const PullOptions& options) {
  BARYON_ASSIGN_OR_RETURN(const std::string from, ParseAddress(options.from));
  const absl::StatusOr<PublishedFile> published = FindPublished(name, options.published);
  // As the user names it: a tag stands for another file, so for another model.
  const auto model_name = [&] {
    return published->release == Release::kCurrent ? std::string(published->name) : published->stem();
  };
  const std::string file = FileNameOf(from);
  if (absl::EndsWith(file, ".zip") || absl::EndsWith(file, kParams)) {
    if (!published.ok()) return published.status();
    return OfPublished(*published, model_name(), from);
  }
  const std::string folder = AsFolder(from);
  BARYON_ASSIGN_OR_RETURN(const auto index, ReadIndex(folder, options.fetch));
  if (index.has_value()) {
    for (const ZooEntry& entry : *index) {
      if (entry.name == name) return OfEntry(entry, folder);
    }
  }
  if (!published.ok()) return index.has_value() ? NotOffered(name, *index, folder) : published.status();
  BARYON_ASSIGN_OR_RETURN(std::string address, Below(folder, absl::StrCat("gluon/models/", published->stem(), ".zip")));
  return OfPublished(*published, model_name(), std::move(address));
}

// The labels in the file that the index names.
absl::StatusOr<std::vector<std::string>> FetchLabels(const std::string& address, const FetchOptions& fetch) {
  constexpr int64_t kMostLabelBytes = 16 << 20;
  BARYON_ASSIGN_OR_RETURN(const std::string text, FetchBytes(address, kMostLabelBytes, fetch));
  if (text.empty() || absl::StrContains(text, '\0')) {
    return absl::InvalidArgumentError(absl::StrCat(WithoutSecrets(address), ": expected a label a line, got ",
                                                   text.empty() ? "an empty file" : "a file that is no text"));
  }
  return SplitLabels(text);
}

// The parts in what was fetched, its digest checked.
absl::StatusOr<ModelParts> Unpack(const Source& source, const std::string& file, const Installation& installation) {
  const auto check = [&](const std::string& path) { return CheckDigest(source.kind, path, source.digest); };
  if (!source.digest_is_of_params) BARYON_RETURN_IF_ERROR(check(file));
  ModelParts parts;
  if (absl::EndsWith(FileNameOf(source.address), kParams)) {
    parts.params = file;
  } else {
    BARYON_ASSIGN_OR_RETURN(const std::string folder, installation.MakeFolder("unpacked"));
    BARYON_RETURN_IF_ERROR(ExtractArchive(file, folder).status());
    BARYON_ASSIGN_OR_RETURN(parts, FindModelParts(folder));
  }
  if (source.digest_is_of_params) {
    BARYON_RETURN_IF_ERROR(check(parts.params));
    parts.symbol = "";  // the published digest says nothing of one
  }
  parts.architecture = source.parts.architecture;
  parts.classes = source.parts.classes;
  if (!source.parts.labels.empty()) parts.labels = source.parts.labels;
  if (!source.parts.preprocess.empty()) parts.preprocess = source.parts.preprocess;
  if (parts.symbol.empty() && parts.architecture.empty()) {
    return absl::InvalidArgumentError("expected a symbol, or an \"architecture\" in zoo.json, got neither");
  }
  return parts;
}

Provenance RecordOf(const Source& source, const ModelParts& parts) {
  Provenance provenance;
  provenance.name = source.name;
  provenance.source = WithoutSecrets(source.address);
  provenance.digest = source.digest;
  if (parts.symbol.empty()) provenance.architecture = parts.architecture;
  provenance.time = absl::FormatTime(absl::RFC3339_sec, absl::Now(), absl::UTCTimeZone());
  return provenance;
}

// What there is when nobody can be asked.
absl::StatusOr<PulledModel> FindOffline(const std::string& name, const ModelRoot& root) {
  const absl::StatusOr<PublishedFile> published = FindPublished(name);
  const std::string model =
      published.ok() && published->release == Release::kCurrent ? std::string(published->name) : name;
  for (const InstalledModel& installed : ListInstalled(root)) {
    if (installed.name == model) return PulledModel{installed.folder, true};
  }
  return absl::FailedPreconditionError(
      absl::StrCat("model \"", model, "\" is not in \"", root.path, "\", and --offline keeps from asking for it"));
}

// Fetches, unpacks and installs what nobody has installed yet.
absl::StatusOr<std::string> Install(Source source, const Installation& installation, const FetchOptions& fetch,
                                    const Watcher& watcher) {
  const auto step = [&](absl::string_view text) {
    if (watcher.step) watcher.step(absl::StrCat(text, " ", source.name));
  };
  step("fetching");
  if (!source.labels_address.empty()) {
    BARYON_ASSIGN_OR_RETURN(source.parts.labels, FetchLabels(source.labels_address, fetch));
  }
  FetchOptions watched = fetch;
  watched.progress = watcher.bytes;
  const std::string file = installation.download();
  BARYON_RETURN_IF_ERROR(FetchFile(source.address, file, watched));
  step("checking");
  const auto use = [&]() -> absl::StatusOr<std::string> {
    BARYON_ASSIGN_OR_RETURN(const ModelParts parts, Unpack(source, file, installation));
    return installation.Finish(parts, RecordOf(source, parts));
  };
  absl::StatusOr<std::string> folder = use();
  // Sound, it is not needed any more; otherwise the next pull shall not find it.
  ForgetFetched(file);
  return folder;
}

}  // namespace

std::string DefaultZoo() {
  const char* const base = std::getenv("MXNET_GLUON_REPO");
  return base == nullptr || *base == '\0' ? kPublicStore : base;
}

absl::StatusOr<PulledModel> Pull(const std::string& name, const ModelRoot& root, const PullOptions& options,
                                 const Watcher& watcher) {
  if (options.fetch.offline && !IsFileAddress(ParseAddress(options.from).value_or(""))) return FindOffline(name, root);
  BARYON_ASSIGN_OR_RETURN(const Source source, Locate(name, options));
  const auto installed = [&] { return FindInstalled(root, source.name, source.digest); };
  // Before the lock: a cache that cannot be written to can be read.
  if (const std::optional<std::string> folder = installed(); folder.has_value()) return PulledModel{*folder, true};
  BARYON_ASSIGN_OR_RETURN(const Installation installation, Installation::Begin(root, source.name, watcher));
  if (const std::optional<std::string> folder = installed(); folder.has_value()) return PulledModel{*folder, true};
  absl::StatusOr<std::string> folder = Install(source, installation, options.fetch, watcher);
  if (!folder.ok()) return Annotate(folder.status(), absl::StrCat("pulling \"", source.name, "\""));
  return PulledModel{*std::move(folder), false};
}

absl::StatusOr<std::vector<OfferedModel>> ListOffered(const PullOptions& options) {
  BARYON_ASSIGN_OR_RETURN(const std::string from, ParseAddress(options.from));
  BARYON_ASSIGN_OR_RETURN(const auto index, ReadIndex(AsFolder(from), options.fetch));
  std::vector<OfferedModel> offered;
  if (index.has_value()) {
    for (const ZooEntry& entry : *index) offered.push_back({entry.name, entry.architecture, entry.sha256});
    return offered;
  }
  for (const PublishedFile& file : options.published) {
    if (file.release != Release::kCurrent) continue;
    offered.push_back({std::string(file.name), std::string(file.name), std::string(file.sha1)});
  }
  return offered;
}

}  // namespace baryon::store
