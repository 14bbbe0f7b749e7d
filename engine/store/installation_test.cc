#include "engine/store/installation.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "engine/base/file.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/store/testing/archives.h"
#include "engine/store/testing/store_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

namespace fs = std::filesystem;

class InstallationTest : public StoreTest {
 protected:
  InstallationTest() { WriteZooParams(params_, "mobilenet0.25", ParamNames::kSaveParameters, 10); }

  absl::StatusOr<std::string> Install(const ModelRoot& root, const std::string& digest) {
    BARYON_ASSIGN_OR_RETURN(const Installation installation, Installation::Begin(root, "m", {}));
    ModelParts parts;
    parts.params = params_;
    parts.architecture = "mobilenet0.25";
    parts.classes = 10;
    return installation.Finish(parts, {"m", "somewhere", digest, "mobilenet0.25", "2026-11-28T11:00:00Z", {}});
  }
  std::vector<std::string> Names(const ModelRoot& root) {
    std::vector<std::string> names;
    for (const InstalledModel& model : ListInstalled(root)) names.push_back(model.name);
    return names;
  }

  const std::string params_ = folder() + "/w.params";
  const ModelRoot cache_ = {folder() + "/cache"}, repository_ = {folder() + "/repository", true};
};

TEST_F(InstallationTest, ACacheHasOneModelOfAName) {
  EXPECT_TRUE(ListInstalled(cache_).empty());
  ASSERT_OK_AND_ASSIGN(const std::string first, Install(cache_, "11"));
  EXPECT_EQ(first, cache_.path + "/m");
  ASSERT_OK_AND_ASSIGN(const std::string second, Install(cache_, "22"));
  EXPECT_EQ(second, first);
  EXPECT_FALSE(FindInstalled(cache_, "m", "11").has_value());
  EXPECT_EQ(FindInstalled(cache_, "m", "22"), first);
  EXPECT_THAT(Names(cache_), ElementsAre("m"));
  EXPECT_EQ(ListInstalled(cache_)[0].provenance->digest, "22");
}

TEST_F(InstallationTest, ARepositoryGetsTheNextVersion) {
  ASSERT_OK_AND_ASSIGN(const std::string first, Install(repository_, "11"));
  EXPECT_EQ(first, repository_.path + "/m/1");
  fs::rename(first, repository_.path + "/m/6");
  ASSERT_OK_AND_ASSIGN(const std::string second, Install(repository_, "22"));
  EXPECT_EQ(second, repository_.path + "/m/7");
  EXPECT_EQ(FindInstalled(repository_, "m", "11"), repository_.path + "/m/6");
  EXPECT_EQ(ListInstalled(repository_)[0].folder, second);
}

TEST_F(InstallationTest, WhatSomebodyElsePutThereIsLeftAlone) {
  fs::create_directories(cache_.path + "/m");
  ASSERT_OK(WriteFileAtomically(cache_.path + "/m/notes.txt", "mine"));
  EXPECT_THAT(Install(cache_, "11"), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("left alone")));
  EXPECT_THAT(RemoveInstalled(cache_, "m", {}), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(*ReadFile(cache_.path + "/m/notes.txt"), "mine");
}

TEST_F(InstallationTest, AModelWithoutVersionsInARepositoryIsLeftAloneToo) {
  fs::create_directories(repository_.path + "/m");
  ASSERT_OK(WriteFileAtomically(repository_.path + "/m/config.pbtxt", ""));
  ASSERT_OK(Install(repository_, "11"));  // settings are no model
  fs::remove_all(repository_.path + "/m/1");
  ASSERT_OK(WriteFileAtomically(repository_.path + "/m/m-symbol.json", "{}"));
  EXPECT_THAT(Install(repository_, "11"), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("left alone")));
}

TEST_F(InstallationTest, RemovingLeavesTheOthers) {
  ASSERT_OK(Install(cache_, "11"));
  EXPECT_THAT(RemoveInstalled(cache_, "other", {}), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(RemoveInstalled(cache_, "../m", {}), StatusIs(absl::StatusCode::kInvalidArgument));
  ASSERT_OK(RemoveInstalled(cache_, "m", {}));
  EXPECT_TRUE(ListInstalled(cache_).empty());
  EXPECT_FALSE(fs::exists(cache_.path + "/m"));
}

TEST_F(InstallationTest, NamesStayInTheFolder) {
  for (const char* name : {"../m", "", ".store", "a/b"}) {
    EXPECT_THAT(Installation::Begin(cache_, name, {}), StatusIs(absl::StatusCode::kInvalidArgument)) << name;
  }
}

}  // namespace
}  // namespace baryon::store
