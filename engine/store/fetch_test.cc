#include "engine/store/fetch.h"

#include <atomic>
#include <cstdlib>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/base/file.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/store/testing/store_fixture.h"
#include "engine/store/testing/zoo_server.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::store {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// Bytes that differ from place to place.
std::string Bytes(size_t count, int seed = 0) {
  std::string bytes(count, '\0');
  uint32_t state = 12345 + seed;
  for (char& byte : bytes) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

class FetchTest : public StoreTest {
 protected:
  FetchTest() {
    setenv("no_proxy", "127.0.0.1", /*overwrite=*/1);
    options_.first_pause = absl::ZeroDuration();
  }

  absl::Status Fetch(const std::string& address) { return FetchFile(address, path_, options_); }
  std::string Fetched() const { return ReadFile(path_).value_or("(nothing)"); }
  bool LeftNothing() const { return std::filesystem::is_empty(folder()); }

  const std::string path_ = folder() + "/file";
  const std::string body_ = Bytes(300000);
  FetchOptions options_;
};

TEST_F(FetchTest, AFileComesWholeWithProgress) {
  const ZooServer server([&](const ZooRequest& request) { return ServeFile(request, body_, "\"1\""); });
  int64_t done = -1, total = -1;
  options_.progress = [&](int64_t now_done, int64_t now_total) {
    EXPECT_GE(now_done, done);
    done = now_done;
    total = now_total;
    return absl::OkStatus();
  };
  ASSERT_OK(Fetch(server.address() + "a.zip"));
  EXPECT_EQ(Fetched(), body_);
  EXPECT_EQ(done, static_cast<int64_t>(body_.size()));
  EXPECT_EQ(total, done);
}

TEST_F(FetchTest, FilesOfThisMachineComeToo) {
  ASSERT_OK(WriteFileAtomically(folder() + "/source", body_));
  options_.offline = true;
  ASSERT_OK(Fetch("file://" + folder() + "/source"));
  EXPECT_EQ(Fetched(), body_);
  EXPECT_THAT(Fetch("file://" + folder() + "/absent"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Fetch("http://127.0.0.1:1/x"), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("--offline")));
}

TEST_F(FetchTest, ABrokenTransferGoesOnWhereItBroke) {
  int count = 0;
  const ZooServer server([&](const ZooRequest& request) {
    ZooAnswer answer = ServeFile(request, body_, "\"1\"");
    if (++count < 3) answer.close_at = 50000;
    return answer;
  });
  ASSERT_OK(Fetch(server.address()));
  EXPECT_EQ(Fetched(), body_);
  const std::vector<ZooRequest> requests = server.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[0].Header("range"), "");
  EXPECT_EQ(requests[1].Header("range"), "bytes=50000-");
  EXPECT_EQ(requests[1].Header("if-range"), "\"1\"");
  EXPECT_EQ(requests[2].Header("range"), "bytes=100000-");
}

TEST_F(FetchTest, ALaterCallGoesOnToo) {
  std::atomic<bool> broken{true};
  const ZooServer server([&](const ZooRequest& request) {
    ZooAnswer answer = ServeFile(request, body_, "\"1\"");
    if (broken) answer.close_at = 70000;
    return answer;
  });
  options_.max_tries = 1;
  EXPECT_THAT(Fetch(server.address()), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("70000 of 300000 bytes")));
  broken = false;
  ASSERT_OK(Fetch(server.address()));
  EXPECT_EQ(Fetched(), body_);
  EXPECT_EQ(server.requests().back().Header("range"), "bytes=70000-");
}

TEST_F(FetchTest, WhatChangedMeanwhileStartsAnew) {
  const std::string changed = Bytes(200000, 1);
  int count = 0;
  const ZooServer server([&](const ZooRequest& request) {
    if (++count > 1) return ServeFile(request, changed, "\"2\"");
    ZooAnswer answer = ServeFile(request, body_, "\"1\"");
    answer.close_at = 50000;
    return answer;
  });
  ASSERT_OK(Fetch(server.address()));
  EXPECT_EQ(Fetched(), changed);
}

TEST_F(FetchTest, AServerThatGoesOnWithOtherContentsIsNotBelieved) {
  const std::string changed = Bytes(200000, 1);
  int count = 0;
  const ZooServer server([&](const ZooRequest& request) {
    ZooRequest careless = request;
    careless.headers.erase("if-range");
    if (++count > 1) return ServeFile(careless, changed, "\"2\"");
    ZooAnswer answer = ServeFile(request, body_, "\"1\"");
    answer.close_at = 50000;
    return answer;
  });
  ASSERT_OK(Fetch(server.address()));
  EXPECT_EQ(Fetched(), changed);
  EXPECT_EQ(count, 3);
}

TEST_F(FetchTest, WithoutANameOfTheContentsThereIsNoGoingOn) {
  int count = 0;
  const ZooServer server([&](const ZooRequest& request) {
    ZooAnswer answer = ServeFile(request, body_, "");
    if (++count == 1) answer.close_at = 50000;
    return answer;
  });
  ASSERT_OK(Fetch(server.address()));
  EXPECT_EQ(Fetched(), body_);
  EXPECT_EQ(server.requests()[1].Header("range"), "");
}

TEST_F(FetchTest, ADateNamesTheContentsWhereNoStrongTagDoes) {
  const std::string date = "Sat, 28 Nov 2026 11:00:00 GMT";
  int count = 0;
  const ZooServer server([&](const ZooRequest& request) {
    ZooRequest by_date = request;
    if (request.Header("if-range") == date) by_date.headers["if-range"] = "W/\"1\"";
    ZooAnswer answer = ServeFile(by_date, body_, "W/\"1\"");
    answer.headers.emplace_back("Last-Modified", date);
    if (++count == 1) answer.close_at = 50000;
    return answer;
  });
  ASSERT_OK(Fetch(server.address()));
  EXPECT_EQ(Fetched(), body_);
  EXPECT_EQ(server.requests()[1].Header("if-range"), date);
  EXPECT_EQ(server.requests()[1].Header("range"), "bytes=50000-");
}

TEST_F(FetchTest, ATruncatedFileIsAnErrorInTheEnd) {
  const ZooServer server([&](const ZooRequest&) { return ZooAnswer{.body = body_, .close_at = 50000}; });
  EXPECT_THAT(Fetch(server.address()),
              StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr("after 5 tries"), HasSubstr("of 300000 bytes"))));
}

TEST_F(FetchTest, APageIsNoFile) {
  const ZooServer server([](const ZooRequest&) {
    return ZooAnswer{.headers = {{"Content-Type", "text/html; charset=utf-8"}}, .body = "<html>Sign in</html>"};
  });
  EXPECT_THAT(Fetch(server.address()), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("got a page of text/html")));
  EXPECT_EQ(server.requests().size(), 1u);
  EXPECT_TRUE(LeftNothing());
}

TEST_F(FetchTest, ErrorsOfTheServerAreNamed) {
  std::atomic<int> status{404};
  const ZooServer server([&](const ZooRequest&) { return ZooAnswer{.status = status, .body = "sorry"}; });
  for (const auto& [code, expected] : {std::pair(404, absl::StatusCode::kNotFound),
                                       {410, absl::StatusCode::kNotFound},
                                       {401, absl::StatusCode::kPermissionDenied},
                                       {403, absl::StatusCode::kPermissionDenied},
                                       {418, absl::StatusCode::kUnavailable}}) {
    status = code;
    EXPECT_THAT(Fetch(server.address()), StatusIs(expected, HasSubstr(absl::StrCat(code))));
    EXPECT_TRUE(LeftNothing());
  }
  EXPECT_EQ(server.requests().size(), 5u);  // none of them was asked again
}

TEST_F(FetchTest, AServerInTroubleIsAskedAgain) {
  int count = 0;
  const ZooServer server([&](const ZooRequest& request) {
    return ++count < 4 ? ZooAnswer{.status = 503} : ServeFile(request, body_, "\"1\"");
  });
  ASSERT_OK(Fetch(server.address()));
  EXPECT_EQ(Fetched(), body_);
}

TEST_F(FetchTest, RedirectsAreFollowedButNotForEver) {
  const ZooServer server([&](const ZooRequest& request) {
    if (request.target == "/there") return ServeFile(request, body_, "\"1\"");
    const std::string to = request.target == "/loop" ? "/loop" : "/there";
    return ZooAnswer{.status = 302, .headers = {{"Location", to}}, .body = "elsewhere"};
  });
  ASSERT_OK(Fetch(server.address() + "here"));
  EXPECT_EQ(Fetched(), body_);
  ForgetFetched(path_);
  EXPECT_THAT(Fetch(server.address() + "loop"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("at most 5 redirects")));
  EXPECT_TRUE(LeftNothing());
}

TEST_F(FetchTest, RedirectsLeadToNoFilesOfThisMachine) {
  ASSERT_OK(WriteFileAtomically(folder() + "/secret", "hidden"));
  const ZooServer server([&](const ZooRequest&) {
    return ZooAnswer{.status = 302, .headers = {{"Location", "file://" + folder() + "/secret"}}};
  });
  EXPECT_THAT(Fetch(server.address()), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(Fetched(), "(nothing)");
}

TEST_F(FetchTest, ASilentServerIsGivenUp) {
  const ZooServer server([&](const ZooRequest& request) {
    ZooAnswer answer = ServeFile(request, body_, "\"1\"");
    answer.stall_at = 1000;
    return answer;
  });
  options_.patience = absl::Milliseconds(300);
  options_.max_tries = 2;
  EXPECT_THAT(Fetch(server.address()), StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("bytes a second")));
  EXPECT_EQ(server.requests().back().Header("range"), "bytes=1000-");
}

TEST_F(FetchTest, ASlowServerIsGivenUp) {
  const ZooServer server([&](const ZooRequest&) { return ZooAnswer{.body = body_, .drip_at = 0}; });
  options_.patience = absl::Milliseconds(300);
  options_.min_bytes_per_second = 100000;
  options_.max_tries = 1;
  EXPECT_THAT(Fetch(server.address()), StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("bytes a second")));
}

TEST_F(FetchTest, AllTriesTogetherHaveATimeLimit) {
  const ZooServer server([&](const ZooRequest&) { return ZooAnswer{.body = body_, .stall_at = 0}; });
  options_.time_limit = absl::Milliseconds(300);
  EXPECT_THAT(Fetch(server.address()), StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("time is up")));
}

TEST_F(FetchTest, TooLargeIsRefusedWhetherTheServerSaysSoOrNot) {
  const ZooServer server([&](const ZooRequest& request) { return ServeFile(request, body_, "\"1\""); });
  options_.max_bytes = 299999;
  EXPECT_THAT(Fetch(server.address()),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("at most 299999 bytes, got 300000")));
  EXPECT_TRUE(LeftNothing());
  EXPECT_THAT(FetchBytes(server.address(), 10, options_), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(FetchTest, TheCallerCanStopIt) {
  const ZooServer server([&](const ZooRequest&) { return ZooAnswer{.body = body_, .stall_at = 10}; });
  options_.progress = [](int64_t done, int64_t) {
    return done == 10 ? absl::CancelledError("enough") : absl::OkStatus();
  };
  EXPECT_THAT(Fetch(server.address()), StatusIs(absl::StatusCode::kCancelled, "enough"));
}

TEST_F(FetchTest, NobodyListensIsSaidAtOnce) {
  std::string address;
  {
    const ZooServer server([](const ZooRequest&) { return ZooAnswer{}; });
    address = server.address();
  }
  EXPECT_THAT(Fetch(address), StatusIs(absl::StatusCode::kUnavailable, HasSubstr(address)));
  EXPECT_TRUE(LeftNothing());
}

TEST_F(FetchTest, BrokenTlsIsNotAskedAgainInPlainText) {
  const ZooServer server([&](const ZooRequest& request) { return ServeFile(request, body_, "\"1\""); });
  const std::string host = server.address().substr(sizeof("http://") - 1);
  EXPECT_THAT(Fetch("https://" + host), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("TLS: ")));
  EXPECT_TRUE(server.requests().empty());
  EXPECT_TRUE(LeftNothing());
}

TEST_F(FetchTest, SecretsOfAnAddressDoNotShow) {
  const ZooServer server([](const ZooRequest&) { return ZooAnswer{.status = 404}; });
  const std::string host = server.address().substr(sizeof("http://") - 1);
  const absl::Status status = Fetch(absl::StrCat("http://me:hidden@", host, "a?key=hidden"));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kNotFound, Not(HasSubstr("hidden"))));
  EXPECT_FALSE(server.requests()[0].Header("authorization").empty());
}

TEST_F(FetchTest, AnEmptyFileIsAFile) {
  const ZooServer server([](const ZooRequest&) { return ZooAnswer{}; });
  ASSERT_OK(Fetch(server.address()));
  EXPECT_EQ(Fetched(), "");
}

TEST_F(FetchTest, BytesComeWithoutAFile) {
  const ZooServer server([&](const ZooRequest& request) { return ServeFile(request, body_, "\"1\""); });
  ASSERT_OK_AND_ASSIGN(const std::string bytes, FetchBytes(server.address(), 1 << 20, options_));
  EXPECT_EQ(bytes, body_);
  EXPECT_TRUE(LeftNothing());
}

}  // namespace
}  // namespace baryon::store
