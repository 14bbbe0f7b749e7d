#include "server/http/http_server.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/synchronization/mutex.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/testing/http_client.h"

namespace baryon {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr char kGet[] = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

// A server that says back what it understood: method, path, size and start of the body. It keeps requests for /later.
class HttpServerTest : public testing::Test {
 protected:
  struct Kept {
    std::shared_ptr<const HttpRequest> request;
    HttpReply reply;
  };

  HttpServerTest() {
    options_.max_header_bytes = 1000;
    options_.max_headers = 10;
    options_.max_body_bytes = 100000;
  }
  ~HttpServerTest() override {
    kept_.clear();  // answers them
  }

  void Start() {
    server_ = std::make_unique<HttpServer>(options_);
    HttpHandler handler;
    handler.refuse = [](const HttpRequest& head) -> std::optional<HttpResponse> {
      if (head.path[0] != "forbidden") return std::nullopt;
      return HttpError(401, "who are you?");
    };
    handler.answer = [this](std::shared_ptr<const HttpRequest> request, HttpReply reply) {
      if (request->path[0] == "lost") return;
      if (request->path[0] != "later") return reply(Echo(*request));
      absl::MutexLock lock(&mutex_);
      kept_.push_back({std::move(request), std::move(reply)});
    };
    ASSERT_OK_AND_ASSIGN(port_, server_->Listen("127.0.0.1", 0, std::move(handler)));
    server_->Start();
  }

  static HttpResponse Echo(const HttpRequest& request) {
    const char* method = request.method == HttpMethod::kPost ? "POST" : "GET";
    HttpResponse response{
        200,
        absl::StrCat(method, " ", request.PathText(), " ", request.body.size(), " ", request.body.view().substr(0, 10)),
        "text/plain"};
    response.pieces.push_back({"|piece", nullptr});
    return response;
  }

  // The next request for /later.
  Kept TakeKept() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(
        +[](std::vector<Kept>* kept) { return !kept->empty(); }, &kept_));
    Kept first = std::move(kept_.front());
    kept_.erase(kept_.begin());
    return first;
  }

  std::string Exchange(absl::string_view method, absl::string_view path, absl::string_view headers = "",
                       absl::string_view body = "") {
    return ExchangeBytes(port_, absl::StrCat(method, " ", path, " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n",
                                             headers, "Content-Length: ", body.size(), "\r\n\r\n", body));
  }

  HttpServer::Options options_;
  absl::Mutex mutex_;
  std::vector<Kept> kept_;
  std::unique_ptr<HttpServer> server_;
  int port_ = 0;
};

std::string Gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST_F(HttpServerTest, HandsMethodPathAndBodyToTheHandler) {
  Start();
  EXPECT_THAT(Exchange("POST", "/a/b", "", "hello"),
              AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("Content-Type: text/plain"),
                    HasSubstr("\r\n\r\nPOST /a/b 5 hello|piece")));
}

TEST_F(HttpServerTest, AnswersHeadWithoutABody) {
  Start();
  EXPECT_THAT(Exchange("HEAD", "/a"),
              AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("Content-Length: 15\r\n"), EndsWith("\r\n\r\n")));
}

TEST_F(HttpServerTest, RefusesOtherMethodsWithJson) {
  Start();
  EXPECT_THAT(Exchange("PUT", "/a"), AllOf(StartsWith("HTTP/1.1 405"), HasSubstr("Allow: GET, HEAD, POST, DELETE"),
                                           HasSubstr("{\"error\":\"expected GET")));
}

// --- Connections

TEST_F(HttpServerTest, KeepsConnectionsOpen) {
  Start();
  TestConnection connection(port_);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(connection.Send(absl::StrCat("POST /", i, " HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx")));
    ASSERT_THAT(connection.ReadAnswer(), HasSubstr(absl::StrCat("POST /", i, " 1 x")));
  }
}

TEST_F(HttpServerTest, ClosesWhenTheClientAsksForIt) {
  Start();
  EXPECT_THAT(ExchangeBytes(port_, "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              HasSubstr("Connection: close"));
  EXPECT_THAT(ExchangeBytes(port_, "GET /a HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.0 200"));
}

TEST_F(HttpServerTest, AnswersWhatIsSentAheadInOrder) {
  Start();
  std::string requests;
  for (int i = 0; i < 50; ++i) {
    absl::StrAppend(&requests, "POST /", i, " HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
  }
  TestConnection connection(port_);
  ASSERT_TRUE(connection.Send(requests));
  for (int i = 0; i < 50; ++i) ASSERT_THAT(connection.ReadAnswer(), HasSubstr(absl::StrCat("POST /", i, " 3 abc")));
}

TEST_F(HttpServerTest, TakesABodyInPiecesOfAByte) {
  Start();
  TestConnection connection(port_);
  for (char c : absl::string_view("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")) {
    ASSERT_TRUE(connection.Send(absl::string_view(&c, 1)));
  }
  EXPECT_THAT(connection.ReadAnswer(), HasSubstr("5 hello"));
}

TEST_F(HttpServerTest, TakesChunkedBodies) {
  Start();
  TestConnection connection(port_);
  const std::string chunked = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  ASSERT_TRUE(connection.Send(absl::StrCat(chunked, "2\r\nhe\r\n3;ext=1\r\nllo\r\n0\r\nTrailer: x\r\n\r\n", kGet)));
  EXPECT_THAT(connection.ReadAnswer(), HasSubstr("POST /a 5 hello"));
  EXPECT_THAT(connection.ReadAnswer(), HasSubstr("GET /a 0 "));
  ASSERT_TRUE(connection.Send(chunked));
  std::string body;
  for (int i = 0; i < 20000; ++i) body += "1\r\nx\r\n";
  ASSERT_TRUE(connection.Send(body + "0\r\n\r\n"));
  EXPECT_THAT(connection.ReadAnswer(), HasSubstr("20000 xxxxxxxxxx"));
}

TEST_F(HttpServerTest, TellsAClientThatWaitsToGoOn) {
  Start();
  TestConnection connection(port_);
  ASSERT_TRUE(connection.Send("POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"));
  EXPECT_EQ(connection.ReadAnswer(), "HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_TRUE(connection.Send("hello"));
  EXPECT_THAT(connection.ReadAnswer(), HasSubstr("5 hello"));
}

TEST_F(HttpServerTest, TellsAClientThatWaitsNotToSendTooMuch) {
  Start();
  EXPECT_THAT(
      ExchangeBytes(port_, "POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 999999\r\n\r\n"),
      AllOf(StartsWith("HTTP/1.1 413"), HasSubstr("Connection: close")));
  EXPECT_THAT(Exchange("POST", "/a", "Expect: miracles\r\n"), StartsWith("HTTP/1.1 417"));
}

TEST_F(HttpServerTest, AnswersOtherRequestsWhileOneWaits) {
  Start();
  TestConnection slow(port_);
  ASSERT_TRUE(slow.Send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n"));
  Kept kept = TakeKept();
  EXPECT_THAT(HttpGet(port_, "/a"), StartsWith("HTTP/1.1 200"));
  kept.reply(HttpResponse{200, "at last"});
  EXPECT_THAT(slow.ReadAnswer(), EndsWith("at last"));
}

TEST_F(HttpServerTest, ARequestThatNobodyAnswersFails) {
  Start();
  EXPECT_THAT(HttpGet(port_, "/lost"), StartsWith("HTTP/1.1 500"));
}

TEST_F(HttpServerTest, TellsTheHandlerThatTheClientHasGone) {
  Start();
  for (const bool sends_ahead : {false, true}) {
    auto connection = std::make_unique<TestConnection>(port_);
    ASSERT_TRUE(connection->Send(absl::StrCat("GET /later HTTP/1.1\r\nHost: x\r\n\r\n", sends_ahead ? kGet : "")));
    Kept kept = TakeKept();
    EXPECT_FALSE(kept.request->stop.stop_requested());
    absl::Mutex mutex;
    bool stopped = false;
    const std::stop_callback on_stop(kept.request->stop, [&] {
      absl::MutexLock lock(&mutex);
      stopped = true;
    });
    connection = nullptr;
    absl::MutexLock lock(&mutex);
    EXPECT_TRUE(mutex.AwaitWithTimeout(absl::Condition(&stopped), absl::Seconds(60)));
  }
}

// --- What is too large, too much or too slow

TEST_F(HttpServerTest, RefusesABodyAboveTheLimit) {
  Start();
  EXPECT_THAT(Exchange("POST", "/a", "", std::string(100000, 'x')), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(Exchange("POST", "/a", "", std::string(100001, 'x')), StartsWith("HTTP/1.1 413"));
  const std::string chunked = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_THAT(ExchangeBytes(port_, absl::StrCat(chunked, "186a1\r\n", std::string(100001, 'x'))),
              StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(ExchangeBytes(port_, absl::StrCat(chunked, "ffffffffffffffff\r\nx")), StartsWith("HTTP/1.1 413"));
}

TEST_F(HttpServerTest, RefusesHeadersAboveTheLimits) {
  Start();
  EXPECT_THAT(Exchange("GET", "/a", absl::StrCat("X-Long: ", std::string(2000, 'x'), "\r\n")),
              StartsWith("HTTP/1.1 431"));
  std::string many;
  for (int i = 0; i < 10; ++i) absl::StrAppend(&many, "X: y\r\n");
  EXPECT_THAT(Exchange("GET", "/a", many), StartsWith("HTTP/1.1 431"));
}

TEST_F(HttpServerTest, BodiesShareABudget) {
  options_.max_total_body_bytes = 150000;
  Start();
  TestConnection first(port_);
  ASSERT_TRUE(first.Send(
      absl::StrCat("POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 80000\r\n\r\n", std::string(80000, 'x'))));
  {
    Kept kept = TakeKept();
    EXPECT_THAT(Exchange("POST", "/a", "", std::string(80000, 'x')),
                AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("Retry-After: 1")));
    kept.reply(HttpResponse{200, "done"});
    EXPECT_THAT(first.ReadAnswer(), EndsWith("done"));
  }
  first.Send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(first.ReadAnswer(), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(Exchange("POST", "/a", "", std::string(80000, 'x')), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, CutsOffWhoeverIsTooSlow) {
  options_.header_timeout = options_.body_timeout = options_.idle_timeout = absl::Milliseconds(50);
  Start();
  EXPECT_THAT(ExchangeBytes(port_, ""), IsEmpty());
  EXPECT_THAT(ExchangeBytes(port_, "GET /a HTTP/1.1\r\nHost"), IsEmpty());
  EXPECT_THAT(ExchangeBytes(port_, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\nx"), IsEmpty());
  EXPECT_THAT(ExchangeBytes(port_, "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"),
              IsEmpty());
}

TEST_F(HttpServerTest, AByteNowAndThenDoesNotKeepAConnectionOpen) {
  options_.header_timeout = options_.body_timeout = absl::Milliseconds(100);
  options_.min_bytes_per_second = int64_t{1} << 40;
  options_.max_body_bytes = options_.max_total_body_bytes = int64_t{1} << 30;
  Start();
  for (const char* start : {"GET /a HTTP/1.1\r\nX: ", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 90000000\r\n\r\n",
                            "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5000000\r\n"}) {
    TestConnection connection(port_);
    ASSERT_TRUE(connection.Send(start));
    while (connection.Send("x")) sched_yield();  // as fast as it likes: the pace is what is missing
    EXPECT_THAT(connection.ReadAll(), testing::Not(StartsWith("HTTP/1.1 200")));
  }
}

TEST_F(HttpServerTest, CutsOffAClientThatDoesNotRead) {
  options_.write_timeout = absl::Milliseconds(50);
  options_.min_bytes_per_second = int64_t{1} << 40;
  Start();
  TestConnection connection(port_);
  ASSERT_TRUE(connection.Send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n"));
  Kept kept = TakeKept();
  const auto large = std::make_shared<const std::string>(64 << 20, 'x');  // more than sockets hold
  HttpResponse response;
  response.pieces.push_back({*large, large});
  kept.reply(std::move(response));
  const std::weak_ptr<const std::string> watch = large;
  while (large.use_count() > 1) sched_yield();
  EXPECT_LT(connection.ReadAll().size(), large->size());
}

TEST_F(HttpServerTest, MoreConnectionsThanAllowedWaitTheirTurn) {
  options_.max_connections = 2;
  Start();
  auto first = std::make_unique<TestConnection>(port_), second = std::make_unique<TestConnection>(port_);
  for (auto* connection : {first.get(), second.get()}) {
    ASSERT_TRUE(connection->Send(kGet));
    EXPECT_THAT(connection->ReadAnswer(), StartsWith("HTTP/1.1 200"));
  }
  TestConnection third(port_);
  ASSERT_TRUE(third.Send(kGet));
  first = nullptr;
  EXPECT_THAT(third.ReadAnswer(), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, GoesOnWhenDescriptorsHaveRunOut) {
  Start();
  EXPECT_THAT(HttpGet(port_, "/a"), StartsWith("HTTP/1.1 200"));
  rlimit saved;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &saved), 0);
  std::vector<int> files;
  TestConnection connection(port_);  // accepted for sure once it has its answer: it takes no descriptor later
  ASSERT_TRUE(connection.Send(kGet));
  ASSERT_THAT(connection.ReadAnswer(), StartsWith("HTTP/1.1 200"));
  const rlimit small{64, saved.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &small), 0);
  for (int file; (file = dup(0)) >= 0;) files.push_back(file);
  close(files.back());
  files.pop_back();
  TestConnection waits(port_);  // takes the last descriptor: none is left to accept it
  EXPECT_TRUE(waits.Send(kGet));
  for (int file : files) close(file);
  EXPECT_THAT(waits.ReadAnswer(), StartsWith("HTTP/1.1 200"));
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &saved), 0);
}

// --- What is no HTTP, or more than one thing at once

TEST_F(HttpServerTest, SurvivesWhatIsNoHttp) {
  Start();
  for (const absl::string_view bytes :
       {absl::string_view("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), absl::string_view("SSH-2.0-x\r\n\r\n"),
        absl::string_view("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), absl::string_view("\0\0\0\0\r\n\r\n", 8),
        absl::string_view("GET\r\n\r\n"), absl::string_view("\r\n\r\n\r\n"),
        absl::string_view("GET /a HTTP/1.1\r\nno colon\r\n\r\n")}) {
    TestConnection connection(port_);
    connection.Send(bytes);
    connection.EndSending();
    EXPECT_THAT(connection.ReadAll(), testing::AnyOf(IsEmpty(), StartsWith("HTTP/1.1 4")));
  }
  EXPECT_THAT(HttpGet(port_, "/still-there"), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, TakesWholeAddressesForPaths) {
  Start();
  EXPECT_THAT(Exchange("GET", "http://x/a"), HasSubstr("GET /a 0 "));
  EXPECT_THAT(Exchange("GET", "http://elsewhere:80/a?b=c"), HasSubstr("GET /a 0 "));
}

TEST_F(HttpServerTest, RefusesTwoOpinionsAboutTheLength) {
  Start();
  for (const char* headers :
       {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: 5, 6\r\n", "Content-Length: -1\r\n",
        "Content-Length: 0x5\r\n", "Content-Length: +5\r\n", "Content-Length:\r\n",
        "Content-Length: 99999999999999999999\r\n"}) {
    EXPECT_THAT(ExchangeBytes(port_, absl::StrCat("POST /a HTTP/1.1\r\nHost: x\r\n", headers, "\r\nhello")),
                AllOf(StartsWith("HTTP/1.1 400"), HasSubstr("Connection: close")))
        << headers;
  }
}

TEST_F(HttpServerTest, RefusesTransferEncodingsItDoesNotUndo) {
  Start();
  for (const char* coding : {"gzip, chunked", "identity", "gzip", "chunked, gzip", "xchunked", ", chunked"}) {
    EXPECT_THAT(
        ExchangeBytes(port_, absl::StrCat("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: ", coding, "\r\n\r\n")),
        testing::AnyOf(StartsWith("HTTP/1.1 501"), StartsWith("HTTP/1.1 400")))
        << coding;
  }
}

TEST_F(HttpServerTest, RefusesMalformedChunks) {
  Start();
  for (const char* chunks : {"x\r\n", "-1\r\nx", "5 \r\nhello\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n",
                             "5\r\nhelloX\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n"}) {
    const std::string answer =
        ExchangeBytes(port_, absl::StrCat("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", chunks));
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400")) << chunks;
  }
}

TEST_F(HttpServerTest, RefusesAnExtensionOfAChunkThatDoesNotEnd) {
  Start();
  EXPECT_THAT(ExchangeBytes(port_, absl::StrCat("POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;",
                                                std::string(200000, 'x'))),
              StartsWith("HTTP/1.1 4"));
}

TEST_F(HttpServerTest, WantsOneHost) {
  Start();
  EXPECT_THAT(ExchangeBytes(port_, "GET /a HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(ExchangeBytes(port_, "GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 400"));
}

TEST_F(HttpServerTest, RefusesAPathThatCannotBeDecoded) {
  Start();
  EXPECT_THAT(HttpGet(port_, "/a%00b"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(HttpGet(port_, "/a%"), StartsWith("HTTP/1.1 400"));
}

TEST_F(HttpServerTest, AnAnswerCannotBeSplitByWhatIsEchoed) {
  Start();
  EXPECT_THAT(HttpGet(port_, "/a%0d%0aX-Evil:%20yes"), testing::Not(HasSubstr("\nX-Evil: yes\r\n\r\n")));
}

TEST_F(HttpServerTest, RefusesBeforeTheBodyIsRead) {
  Start();
  EXPECT_THAT(ExchangeBytes(port_, "POST /forbidden HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\nx"),
              AllOf(StartsWith("HTTP/1.1 401"), HasSubstr("Connection: close")));
  TestConnection connection(port_);  // which goes on when there is no body
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(connection.Send("GET /forbidden HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_THAT(connection.ReadAnswer(), StartsWith("HTTP/1.1 401"));
  }
}

// --- Compression

TEST_F(HttpServerTest, DecompressesBodies) {
  Start();
  const std::string text = absl::StrCat("hello", std::string(99995, '!'));
  EXPECT_THAT(Exchange("POST", "/a", "Content-Encoding: gzip\r\n", Gzip(text)), HasSubstr("POST /a 100000 hello!!!!!"));
  EXPECT_THAT(Exchange("POST", "/a", "Content-Encoding: identity\r\n", "x"), HasSubstr("POST /a 1 x"));
}

TEST_F(HttpServerTest, RefusesABodyThatInflatesBeyondTheLimit) {
  Start();
  EXPECT_THAT(Exchange("POST", "/a", "Content-Encoding: gzip\r\n", Gzip(std::string(50 << 20, 'x'))),
              StartsWith("HTTP/1.1 413"));
}

TEST_F(HttpServerTest, RefusesEncodingsItDoesNotKnowAndDataThatIsNone) {
  Start();
  EXPECT_THAT(Exchange("POST", "/a", "Content-Encoding: br\r\n", "x"), StartsWith("HTTP/1.1 415"));
  EXPECT_THAT(Exchange("POST", "/a", "Content-Encoding: gzip, gzip\r\n", "x"), StartsWith("HTTP/1.1 415"));
  EXPECT_THAT(Exchange("POST", "/a", "Content-Encoding: gzip\r\n", "not gzip"), StartsWith("HTTP/1.1 400"));
}

// --- The end

TEST_F(HttpServerTest, DrainsByAnsweringWhatIsUnderWay) {
  Start();
  TestConnection idle(port_), busy(port_);
  ASSERT_TRUE(idle.Send(kGet));
  EXPECT_THAT(idle.ReadAnswer(), HasSubstr("200"));
  ASSERT_TRUE(busy.Send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n"));
  Kept kept = TakeKept();
  server_->Drain(absl::ZeroDuration());
  EXPECT_THAT(idle.ReadAll(), IsEmpty());
  EXPECT_FALSE(TestConnection(port_).Send("x") && !HttpGet(port_, "/a").empty());
  kept.reply(HttpResponse{200, "late"});
  kept = Kept();
  EXPECT_THAT(busy.ReadAll(), AllOf(HasSubstr("Connection: close"), EndsWith("late")));
  server_->Drain(absl::InfiniteDuration());
}

TEST_F(HttpServerTest, EndsWithConnectionsOpen) {
  Start();
  TestConnection connection(port_), silent(port_);
  ASSERT_TRUE(connection.Send("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel"));
  server_ = nullptr;
  EXPECT_THAT(connection.ReadAll(), IsEmpty());
}

// --- Addresses

TEST_F(HttpServerTest, SaysWhyItCannotListen) {
  Start();
  HttpServer second{HttpServer::Options()};
  EXPECT_THAT(
      second.Listen("127.0.0.1", port_, {}),
      StatusIs(absl::StatusCode::kUnavailable, HasSubstr(absl::StrCat("127.0.0.1:", port_, ": Address already"))));
  EXPECT_THAT(second.Listen("203.0.113.1", 0, {}), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("203.0.113.1")));
}

TEST_F(HttpServerTest, ListensOnSeveralAddresses) {
  HttpServer server{HttpServer::Options()};
  const auto saying = [](const char* text) {
    return HttpHandler{nullptr, [text](const std::shared_ptr<const HttpRequest>&, HttpReply reply) {
                         reply(HttpResponse{200, text});
                       }};
  };
  ASSERT_OK_AND_ASSIGN(const int a, server.Listen("127.0.0.1", 0, saying("a")));
  ASSERT_OK_AND_ASSIGN(const int b, server.Listen("127.0.0.1", 0, saying("b")));
  server.Start();
  EXPECT_THAT(HttpGet(a, "/"), EndsWith("\r\n\r\na"));
  EXPECT_THAT(HttpGet(b, "/"), EndsWith("\r\n\r\nb"));
}

}  // namespace
}  // namespace baryon
