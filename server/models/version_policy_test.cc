#include "server/models/version_policy.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(VersionPolicyTest, TakesTheHighest) {
  const VersionPolicy policy;
  EXPECT_THAT(policy.Candidates({1, 5, 9}), ElementsAre(9, 5, 1))
      << "the others stand in for one that cannot be loaded";
  EXPECT_EQ(policy.wanted({1, 5, 9}), 1);
  EXPECT_EQ(policy.wanted({}), 0);
}

TEST(VersionPolicyTest, TakesSeveralOfTheHighest) {
  VersionPolicy policy;
  policy.latest = 2;
  EXPECT_EQ(policy.wanted({1, 5, 9}), 2);
  EXPECT_EQ(policy.wanted({9}), 1);
  EXPECT_EQ(DescribePolicy(policy), "latest 2");
}

TEST(VersionPolicyTest, TakesAll) {
  VersionPolicy policy;
  policy.kind = VersionPolicy::Kind::kAll;
  EXPECT_THAT(policy.Candidates({1, 5}), ElementsAre(5, 1));
  EXPECT_EQ(policy.wanted({1, 5}), 2);
  EXPECT_EQ(DescribePolicy(policy), "all");
}

TEST(VersionPolicyTest, TakesThoseItNames) {
  VersionPolicy policy;
  policy.kind = VersionPolicy::Kind::kSpecific;
  policy.specific = {1, 7};
  EXPECT_THAT(policy.Candidates({1, 5, 9}), ElementsAre(1));
  EXPECT_THAT(policy.Candidates({5}), IsEmpty());
  EXPECT_EQ(policy.wanted({1, 5, 9}), 1);
  EXPECT_EQ(DescribePolicy(policy), "specific 1, 7");
}

}  // namespace
}  // namespace baryon
