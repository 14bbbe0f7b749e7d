#include "server/models/uploaded_model.h"

#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"
#include "engine/io/model_files.h"
#include "server/models/model_repository.h"
#include "server/quote.h"

namespace baryon {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostFiles = 1000, kMostNameBytes = 255;

bool IsFileName(absl::string_view name) {
  const auto plain = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("_-.", absl::string_view(&c, 1));
  };
  return !name.empty() && name.size() <= kMostNameBytes && name[0] != '.' &&
         std::all_of(name.begin(), name.end(), plain);
}

absl::Status CheckPaths(const std::vector<UploadedFile>& files) {
  if (files.empty() || files.size() > kMostFiles) {
    return absl::InvalidArgumentError(absl::StrCat("expected 1 to ", kMostFiles, " files, got ", files.size()));
  }
  std::set<std::string> paths;
  for (const UploadedFile& file : files) {
    const std::vector<absl::string_view> parts = absl::StrSplit(file.path, '/');
    const bool sound =
        IsFileName(parts.back()) && (parts.size() == 1 || (parts.size() == 2 && ParseVersion(parts[0]).has_value()));
    if (!sound) {
      return absl::InvalidArgumentError(absl::StrCat("file ", Quote(file.path), ": expected VERSION/NAME or NAME"));
    }
    if (!paths.insert(absl::AsciiStrToLower(file.path)).second) {
      return absl::InvalidArgumentError(absl::StrCat("file ", Quote(file.path), ": it is there twice"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<const UploadedModel>> UploadedModel::Store(const std::string& name,
                                                                          const std::vector<UploadedFile>& files) {
  if (!IsModelName(name)) {
    return absl::InvalidArgumentError(absl::StrCat("model ", Quote(name), ": expected the name of a model"));
  }
  BARYON_RETURN_IF_ERROR(CheckPaths(files));
  std::error_code error;
  std::string root = (fs::temp_directory_path(error) / "baryon-upload-XXXXXX").string();
  if (error || mkdtemp(root.data()) == nullptr) {
    return absl::UnavailableError(absl::StrCat("cannot make a folder for uploaded models, ", Quote(root), ": ",
                                               error ? error.message() : std::strerror(errno)));
  }
  std::shared_ptr<const UploadedModel> model(new UploadedModel(std::move(root), name));
  for (const UploadedFile& file : files) {
    const fs::path path = fs::path(model->path()) / file.path;
    fs::create_directories(path.parent_path(), error);
    BARYON_RETURN_IF_ERROR(WriteFileAtomically(path.string(), file.contents));
  }
  return model;
}

UploadedModel::~UploadedModel() {
  std::error_code ignored;
  fs::remove_all(root_, ignored);
}

}  // namespace baryon
