#include "engine/store/member_rules.h"

#include <string>

#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::store {
namespace {

using testing::HasSubstr;

TEST(MemberPathTest, StaysWhereItIsPut) {
  EXPECT_EQ(*MemberPath("a/b.txt"), "a/b.txt");
  EXPECT_EQ(*MemberPath("./a//b/./c/"), "a/b/c");
  EXPECT_EQ(*MemberPath("./"), "");
  EXPECT_EQ(*MemberPath("..a/b..c"), "..a/b..c");
}

TEST(MemberPathTest, RefusesTricks) {
  for (const std::string& name :
       {std::string(), std::string("/etc/passwd"), std::string("../a"), std::string("a/../../b"), std::string("a/.."),
        std::string("C:/x"), std::string("c:x"), std::string("a\\b"), std::string("..\\a"), std::string("a\nb"),
        std::string("a\0b", 3), std::string(256, 'x'), "a/" + std::string(256, 'x')}) {
    EXPECT_THAT(MemberPath(name), StatusIs(absl::StatusCode::kInvalidArgument)) << name;
  }
  std::string longest;
  while (longest.size() <= 4096) longest += "abc/";
  EXPECT_THAT(MemberPath(longest), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(MemberRulesTest, NamesComeOnceInOneCase) {
  MemberRules rules({}, 100);
  EXPECT_OK(rules.Add("a/b", false, 1));
  EXPECT_OK(rules.Add("a/", true, 0));
  EXPECT_OK(rules.Add("a", true, 0));
  EXPECT_OK(rules.Add("a/c", false, 1));
  for (const char* name : {"a/b", "./a//b", "A/d", "a/B", "a/b/c", "a"}) {
    EXPECT_THAT(rules.Add(name, false, 1), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("name of its own")))
        << name;
  }
}

TEST(MemberRulesTest, CountsMembers) {
  MemberRules rules({.max_members = 2}, 100);
  EXPECT_OK(rules.Add("a", false, 1));
  EXPECT_OK(rules.Add("b", false, 1));
  EXPECT_THAT(rules.Add("c", false, 1), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(MemberRulesTest, BoundsSizes) {
  MemberRules each({.max_member_bytes = 10}, 100);
  EXPECT_OK(each.Add("a", false, 10));
  EXPECT_THAT(each.Add("b", false, 11), StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(each.Add("c", false, -1), StatusIs(absl::StatusCode::kResourceExhausted));
  MemberRules all({.max_total_bytes = 15}, 100);
  EXPECT_OK(all.Add("a", false, 10));
  EXPECT_THAT(all.Add("b", false, 10), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(MemberRulesTest, BoundsTheRatioOfWhatIsNotSmall) {
  MemberRules rules({}, 1000);
  EXPECT_OK(rules.Add("a", false, 1 << 20));
  EXPECT_THAT(rules.Add("b", false, 1 << 20),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("200 bytes for each of the 1000")));
}

}  // namespace
}  // namespace baryon::store
