#include "engine/store/address.h"

#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::store {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(AddressTest, ThreeSchemesAreTakenAsTheyStand) {
  for (const char* address : {"http://zoo.example/", "https://zoo.example:8443/a/b?x=1", "file:///srv/zoo/"}) {
    ASSERT_OK_AND_ASSIGN(const std::string parsed, ParseAddress(address));
    EXPECT_EQ(parsed, address);
  }
}

TEST(AddressTest, PathsBecomeFileAddresses) {
  ASSERT_OK_AND_ASSIGN(const std::string parsed, ParseAddress("/srv/my zoo"));
  EXPECT_EQ(parsed, "file:///srv/my%20zoo");
  ASSERT_OK_AND_ASSIGN(const std::string relative, ParseAddress("zoo"));
  EXPECT_THAT(relative, testing::StartsWith("file:///"));
  EXPECT_TRUE(IsFileAddress(relative));
  EXPECT_FALSE(IsFileAddress("https://zoo.example/"));
}

TEST(AddressTest, OtherSchemesAreRefused) {
  for (const char* address : {"ftp://zoo.example/", "scp://zoo.example/x", "", "://"}) {
    EXPECT_THAT(ParseAddress(address), StatusIs(absl::StatusCode::kInvalidArgument)) << address;
  }
}

TEST(AddressTest, FilesAreBelowTheirBase) {
  ASSERT_OK_AND_ASSIGN(const std::string address, Below("https://zoo.example/a?token=1", "gluon/models/x y.zip"));
  EXPECT_EQ(address, "https://zoo.example/a/gluon/models/x%20y.zip");
  EXPECT_EQ(FileNameOf(address), "x y.zip");
  ASSERT_OK_AND_ASSIGN(const std::string of_escaped, Below("file:///my%20zoo/", "zoo.json"));
  EXPECT_EQ(of_escaped, "file:///my%20zoo/zoo.json");
}

TEST(AddressTest, FoldersEndInASlash) {
  EXPECT_EQ(AsFolder("https://zoo.example/a"), "https://zoo.example/a/");
  EXPECT_EQ(AsFolder("https://zoo.example/a/"), "https://zoo.example/a/");
}

TEST(AddressTest, SecretsDoNotShow) {
  const std::string shown = WithoutSecrets("https://me:hidden@zoo.example/a.zip?signature=hidden#hidden");
  EXPECT_EQ(shown, "https://zoo.example/a.zip");
  EXPECT_THAT(ParseAddress("ftp://me:hidden@zoo.example/").status().message(), Not(HasSubstr("hidden")));
}

}  // namespace
}  // namespace baryon::store
