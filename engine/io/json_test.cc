#include "engine/io/json.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/io/testing/mutations.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(JsonTest, ParsesEveryKindOfValue) {
  ASSERT_OK_AND_ASSIGN(const Json json, ParseJson(R"({"a": [1, -2.5, "x", true, null], "b": {}})"));
  EXPECT_EQ(json["a"].size(), 5u);
  EXPECT_EQ(JsonKind(json), "an object");
  EXPECT_EQ(JsonKind(json["a"]), "an array");
  EXPECT_EQ(JsonKind(json["a"][1]), "a number");
  EXPECT_EQ(JsonKind(json["a"][2]), "a text");
  EXPECT_EQ(JsonKind(json["a"][3]), "a boolean");
  EXPECT_EQ(JsonKind(json["a"][4]), "null");
}

TEST(JsonTest, WhatIsNoJsonIsAnErrorThatNamesTheLine) {
  EXPECT_THAT(ParseJson("{\n\"a\": 1,\n b: 2}"),
              StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr("line 3: "), Not(HasSubstr("json.exception")))));
  for (const char* wrong : {"", "{", "[1,]", "[1] 2", "\"\xFF\"", "nul", "{\"a\" 1}"}) {
    EXPECT_THAT(ParseJson(wrong), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("line 1: "))) << wrong;
  }
}

TEST(JsonTest, DepthAndNumberOfValuesAreBounded) {
  const std::string open(kMostJsonDepth, '['), close(kMostJsonDepth, ']');
  EXPECT_OK(ParseJson(open + close));
  EXPECT_THAT(ParseJson("[" + open + close + "]"), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("deep")));
  EXPECT_THAT(ParseJson(std::string(10000000, '[')), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("deep")));
  std::string many = "[0";
  for (int i = 0; i < kMostJsonValues; ++i) many += ",0";
  EXPECT_THAT(ParseJson(many + "]"), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(JsonTest, DamagedTextsNeverCrash) {
  ForEachMutation(R"({"a": [1, -2.5e3, "\u00e4\n", true], "b": {"c": null}})",
                  [](const std::string& text) { ParseJson(text).IgnoreError(); });
}

}  // namespace
}  // namespace baryon
