#include "engine/store/import.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"
#include "engine/io/model_files.h"
#include "engine/io/model_name.h"
#include "engine/store/archive.h"
#include "engine/store/archive_code.h"
#include "engine/store/digest.h"
#include "engine/zoo/zoo.h"

namespace baryon::store {
namespace {

namespace fs = std::filesystem;

bool IsFile(const std::string& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

bool IsArchive(const std::string& file) {
  return IsFile(file) && !absl::EndsWith(file, ".params") && !absl::EndsWith(file, ".json");
}

// "nets/flowers.tar.gz" → "flowers".
std::string StemOf(const std::string& file) {
  std::string name = fs::path(file).lexically_normal().filename().string();
  absl::string_view stem = name;
  for (const char* ending : {".gz", ".tar", ".tgz", ".mar", ".zip", ".params", "-symbol.json"}) {
    absl::ConsumeSuffix(&stem, ending);
  }
  return std::string(stem);
}

// The files of an export, copied: the user keeps his own.
absl::StatusOr<ModelParts> CopyParts(const ModelFiles& files, const std::string& folder) {
  const auto copy = [&](const std::string& from) {
    return CopyFile(from, absl::StrCat(folder, "/", fs::path(from).filename().string()));
  };
  BARYON_RETURN_IF_ERROR(copy(files.symbol));
  for (const std::optional<std::string>& file : {files.params, files.labels, files.preprocess}) {
    if (file.has_value()) BARYON_RETURN_IF_ERROR(copy(*file));
  }
  return FindModelParts(folder);
}

absl::StatusOr<ModelParts> PartsOfArchive(const std::string& folder, const ImportOptions& options) {
  if (!options.ignore_code) BARYON_RETURN_IF_ERROR(CheckCode(folder));
  BARYON_ASSIGN_OR_RETURN(ModelParts parts, FindModelParts(folder));
  if (parts.preprocess.empty()) {
    BARYON_ASSIGN_OR_RETURN(parts.preprocess, SignaturePreprocess(folder));
  }
  return parts;
}

absl::Status AddArchitecture(const ImportOptions& options, ModelParts& parts) {
  if (!parts.symbol.empty()) return absl::OkStatus();
  if (options.architecture.empty()) {
    return absl::InvalidArgumentError(
        "parameters without a *-symbol.json: expected --architecture, a network of the zoo");
  }
  parts.architecture = zoo::NetworkName(options.architecture).value_or(options.architecture);
  parts.classes = options.classes;
  return absl::OkStatus();
}

// What was given, opened. Its parts are in a place of their own until the name of the model is known.
struct Container {
  std::unique_ptr<FolderLock> lock;  // of that place
  std::optional<Staging> place;
  ModelParts parts;
  std::string name;    // as it calls the model
  std::string digest;  // of the file that was given
};

// One import into a root at a time. The names are none of a model.
absl::Status MakePlace(const ModelRoot& root, const Watcher& watcher, Container& container) {
  const std::string work = root.path + "/.store";
  BARYON_RETURN_IF_ERROR(MakeFolders(work));
  const auto waiting = [&] { return watcher.bytes ? watcher.bytes(0, 0) : absl::OkStatus(); };
  BARYON_ASSIGN_OR_RETURN(container.lock, FolderLock::Take(work + "/.import.lock", waiting));
  BARYON_ASSIGN_OR_RETURN(Staging place, Staging::Create(work, ".import.staging"));
  container.place.emplace(std::move(place));
  return absl::OkStatus();
}

absl::Status OpenArchive(const std::string& file, const ImportOptions& options, Container& container) {
  const std::string& place = container.place->path();
  BARYON_ASSIGN_OR_RETURN(container.digest, DigestOfFile(DigestKind::kSha256, file));
  BARYON_RETURN_IF_ERROR(ExtractArchive(file, place).status());
  BARYON_ASSIGN_OR_RETURN(container.parts, PartsOfArchive(place, options));
  BARYON_ASSIGN_OR_RETURN(const std::optional<std::string> name, ManifestName(place));
  container.name = name.value_or(StemOf(file));
  return absl::OkStatus();
}

absl::Status OpenExport(const std::string& file, Container& container) {
  BARYON_ASSIGN_OR_RETURN(const ModelFiles files, FindModelFiles(file));
  container.name = files.name;
  BARYON_ASSIGN_OR_RETURN(container.digest, DigestOfFile(DigestKind::kSha256, files.params.value_or(files.symbol)));
  BARYON_ASSIGN_OR_RETURN(container.parts, CopyParts(files, container.place->path()));
  return absl::OkStatus();
}

absl::Status OpenParams(const std::string& file, Container& container) {
  BARYON_ASSIGN_OR_RETURN(container.digest, DigestOfFile(DigestKind::kSha256, file));
  container.name = StemOf(file);
  container.parts.params = file;
  return absl::OkStatus();
}

absl::Status Open(const std::string& file, const ImportOptions& options, Container& container) {
  if (IsArchive(file)) return OpenArchive(file, options, container);
  return IsFile(file) && absl::EndsWith(file, ".params") ? OpenParams(file, container) : OpenExport(file, container);
}

}  // namespace

absl::StatusOr<ImportedModel> Import(const std::string& file, const ModelRoot& root, const ImportOptions& options,
                                     const Watcher& watcher) {
  if (watcher.step) watcher.step(absl::StrCat("importing ", file));
  const std::string context = absl::StrCat("importing \"", file, "\"");
  Container container;
  BARYON_RETURN_IF_ERROR(MakePlace(root, watcher, container));
  BARYON_RETURN_IF_ERROR(Annotate(Open(file, options, container), context));
  BARYON_RETURN_IF_ERROR(Annotate(AddArchitecture(options, container.parts), context));
  const std::string name = options.name.empty() ? container.name : options.name;
  BARYON_RETURN_IF_ERROR(Annotate(CheckModelName(name), "--name"));
  Provenance provenance{name, file, container.digest, "", "", {}};
  if (container.parts.symbol.empty()) provenance.architecture = container.parts.architecture;
  provenance.time = absl::FormatTime(absl::RFC3339_sec, absl::Now(), absl::UTCTimeZone());
  BARYON_ASSIGN_OR_RETURN(const Installation installation, Installation::Begin(root, name, watcher));
  if (const auto folder = FindInstalled(root, name, container.digest); folder.has_value()) {
    return ImportedModel{name, *folder, true};
  }
  absl::StatusOr<std::string> folder = installation.Finish(container.parts, provenance);
  if (!folder.ok()) return Annotate(folder.status(), context);
  return ImportedModel{name, *std::move(folder), false};
}

}  // namespace baryon::store
