#include "tests/support/golden.h"

#include <archive.h>
#include <archive_entry.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "engine/base/check.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

void Unpack(const std::string& zip, const std::filesystem::path& target) {
  archive* reader = archive_read_new();
  archive_read_support_format_zip(reader);
  if (archive_read_open_filename(reader, zip.c_str(), 1 << 16) != ARCHIVE_OK) {
    std::fprintf(stderr, "no golden archive %s\n", zip.c_str());
    std::abort();
  }
  archive_entry* entry;
  while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
    const std::filesystem::path path = target / archive_entry_pathname(entry);
    std::filesystem::create_directories(path.parent_path());
    std::string contents(archive_entry_size(entry), '\0');
    BARYON_CHECK(archive_read_data(reader, contents.data(), contents.size()) == static_cast<ssize_t>(contents.size()));
    std::ofstream(path, std::ios::binary) << contents;
  }
  archive_read_free(reader);
}

}  // namespace

std::string GoldenFolder(const std::string& name) {
  static std::map<std::string, std::string>* folders = new std::map<std::string, std::string>;
  std::string& folder = (*folders)[name];
  if (folder.empty()) {
    const std::filesystem::path target = std::filesystem::path(testing::TempDir()) / "golden";
    Unpack("tests/golden/" + name + ".zip", target);
    folder = (target / name).string();
  }
  return folder;
}

}  // namespace baryon
