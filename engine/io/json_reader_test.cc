#include "engine/io/json_reader.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/io/testing/mutations.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

absl::StatusOr<std::string> String(absl::string_view text) {
  JsonReader json(text);
  std::string value;
  BARYON_RETURN_IF_ERROR(json.ReadString(value));
  BARYON_RETURN_IF_ERROR(json.ReadEnd());
  return value;
}

absl::StatusOr<int64_t> Int(absl::string_view text) {
  JsonReader json(text);
  int64_t value;
  BARYON_RETURN_IF_ERROR(json.ReadInt(value));
  return value;
}

absl::Status Skip(absl::string_view text) {
  JsonReader json(text);
  BARYON_RETURN_IF_ERROR(json.Skip());
  return json.ReadEnd();
}

TEST(JsonReaderTest, ReadsIntoTheCallersOwnStructures) {
  JsonReader json("{\"name\": \"a\", \"other\": [{}, [null, true]], \"sizes\": [1, -2, 3]}\n");
  std::string name;
  std::vector<int64_t> sizes;
  ASSERT_OK(json.ReadObject([&](const std::string& key) {
    if (key == "name") return json.ReadString(name);
    if (key == "sizes") return json.ReadArray([&] { return json.ReadInt(sizes.emplace_back()); });
    return json.Skip();
  }));
  ASSERT_OK(json.ReadEnd());
  EXPECT_EQ(name, "a");
  EXPECT_THAT(sizes, ElementsAre(1, -2, 3));
}

TEST(JsonReaderTest, PeeksAtTheKindOfTheNextValue) {
  const std::vector<std::pair<const char*, JsonReader::Kind>> kinds = {
      {" {", JsonReader::Kind::kObject}, {"[", JsonReader::Kind::kArray},   {"\"", JsonReader::Kind::kString},
      {"-1", JsonReader::Kind::kNumber}, {"true", JsonReader::Kind::kBool}, {"null", JsonReader::Kind::kNull},
      {"", JsonReader::Kind::kNothing},  {"x", JsonReader::Kind::kNothing}};
  for (const auto& [text, kind] : kinds) EXPECT_EQ(JsonReader(text).Peek(), kind) << text;
}

TEST(JsonReaderTest, UnderstandsEscapes) {
  EXPECT_EQ(*String(R"("\"\\\/\b\f\n\r\t")"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(*String(R"("\u0041\u00e4\u20AC\uD83D\uDE00")"), "A\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80");
  for (const char* text :
       {R"("\x")", R"("\u12")", R"("\u12G4")", R"("\uD83D")", R"("\uD83D\u0041")", R"("\uDE00")", "\"\\", "\"abc"}) {
    EXPECT_THAT(String(text), StatusIs(absl::StatusCode::kDataLoss)) << text;
  }
}

TEST(JsonReaderTest, TextsAreUtf8) {
  EXPECT_EQ(*String("\"zwei.\xC3\xA4\""), "zwei.\xC3\xA4");
  for (const char* text :
       {"\"\xFF\"", "\"\xC3\"", "\"\xC0\x80\"", "\"\xED\xA0\x80\"", "\"\xF5\x80\x80\x80\"", "\"\xE2\x82\"", "\"\n\""}) {
    EXPECT_THAT(String(text), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("UTF-8")));
  }
}

TEST(JsonReaderTest, WholeNumbersMustBeWholeAndFit) {
  EXPECT_EQ(*Int("-9223372036854775808"), INT64_MIN);
  for (const char* text : {"9223372036854775808", "1.0", "1e3"}) {
    EXPECT_THAT(Int(text), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("a whole number"))) << text;
  }
}

TEST(JsonReaderTest, ErrorsNameTheLine) {
  EXPECT_THAT(String("\n\n [1]"), StatusIs(absl::StatusCode::kDataLoss, "line 3: expected a text, got an array"));
  EXPECT_THAT(Skip("{\"a\": 1,\n \"b\" 2}"),
              StatusIs(absl::StatusCode::kDataLoss, "line 2: expected a colon, got a number"));
  EXPECT_THAT(Skip("[1 2]"),
              StatusIs(absl::StatusCode::kDataLoss, "line 1: expected a comma or the end of an array, got a number"));
  EXPECT_THAT(Skip("[1,"), StatusIs(absl::StatusCode::kDataLoss, "line 1: expected a value, got the end"));
  EXPECT_THAT(Skip("{nodes: 1}"), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("expected a key")));
  EXPECT_THAT(Skip("1 x"), StatusIs(absl::StatusCode::kDataLoss, "line 1: expected the end, got 'x'"));
  EXPECT_THAT(Skip("\x01"), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("a strange byte")));
}

TEST(JsonReaderTest, DepthIsBounded) {
  const std::string deep(JsonReader::kMostDepth, '['), close(JsonReader::kMostDepth, ']');
  EXPECT_OK(Skip(deep + close));
  EXPECT_THAT(Skip("[" + deep + close + "]"), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("64 deep")));
  EXPECT_THAT(Skip(std::string(1000000, '[')), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("64 deep")));
}

TEST(JsonReaderTest, AcceptsWhatAnotherParserAcceptsAndNothingElse) {
  const std::string good = R"({"a": [1, -2.5e3, true, false, null], "b\u00e4": {"c": "x\"y", "d": []}})";
  ForEachMutation(good,
                  [](const std::string& text) { EXPECT_EQ(Skip(text).ok(), nlohmann::json::accept(text)) << text; });
  for (const char* number :
       {"0", "-0", "10", "1.5", "-1.25e+10", "1E-3", "01", "1.", ".5", "+1", "1e", "1e+", "-", "0x1", "1e400"}) {
    EXPECT_EQ(Skip(number).ok(), nlohmann::json::accept(std::string(number))) << number;
  }
}

}  // namespace
}  // namespace baryon
