// A folder for the files of one test.
#ifndef BARYON_ENGINE_STORE_TESTING_STORE_FIXTURE_H_
#define BARYON_ENGINE_STORE_TESTING_STORE_FIXTURE_H_

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace baryon::store {

// Each test gets an empty folder, which goes with it.
class StoreTest : public testing::Test {
 protected:
  StoreTest() {
    const testing::TestInfo& test = *testing::UnitTest::GetInstance()->current_test_info();
    folder_ = absl::StrCat(testing::TempDir(), "/", test.test_suite_name(), ".", test.name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~StoreTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
};

}  // namespace baryon::store

#endif  // BARYON_ENGINE_STORE_TESTING_STORE_FIXTURE_H_
