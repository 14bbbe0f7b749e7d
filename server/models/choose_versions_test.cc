#include "server/models/choose_versions.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

VersionFacts Fresh(int64_t number) { return {.number = number, .may_load = true}; }
VersionFacts Current(int64_t number) { return {.number = number, .serves = true, .current = true}; }
VersionFacts Loading(int64_t number) { return {.number = number, .loading = true}; }
VersionFacts Bad(int64_t number) { return {.number = number}; }
VersionFacts Overwritten(int64_t number) { return {.number = number, .serves = true}; }

VersionPolicy Latest(int64_t count) {
  VersionPolicy policy;
  policy.latest = count;
  return policy;
}

TEST(ChooseVersionsTest, LoadsTheHighest) {
  const VersionChoice choice = ChooseVersions({Fresh(1), Fresh(2)}, Latest(1));
  EXPECT_THAT(choice.load, ElementsAre(2));
  EXPECT_THAT(choice.keep, ElementsAre(2));
  EXPECT_FALSE(choice.settled);
}

TEST(ChooseVersionsTest, TheOldOneMayGoOnlyWhenTheNewOneServes) {
  EXPECT_FALSE(ChooseVersions({Current(1), Loading(2)}, Latest(1)).settled);
  const VersionChoice choice = ChooseVersions({Current(1), Current(2)}, Latest(1));
  EXPECT_TRUE(choice.settled);
  EXPECT_THAT(choice.keep, ElementsAre(2));
}

TEST(ChooseVersionsTest, ABadOneGivesItsPlaceToTheNext) {
  EXPECT_THAT(ChooseVersions({Fresh(1), Bad(2)}, Latest(1)).load, ElementsAre(1));
  const VersionChoice choice = ChooseVersions({Current(1), Bad(2)}, Latest(1));
  EXPECT_TRUE(choice.settled);
  EXPECT_THAT(choice.keep, ElementsAre(1));
}

TEST(ChooseVersionsTest, WhatWasOverwrittenBadlyServesOn) {
  const VersionChoice choice = ChooseVersions({Fresh(1), Overwritten(2)}, Latest(1));
  EXPECT_THAT(choice.load, IsEmpty());
  EXPECT_THAT(choice.keep, ElementsAre(2));
}

TEST(ChooseVersionsTest, NothingToTakeIsNoReasonToRetireAnything) {
  EXPECT_THAT(ChooseVersions({Bad(3)}, Latest(1)).keep, IsEmpty());
}

TEST(ChooseVersionsTest, FollowsThePolicy) {
  EXPECT_THAT(ChooseVersions({Fresh(1), Fresh(2), Fresh(3)}, Latest(2)).load, ElementsAre(3, 2));
  EXPECT_THAT(ChooseVersions({Fresh(1), Bad(2), Fresh(3)}, Latest(2)).load, ElementsAre(3, 1));
  VersionPolicy all;
  all.kind = VersionPolicy::Kind::kAll;
  EXPECT_THAT(ChooseVersions({Fresh(1), Current(2), Loading(3)}, all).load, ElementsAre(1));
  VersionPolicy specific;
  specific.kind = VersionPolicy::Kind::kSpecific;
  specific.specific = {1};
  EXPECT_THAT(ChooseVersions({Fresh(1), Current(2)}, specific).load, ElementsAre(1));
}

}  // namespace
}  // namespace baryon
