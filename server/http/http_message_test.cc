#include "server/http/http_message.h"

#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::Pair;

std::vector<std::string> PathOf(absl::string_view target) {
  HttpRequest request;
  EXPECT_OK(ParseTarget(target, request));
  return request.path;
}

TEST(HttpMessageTest, TakesATargetApart) {
  HttpRequest request;
  ASSERT_OK(ParseTarget("/v2/models/a?x=1&y=%2520&z&x=2", request));
  EXPECT_THAT(request.path, ElementsAre("v2", "models", "a"));
  EXPECT_THAT(request.query, ElementsAre(Pair("x", "1"), Pair("y", "%20"), Pair("z", ""), Pair("x", "2")));
  EXPECT_EQ(request.Parameter("x"), "1");
  EXPECT_EQ(request.Parameter("none"), "");
  EXPECT_EQ(request.PathText(), "/v2/models/a");
}

TEST(HttpMessageTest, DecodesSegmentsOnceAndAfterTheyAreSplit) {
  EXPECT_THAT(PathOf("/a%20b%252F/c%2Fd"), ElementsAre("a b%2F", "c/d"));
  EXPECT_THAT(PathOf("/..%2f../x"), ElementsAre("../..", "x"));
}

TEST(HttpMessageTest, ASlashAtTheEndMeansNothing) {
  EXPECT_THAT(PathOf("/v2/"), ElementsAre("v2"));
  EXPECT_THAT(PathOf("/"), ElementsAre(""));
  EXPECT_THAT(PathOf("/a//b"), ElementsAre("a", "", "b"));
}

TEST(HttpMessageTest, TakesAbsoluteUris) {
  EXPECT_THAT(PathOf("http://host:80/v2/models"), ElementsAre("v2", "models"));
  EXPECT_THAT(PathOf("https://host"), ElementsAre(""));
}

TEST(HttpMessageTest, RefusesTargetsThatAreNone) {
  HttpRequest request;
  for (const char* target : {"", "*", "a/b", "/%", "/%4", "/%zz", "/a%00b", "/a?x=%0", "ftp://x/"}) {
    EXPECT_THAT(ParseTarget(target, request), StatusIs(absl::StatusCode::kInvalidArgument)) << target;
  }
}

TEST(HttpMessageTest, FindsHeadersByName) {
  HttpRequest request;
  request.headers = {{"content-type", "a"}, {"x", "b"}};
  EXPECT_EQ(request.Header("x"), "b");
  EXPECT_EQ(request.Header("y"), "");
}

TEST(HttpErrorTest, IsJsonWhateverTheMessage) {
  EXPECT_EQ(HttpError(404, "no \"x\"\n").body, "{\"error\":\"no \\\"x\\\"\\n\"}");
  EXPECT_EQ(HttpError(404, "\xff").body, "{\"error\":\"\xEF\xBF\xBD\"}");
}

}  // namespace
}  // namespace baryon
