#include "engine/store/zoo_index.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/io/testing/mutations.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::store {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string kDigest(64, 'a');  // NOLINT

std::string Index(const std::string& fields) {
  return absl::StrCat(R"({"models": [{"name": "m", "file": "m.zip", "sha256": ")", kDigest, R"(")", fields, "}]}");
}

TEST(ZooIndexTest, ReadsWhatAZooHas) {
  ASSERT_OK_AND_ASSIGN(const auto entries, ParseZooIndex(Index(
                                               R"(, "architecture": "mobilenet_v2_1_0", "classes": 2,
                                                   "labels": ["no", "yes"], "later": 1,
                                                   "preprocess": {"input": "data", "scale": "1/255"})")));
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].name, "m");
  EXPECT_EQ(entries[0].file, "m.zip");
  EXPECT_EQ(entries[0].sha256, kDigest);
  EXPECT_EQ(entries[0].architecture, "mobilenetv2_1.0");
  EXPECT_EQ(entries[0].classes, 2);
  EXPECT_THAT(entries[0].labels, ElementsAre("no", "yes"));
  EXPECT_EQ(entries[0].preprocess, R"({"input":"data","scale":"1/255"})");
}

TEST(ZooIndexTest, WhatIsLeftOutIsTheUsual) {
  ASSERT_OK_AND_ASSIGN(const auto entries, ParseZooIndex(Index("")));
  EXPECT_EQ(entries[0].architecture, "");
  EXPECT_EQ(entries[0].classes, 1000);
  EXPECT_TRUE(entries[0].labels.empty());
  EXPECT_EQ(entries[0].preprocess, "");
}

TEST(ZooIndexTest, LabelsMayLieInAFile) {
  ASSERT_OK_AND_ASSIGN(const auto entries, ParseZooIndex(Index(R"(, "labels": "trees/./labels.txt")")));
  EXPECT_EQ(entries[0].labels_file, "trees/labels.txt");
  EXPECT_TRUE(entries[0].labels.empty());
}

TEST(ZooIndexTest, NamesModelAndFieldAtFault) {
  for (const auto& [fields, field] : {std::pair(R"(, "name": "../x")", "name"),
                                      {R"(, "file": "../../etc/passwd")", "file"},
                                      {R"(, "file": "/x")", "file"},
                                      {R"(, "file": 3)", "file"},
                                      {R"(, "sha256": "12")", "sha256"},
                                      {R"(, "architecture": "resnet51")", "architecture"},
                                      {R"(, "classes": 0)", "classes"},
                                      {R"(, "classes": 1e30)", "classes"},
                                      {R"(, "labels": [1])", "labels"},
                                      {R"(, "labels": "../labels.txt")", "labels"},
                                      {R"(, "labels": "http://x/labels.txt/..")", "labels"},
                                      {R"(, "labels": "")", "labels"},
                                      {R"(, "labels": {})", "labels"},
                                      {R"(, "preprocess": {"resize": 3})", "preprocess"}}) {
    EXPECT_THAT(ParseZooIndex(Index(fields)),
                StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("model 0"), HasSubstr(field))))
        << fields;
  }
}

TEST(ZooIndexTest, OtherJsonIsRefused) {
  for (const char* text : {"[]", "{}", R"({"models": {}})", R"({"models": [3]})"}) {
    EXPECT_THAT(ParseZooIndex(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
  EXPECT_THAT(ParseZooIndex("<html>"), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(ZooIndexTest, ANameComesOnce) {
  const std::string twice = absl::StrCat(R"({"models": [{"name": "m", "file": "a", "sha256": ")", kDigest,
                                         R"("}, {"name": "M", "file": "b", "sha256": ")", kDigest, R"("}]})");
  EXPECT_THAT(ParseZooIndex(twice), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("twice")));
}

TEST(ZooIndexTest, DamagedTextNeverCrashes) {
  ForEachMutation(Index(R"(, "architecture": "vgg11", "classes": 2, "labels": ["a"])"),
                  [](const std::string& bytes) { ParseZooIndex(bytes).status().IgnoreError(); });
}

}  // namespace
}  // namespace baryon::store
