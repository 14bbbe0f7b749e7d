#include "server/http/http_server.h"

#include "absl/strings/str_cat.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/testing/http_client.h"

namespace baryon {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

// A server that says back what it understood.
class HttpServerTest : public testing::Test {
 protected:
  void SetUp() override {
    HttpServer::Options options;
    options.max_header_bytes = 1000;
    options.max_body_bytes = 1000;
    server_ = std::make_unique<HttpServer>(options);
    ASSERT_OK_AND_ASSIGN(port_, server_->Listen("127.0.0.1", 0, [](const HttpRequest& request) {
      const char* method = request.method == HttpMethod::kPost ? "POST" : "GET";
      return HttpResponse{200, absl::StrCat(method, " ", request.path, " ", request.body), "text/plain"};
    }));
    server_->Start();
  }

  std::string Exchange(absl::string_view method, absl::string_view path, absl::string_view headers = "",
                       absl::string_view body = "") {
    return ExchangeBytes(port_, absl::StrCat(method, " ", path, " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n",
                                             headers, "Content-Length: ", body.size(), "\r\n\r\n", body));
  }

  std::unique_ptr<HttpServer> server_;
  int port_ = 0;
};

TEST_F(HttpServerTest, HandsMethodPathAndBodyToTheHandler) {
  EXPECT_THAT(
      Exchange("POST", "/a/b", "", "hello"),
      AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("Content-Type: text/plain"), HasSubstr("\r\n\r\nPOST /a/b hello")));
}

TEST_F(HttpServerTest, DecodesThePathOnceAndDropsTheQuery) {
  EXPECT_THAT(HttpGet(port_, "/a%20b%252F?x=1"), HasSubstr("GET /a b%2F "));
}

TEST_F(HttpServerTest, RefusesAPathWithAHiddenEnd) {
  EXPECT_THAT(HttpGet(port_, "/a%00b"), StartsWith("HTTP/1.1 400"));
}

TEST_F(HttpServerTest, AnswersHeadWithoutABody) {
  EXPECT_THAT(Exchange("HEAD", "/a"), AllOf(StartsWith("HTTP/1.1 200"), testing::EndsWith("\r\n\r\n")));
}

TEST_F(HttpServerTest, RefusesOtherMethodsWithJson) {
  EXPECT_THAT(Exchange("DELETE", "/a"), AllOf(StartsWith("HTTP/1.1 405"), HasSubstr("{\"error\":\"expected GET")));
}

TEST_F(HttpServerTest, RefusesABodyAboveTheLimit) {
  EXPECT_THAT(Exchange("POST", "/a", "", std::string(1001, 'x')), StartsWith("HTTP/1.1 413"));
}

TEST_F(HttpServerTest, RefusesHeadersAboveTheLimit) {
  EXPECT_THAT(Exchange("GET", "/a", absl::StrCat("X-Long: ", std::string(2000, 'x'), "\r\n")),
              testing::Not(HasSubstr(" 200 ")));
}

TEST_F(HttpServerTest, SurvivesWhatIsNoHttp) {
  ExchangeBytes(port_, "\x16\x03\x01 not http at all\r\n\r\n");
  EXPECT_THAT(HttpGet(port_, "/still-there"), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, SaysWhyItCannotListen) {
  HttpServer second{HttpServer::Options()};
  EXPECT_THAT(
      second.Listen("127.0.0.1", port_, nullptr),
      StatusIs(absl::StatusCode::kUnavailable, HasSubstr(absl::StrCat("127.0.0.1:", port_, ": Address already"))));
}

TEST_F(HttpServerTest, ListensOnSeveralAddresses) {
  HttpServer server{HttpServer::Options()};
  ASSERT_OK_AND_ASSIGN(const int a, server.Listen("127.0.0.1", 0, [](const HttpRequest&) {
    return HttpResponse{200, "a"};
  }));
  ASSERT_OK_AND_ASSIGN(const int b, server.Listen("127.0.0.1", 0, [](const HttpRequest&) {
    return HttpResponse{200, "b"};
  }));
  server.Start();
  EXPECT_THAT(HttpGet(a, "/"), testing::EndsWith("\r\n\r\na"));
  EXPECT_THAT(HttpGet(b, "/"), testing::EndsWith("\r\n\r\nb"));
}

TEST(HttpErrorTest, IsJsonWhateverTheMessage) {
  EXPECT_EQ(HttpError(404, "no \"x\"\n").body, "{\"error\":\"no \\\"x\\\"\\n\"}");
  EXPECT_EQ(HttpError(404, "\xff").body, "{\"error\":\"\xEF\xBF\xBD\"}");
}

}  // namespace
}  // namespace baryon
