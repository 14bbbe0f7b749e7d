// A folder for the files of one test.
#ifndef BARYON_SERVER_TESTING_TEMP_FOLDER_H_
#define BARYON_SERVER_TESTING_TEMP_FOLDER_H_

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace baryon {

// Empty at first; its files go with it. One thread.
class TempFolder {
 public:
  TempFolder() {
    static int count = 0;
    root_ = std::filesystem::path(testing::TempDir()) / absl::StrCat("folder", ++count);
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
  }
  ~TempFolder() { std::filesystem::remove_all(root_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  std::string path(const std::string& name = "") const {
    return name.empty() ? root_.string() : (root_ / name).string();
  }

  // Makes the file `name`, "a/1/b.txt", and the folders it lies in.
  void Write(const std::string& name, const std::string& contents) {
    std::filesystem::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name, std::ios::binary) << contents;
  }
  void Remove(const std::string& name) { std::filesystem::remove_all(root_ / name); }

 private:
  std::filesystem::path root_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_TESTING_TEMP_FOLDER_H_
