#include "tests/support/golden.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

#include "absl/status/status.h"
#include "engine/base/check.h"
#include "engine/base/status_macros.h"
#include "engine/io/zip_file.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

absl::Status Unpack(const std::string& archive, const std::filesystem::path& target) {
  BARYON_ASSIGN_OR_RETURN(const std::unique_ptr<const ZipFile> zip, ZipFile::Open(archive));
  for (size_t i = 0; i < zip->members().size(); ++i) {
    const std::string& name = zip->members()[i].name;
    if (name.back() == '/') continue;
    const std::filesystem::path path = target / name;
    std::filesystem::create_directories(path.parent_path());
    BARYON_ASSIGN_OR_RETURN(const std::unique_ptr<ZipSource> source, zip->OpenMember(i));
    std::string contents(source->size(), '\0');
    BARYON_RETURN_IF_ERROR(source->Read(source->size(), contents.data()));
    BARYON_RETURN_IF_ERROR(source->Finish());
    std::ofstream(path, std::ios::binary) << contents;
  }
  return absl::OkStatus();
}

}  // namespace

std::string GoldenFolder(const std::string& name) {
  static std::map<std::string, std::string>* folders = new std::map<std::string, std::string>;
  std::string& folder = (*folders)[name];
  if (folder.empty()) {
    const std::filesystem::path target = std::filesystem::path(testing::TempDir()) / "golden";
    const absl::Status status = Unpack("tests/golden/" + name + ".zip", target);
    if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
    BARYON_CHECK(status.ok());
    folder = (target / name).string();
  }
  return folder;
}

}  // namespace baryon
