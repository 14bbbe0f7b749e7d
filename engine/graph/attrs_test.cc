#include "engine/graph/attrs.h"

#include <cmath>
#include <limits>

#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename T>
T Parsed(absl::string_view text) {
  T value{};
  EXPECT_OK(ParseAttr(text, value)) << text;
  return value;
}

template <typename T>
bool Refused(absl::string_view text) {
  T value{};
  return !ParseAttr(text, value).ok();
}

TEST(AttrsTest, ReadsBooleansInEverySpelling) {
  for (const char* text : {"True", "true", "TRUE", "1"}) EXPECT_TRUE(Parsed<bool>(text));
  for (const char* text : {"False", "false", "0"}) EXPECT_FALSE(Parsed<bool>(text));
  for (const char* text : {"yes", "", "2", "None"}) EXPECT_TRUE(Refused<bool>(text)) << text;
}

TEST(AttrsTest, ReadsNumbers) {
  EXPECT_EQ(Parsed<int64_t>("-3"), -3);
  EXPECT_EQ(Parsed<int64_t>("3L"), 3);
  EXPECT_EQ(Parsed<double>("1e-05"), 1e-5);
  EXPECT_TRUE(std::isinf(Parsed<double>("-inf")));
  EXPECT_TRUE(std::isnan(Parsed<double>("nan")));
  for (const char* text : {"3.5", "", "x", "3 4"}) EXPECT_TRUE(Refused<int64_t>(text)) << text;
  for (const char* text : {"", "1.0x", "one"}) EXPECT_TRUE(Refused<double>(text)) << text;
}

TEST(AttrsTest, ReadsTuplesOfBothGenerations) {
  for (const char* text : {"(3, 4)", "[3,4]", "(3,4,)", " ( 3 , 4 ) ", "(3L, 4L)"}) {
    EXPECT_THAT(Parsed<IntTuple>(text), ElementsAre(3, 4)) << text;
  }
  EXPECT_THAT(Parsed<IntTuple>("(3)"), ElementsAre(3));
  EXPECT_THAT(Parsed<IntTuple>("3"), ElementsAre(3));
  EXPECT_THAT(Parsed<IntTuple>("()"), ElementsAre());
  EXPECT_THAT(Parsed<OptionalIntTuple>("(None, 2)"), ElementsAre(std::nullopt, 2));
  for (const char* text : {"3, 3", "(3, 3", "", "(a,)", "(1,,2)", "((1, 2), 3)"})
    EXPECT_TRUE(Refused<IntTuple>(text)) << text;
}

TEST(AttrsTest, ReadsDtypesByNameAndCode) {
  EXPECT_EQ(Parsed<DType>("float16"), DType::kFloat16);
  EXPECT_EQ(Parsed<DType>("4"), DType::kInt32);
  EXPECT_EQ(Parsed<DType>("-1"), DType::kUnknown);
  EXPECT_EQ(Parsed<DType>("None"), DType::kUnknown);
  EXPECT_TRUE(Refused<DType>("float33"));
}

TEST(AttrsTest, ErrorsSayWhatWasExpectedAndWhatCame) {
  int64_t value;
  EXPECT_THAT(ParseAttr("three", value),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("expected a whole number, got \"three\"")));
}

TEST(AttrsTest, WritesWhatMxnetWrites) {
  EXPECT_EQ(FormatAttr(true), "True");
  EXPECT_EQ(FormatAttr(IntTuple{3, 3}), "(3, 3)");
  EXPECT_EQ(FormatAttr(IntTuple{3}), "(3,)");
  EXPECT_EQ(FormatAttr(IntTuple{}), "()");
  EXPECT_EQ(FormatAttr(0.9), "0.9");
  EXPECT_EQ(FormatAttr(1e-5), "1e-05");
  EXPECT_EQ(FormatAttr(2.0), "2.0");
  EXPECT_EQ(FormatAttr(std::optional<int64_t>()), "None");
}

TEST(AttrsTest, NumbersSurviveTheWayThroughText) {
  for (double value : {0.1, 1.0 / 3, 1e300, -5e-324, 123456789.123456789, 1e22})
    EXPECT_EQ(Parsed<double>(FormatAttr(value)), value);
}

}  // namespace
}  // namespace baryon
