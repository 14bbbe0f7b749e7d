#include "engine/store/staging.h"

#include <filesystem>

#include "engine/base/file.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/store/testing/store_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::store {
namespace {

namespace fs = std::filesystem;

class StagingTest : public StoreTest {
 protected:
  // A staged folder with one file.
  std::string Stage(const Staging& staging, const std::string& contents) {
    const auto made = staging.MakeFolder("new");
    EXPECT_OK(made);
    EXPECT_OK(WriteFileAtomically(*made + "/file", contents));
    return *made;
  }
  const std::string root_ = folder() + "/.staging", target_ = folder() + "/deep/model";
};

TEST_F(StagingTest, PublishesUnderTheNameAndLeavesNothing) {
  {
    ASSERT_OK_AND_ASSIGN(const Staging staging, Staging::Create(root_, "model"));
    ASSERT_OK(staging.Publish(Stage(staging, "one"), target_));
  }
  EXPECT_EQ(*ReadFile(target_ + "/file"), "one");
  EXPECT_TRUE(fs::is_empty(root_));
}

TEST_F(StagingTest, ReplacesWhatIsThereWhole) {
  ASSERT_OK(MakeFolders(target_));
  ASSERT_OK(WriteFileAtomically(target_ + "/old", "old"));
  {
    ASSERT_OK_AND_ASSIGN(const Staging staging, Staging::Create(root_, "model"));
    ASSERT_OK(staging.Publish(Stage(staging, "two"), target_));
  }
  EXPECT_EQ(*ReadFile(target_ + "/file"), "two");
  EXPECT_FALSE(fs::exists(target_ + "/old"));
  EXPECT_TRUE(fs::is_empty(root_));
}

TEST_F(StagingTest, WhatIsNotPublishedGoes) {
  {
    ASSERT_OK_AND_ASSIGN(const Staging staging, Staging::Create(root_, "model"));
    Stage(staging, "never seen");
  }
  EXPECT_TRUE(fs::is_empty(root_));
  EXPECT_FALSE(fs::exists(target_));
}

TEST_F(StagingTest, WhatAKilledProcessLeftIsRemoved) {
  ASSERT_OK(MakeFolders(root_ + "/model/new"));
  ASSERT_OK(WriteFileAtomically(root_ + "/model/new/half", "half"));
  ASSERT_OK_AND_ASSIGN(const Staging staging, Staging::Create(root_, "model"));
  EXPECT_TRUE(fs::is_empty(staging.path()));
}

TEST_F(StagingTest, ATargetThatCannotBeIsAnError) {
  ASSERT_OK(WriteFileAtomically(folder() + "/deep", "a file"));
  ASSERT_OK_AND_ASSIGN(const Staging staging, Staging::Create(root_, "model"));
  EXPECT_FALSE(staging.Publish(Stage(staging, "one"), target_).ok());
}

TEST_F(StagingTest, CopiesAreTheSameBytes) {
  std::string bytes((1 << 20) + 3, 'x');
  bytes[1 << 20] = 'y';
  ASSERT_OK(WriteFileAtomically(folder() + "/from", bytes));
  ASSERT_OK(CopyFile(folder() + "/from", folder() + "/to"));
  EXPECT_EQ(*ReadFile(folder() + "/to"), bytes);
  EXPECT_THAT(CopyFile(folder() + "/absent", folder() + "/to"), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace baryon::store
