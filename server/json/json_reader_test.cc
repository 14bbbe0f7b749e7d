#include "server/json/json_reader.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

std::string Padded(absl::string_view text) { return absl::StrCat(text, std::string(kJsonPadding, ' ')); }

// Reads `text`, an object, to its end, and returns the keys.
absl::StatusOr<std::vector<std::string>> KeysOf(absl::string_view text) {
  const std::string padded = Padded(text);
  JsonText json;
  BARYON_RETURN_IF_ERROR(json.Open(absl::string_view(padded).substr(0, text.size())));
  BARYON_ASSIGN_OR_RETURN(const JsonObject object, json.Object());
  std::vector<std::string> keys;
  BARYON_RETURN_IF_ERROR(ForEachField(object, "", [&](absl::string_view key, JsonValue value) {
    keys.push_back(std::string(key));
    return SkipValue(value, key);
  }));
  BARYON_RETURN_IF_ERROR(json.Finish());
  return keys;
}

// Calls `read` with the value of "x" in `text`.
template <typename Read>
auto ReadX(const std::string& value, Read read) -> decltype(read(JsonValue(), "x")) {
  const std::string padded = Padded(absl::StrCat("{\"x\":", value, "}"));
  JsonText json;
  EXPECT_OK(json.Open(absl::string_view(padded).substr(0, padded.size() - kJsonPadding)));
  decltype(read(JsonValue(), "x")) result = absl::InternalError("not read");
  const absl::StatusOr<JsonObject> object = json.Object();
  EXPECT_OK(object.status());
  ForEachField(*object, "", [&](absl::string_view key, JsonValue field) {
    result = read(field, key);
    return absl::OkStatus();
  }).IgnoreError();
  return result;
}

TEST(JsonReaderTest, ReadsFieldsInOrder) {
  ASSERT_OK_AND_ASSIGN(const auto keys, KeysOf(R"( {"a":1,"b":[1,{"c":null}],"\u0064":"x","":{}} )"));
  EXPECT_THAT(keys, ElementsAre("a", "b", "d", ""));
  EXPECT_OK(KeysOf("{}").status());
}

TEST(JsonReaderTest, RefusesWhatIsNoJson) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "}",
                           "[]",
                           "1",
                           "null",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{,}",
                           "{a:1}",
                           "{'a':1}",
                           "{\"a\":01}",
                           "{\"a\":1.}",
                           "{\"a\":.5}",
                           "{\"a\":+1}",
                           "{\"a\":1e}",
                           "{\"a\":nul}",
                           "{\"a\":True}",
                           "{\"a\":NaN}",
                           "{\"a\":[1,]}",
                           "{\"a\":[1 2]}",
                           "{\"a\":[1}",
                           "{\"a\":{\"b\":1]}",
                           "{\"a\":\"x}",
                           "{\"a\":\"\\x\"}",
                           "{\"a\":\"\n\"}",
                           "{\"a\":\"\xff\"}",
                           "\xef\xbb\xbf{}",
                           "{} {}",
                           "{} x",
                           "{},",
                           "{\"a\":1}]",
                           "{\"a\":1 \"b\":2}",
                           "{\"a\":\"\\ud800\"}",
                           "{\"a\":1e400}",
                           "{\"a\":123456789012345678901234567890x}"}) {
    EXPECT_THAT(KeysOf(text), StatusIs(kInvalid)) << text;
  }
}

TEST(JsonReaderTest, RefusesUtf16) {
  EXPECT_THAT(KeysOf(absl::string_view("\xff\xfe{\0}\0", 6)), StatusIs(kInvalid));
  EXPECT_THAT(KeysOf(absl::string_view("{\0}\0", 4)), StatusIs(kInvalid));
}

TEST(JsonReaderTest, RefusesAKeyThatStandsTwiceAnywhere) {
  EXPECT_THAT(KeysOf(R"({"a":1,"a":2})"), StatusIs(kInvalid, HasSubstr("\"a\" stands there twice")));
  EXPECT_THAT(KeysOf(R"({"a":1,"\u0061":2})"), StatusIs(kInvalid, HasSubstr("twice")));
  EXPECT_THAT(KeysOf(R"({"a":[{"b":1,"b":2}]})"), StatusIs(kInvalid, HasSubstr("a: the key \"b\"")));
}

TEST(JsonReaderTest, LimitsTheDepth) {
  const auto nested = [](int depth) {
    return absl::StrCat("{\"a\":", std::string(depth - 1, '['), std::string(depth - 1, ']'), "}");
  };
  EXPECT_OK(KeysOf(nested(100)).status());
  EXPECT_THAT(KeysOf(nested(101)), StatusIs(kInvalid, HasSubstr("at most 100")));
  EXPECT_THAT(KeysOf(absl::StrCat("{\"a\":", std::string(1 << 20, '['))), StatusIs(kInvalid));
  std::string objects;
  for (int i = 0; i < 200; ++i) objects += "{\"a\":";
  EXPECT_THAT(KeysOf(objects), StatusIs(kInvalid));
}

TEST(JsonReaderTest, ReadsScalarsOfTheKindThatIsWanted) {
  EXPECT_EQ(*ReadX("\"a\\n\\u00e9\"", ReadString), "a\n\xc3\xa9");
  EXPECT_EQ(*ReadX("-9223372036854775808", ReadInteger), INT64_MIN);
  EXPECT_EQ(*ReadX("true", ReadBool), true);
  EXPECT_THAT(*ReadX("[1,-1,0]", ReadIntegers), ElementsAre(1, -1, 0));
  EXPECT_THAT(ReadX("1", ReadString), StatusIs(kInvalid, "x: expected a string, got \"1\""));
  EXPECT_THAT(ReadX("1.5", ReadInteger), StatusIs(kInvalid, "x: expected an integer, got \"1.5\""));
  EXPECT_THAT(ReadX("9223372036854775808", ReadInteger), StatusIs(kInvalid));
  EXPECT_THAT(ReadX("1", ReadBool), StatusIs(kInvalid, HasSubstr("expected true or false")));
  EXPECT_THAT(ReadX("[1,\"2\"]", ReadIntegers), StatusIs(kInvalid, HasSubstr("an integer, got \"\\\"2\\\"\"")));
  EXPECT_THAT(ReadX("{}", ReadIntegers), StatusIs(kInvalid, HasSubstr("expected an array")));
}

TEST(JsonReaderTest, EchoesAreShort) {
  const absl::Status status = ReadX(absl::StrCat("\"", std::string(1 << 20, 'x'), "\""), ReadInteger).status();
  EXPECT_LT(status.message().size(), 300u);
}

}  // namespace
}  // namespace baryon
