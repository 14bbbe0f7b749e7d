#include "server/http/http_rules.h"

#include <boost/beast/http.hpp>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

namespace http = boost::beast::http;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

using Headers = std::initializer_list<std::pair<const char*, const char*>>;

HttpHead Head(http::verb method, const std::string& target, Headers headers) {
  HttpHead head;
  head.version(11);
  head.method(method);
  head.target(target);
  for (const auto& [name, value] : headers) head.insert(name, value);
  return head;
}

// The status with which a GET of these headers is refused; 0 when it is not.
int Refused(Headers headers, const HttpServer::Options& options = {}) {
  const auto answer = CheckHeaders(Head(http::verb::get, "/", headers), options);
  return answer.has_value() ? answer->status : 0;
}

TEST(CheckHeadersTest, OneHostIsWanted) {
  EXPECT_EQ(Refused({{"Host", "x"}}), 0);
  EXPECT_EQ(Refused({}), 400);
  EXPECT_EQ(Refused({{"Host", "x"}, {"Host", "y"}}), 400);
  HttpHead old = Head(http::verb::get, "/", {});
  old.version(10);
  EXPECT_FALSE(CheckHeaders(old, {}).has_value());
}

TEST(CheckHeadersTest, CodingsAndExpectationsAreThoseItKnows) {
  EXPECT_EQ(Refused({{"Host", "x"}, {"Transfer-Encoding", "Chunked"}}), 0);
  EXPECT_EQ(Refused({{"Host", "x"}, {"Transfer-Encoding", "gzip, chunked"}}), 501);
  EXPECT_EQ(Refused({{"Host", "x"}, {"Expect", "100-Continue"}}), 0);
  EXPECT_EQ(Refused({{"Host", "x"}, {"Expect", "200-ok"}}), 417);
  for (const char* coding : {"gzip", "deflate", "identity"}) {
    EXPECT_EQ(Refused({{"Host", "x"}, {"Content-Encoding", coding}}), 0) << coding;
  }
  EXPECT_EQ(Refused({{"Host", "x"}, {"Content-Encoding", "br"}}), 415);
}

TEST(CheckHeadersTest, HeadersAreCounted) {
  HttpServer::Options options;
  options.max_headers = 2;
  EXPECT_EQ(Refused({{"Host", "x"}, {"a", "1"}}, options), 0);
  EXPECT_EQ(Refused({{"Host", "x"}, {"a", "1"}, {"a", "2"}}, options), 431);
}

TEST(FillHeadTest, TakesTheRequestApart) {
  HttpRequest request;
  ASSERT_FALSE(
      FillHead(Head(http::verb::post, "/v2/a%2Fb?x=1", {{"Host", "y"}, {"X-Name", "Z"}}), request).has_value());
  EXPECT_EQ(request.method, HttpMethod::kPost);
  EXPECT_THAT(request.path, ElementsAre("v2", "a/b"));
  EXPECT_EQ(request.Parameter("x"), "1");
  EXPECT_THAT(request.headers, Contains(Pair("x-name", "Z")));
}

TEST(FillHeadTest, OtherMethodsAndTargetsAreRefused) {
  HttpRequest request;
  const auto method = FillHead(Head(http::verb::put, "/", {}), request);
  ASSERT_TRUE(method.has_value());
  EXPECT_EQ(method->status, 405);
  EXPECT_THAT(method->headers, ElementsAre(Pair("Allow", "GET, HEAD, POST, DELETE")));
  const auto target = FillHead(Head(http::verb::get, "/a%0", {}), request);
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->status, 400);
}

TEST(AlignedOffsetTest, IsTheLengthOfTheJson) {
  HttpRequest request;
  EXPECT_EQ(AlignedOffset(request), 0u);
  request.headers = {{"inference-header-content-length", "123"}};
  EXPECT_EQ(AlignedOffset(request), 123u);
  request.headers = {{"inference-header-content-length", "-1"}};
  EXPECT_EQ(AlignedOffset(request), 0u);
}

TEST(HttpErrorTest, OnlyThoseWhoAreThereAreAnswered) {
  EXPECT_FALSE(IsHttpError(http::error::end_of_stream));
  EXPECT_FALSE(IsHttpError(http::error::partial_message));
  EXPECT_FALSE(IsHttpError(boost::system::errc::make_error_code(boost::system::errc::connection_reset)));
  EXPECT_TRUE(IsHttpError(http::error::bad_method));
  EXPECT_EQ(AnswerToHttpError(http::error::body_limit).status, 413);
  EXPECT_EQ(AnswerToHttpError(http::error::header_limit).status, 431);
  EXPECT_EQ(AnswerToHttpError(http::error::bad_version).status, 400);
  EXPECT_THAT(AnswerToHttpError(http::error::bad_version).body, HasSubstr("no HTTP request"));
}

}  // namespace
}  // namespace baryon
