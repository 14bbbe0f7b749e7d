// The parts of the server that need no client of gRPC; tests/integration has the rest.
#include "server/server.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "engine/base/logging.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/testing/http_client.h"
#include "server/testing/temp_folder.h"
#include "server/testing/test_models.h"

namespace baryon {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    SetLogSink([](LogSeverity, absl::string_view, LogFields) {});
    options_.grpc_port = options_.http_port = options_.metrics_port = 0;
    options_.repository = files_.path();
  }
  ~ServerTest() override { SetLogSink(nullptr); }

  // Opens every model as one that copies, after `opening_`.
  absl::StatusOr<std::unique_ptr<Server>> Start() {
    return Server::Start(
        options_,
        [this](const ModelVersion&) -> absl::StatusOr<OpenedModel> {
          opening_();
          return OpenedModel{MakeExecutable(GraphOf("_copy", "float32 [-1]"), pool_), {}, std::nullopt};
        },
        [this](const Server&) { is_ready_.Notify(); });
  }

  TempFolder files_;
  ThreadPool pool_{1};
  ServerOptions options_;
  std::function<void()> opening_ = [] {};
  absl::Notification is_ready_;
};

TEST_F(ServerTest, SaysWhereItListensAndWhatItServes) {
  files_.Write("a/1/model", "");
  files_.Write("b/1/model", "");
  ASSERT_OK_AND_ASSIGN(const auto server, Start());
  is_ready_.WaitForNotification();
  EXPECT_EQ(server->ReadyLine(),
            absl::StrCat("baryon: ready grpc=127.0.0.1:", server->grpc_port(), " http=127.0.0.1:", server->http_port(),
                         " metrics=127.0.0.1:", server->metrics_port(), " models=2"));
}

TEST_F(ServerTest, IsLiveButNotReadyWhileItLoads) {
  files_.Write("a/1/model", "");
  absl::Notification loading, go_on;
  opening_ = [&] {
    loading.Notify();
    go_on.WaitForNotification();
  };
  ASSERT_OK_AND_ASSIGN(const auto server, Start());
  loading.WaitForNotification();
  EXPECT_THAT(HttpGet(server->http_port(), "/v2/health/live"),
              AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("{\"live\":true}")));
  EXPECT_THAT(HttpGet(server->http_port(), "/v2/health/ready"),
              AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("{\"ready\":false,")));
  go_on.Notify();
  is_ready_.WaitForNotification();
  EXPECT_THAT(HttpGet(server->http_port(), "/v2/health/ready"),
              AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("{\"ready\":true}")));
}

TEST_F(ServerTest, ClosesItsDoorsOnceItHasDrained) {
  ASSERT_OK_AND_ASSIGN(const auto server, Start());
  is_ready_.WaitForNotification();
  TestConnection connection(server->http_port());
  connection.Send("GET /v2/health/ready HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(connection.ReadAnswer(), StartsWith("HTTP/1.1 200"));
  server->Drain(absl::InfiniteDuration());
  EXPECT_EQ(connection.ReadAll(), "") << "an idle connection holds nobody up";
  EXPECT_EQ(HttpGet(server->http_port(), "/v2/health/live"), "");
}

TEST_F(ServerTest, SpeaksEveryProtocolOfHttp) {
  files_.Write("a/1/model", "");
  ASSERT_OK_AND_ASSIGN(const auto server, Start());
  is_ready_.WaitForNotification();
  const auto post = [&](absl::string_view path, absl::string_view body) {
    return BodyOf(HttpPost(server->http_port(), path, body));
  };
  EXPECT_THAT(post("/v2/models/a/infer", R"({"inputs":[{"name":"data","datatype":"FP32","shape":[2],"data":[1,2]}]})"),
              HasSubstr("\"data\":[1.0,2.0]"));
  EXPECT_EQ(post("/v1/models/a:predict", R"({"instances":[1,2]})"), "{\"predictions\":[1.0,2.0]}");
  EXPECT_EQ(post("/predictions/a", "[1,2]"), "[1.0,2.0]");
  EXPECT_EQ(post("/invocations", "[1,2]"), "[1.0,2.0]");
  EXPECT_THAT(HttpGet(server->http_port(), "/v2/models/a/plan"), HasSubstr("\"batching\":{\"joined\":"));
  EXPECT_THAT(
      HttpGet(server->http_port(), "/monitoring/prometheus/metrics"),
      HasSubstr("baryon_requests_total{code=\"OK\",model=\"a\",protocol=\"mms\",transport=\"rest\",version=\"1\"} 2"));
}

TEST_F(ServerTest, PassesTheTraceOn) {
  files_.Write("a/1/model", "");
  ASSERT_OK_AND_ASSIGN(const auto server, Start());
  is_ready_.WaitForNotification();
  EXPECT_THAT(HttpPost(server->http_port(), "/predictions/a", "[1,2]",
                       "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"),
              AllOf(HasSubstr("traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-"),
                    testing::Not(HasSubstr("00f067aa0ba902b7"))));
}

TEST_F(ServerTest, TokensGuardItsPathsButNotItsHealth) {
  files_.Write("use", "the-token-of-users");
  options_.security.use_token = files_.path("use");
  files_.Write("a/1/model", "");
  ASSERT_OK_AND_ASSIGN(const auto server, Start());
  is_ready_.WaitForNotification();
  EXPECT_THAT(HttpPost(server->http_port(), "/predictions/a", "[1,2]"),
              AllOf(StartsWith("HTTP/1.1 401"), HasSubstr("WWW-Authenticate: Bearer")));
  EXPECT_THAT(HttpPost(server->http_port(), "/predictions/a", "[1,2]", "Authorization: Bearer the-token-of-users\r\n"),
              StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(HttpGet(server->http_port(), "/v2/health/ready"), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(HttpGet(server->metrics_port(), "/metrics"),
              HasSubstr("baryon_rejected_total{model=\"\",reason=\"auth\"} 1\n"));
}

TEST_F(ServerTest, ALargeRequestIsRefused) {
  options_.max_request_bytes = 1000;
  ASSERT_OK_AND_ASSIGN(const auto server, Start());
  EXPECT_THAT(HttpPost(server->http_port(), "/predictions/a", std::string(1001, ' ')), StartsWith("HTTP/1.1 413"));
}

TEST_F(ServerTest, AServerToldToStopWhileItLoadsNeverBecomesReady) {
  files_.Write("a/1/model", "");
  absl::Notification loading, go_on;
  opening_ = [&] {
    loading.Notify();
    go_on.WaitForNotification();
  };
  ASSERT_OK_AND_ASSIGN(auto server, Start());
  loading.WaitForNotification();
  server->Drain(absl::Seconds(10));
  go_on.Notify();
  server.reset();
  EXPECT_FALSE(is_ready_.HasBeenNotified());
}

TEST_F(ServerTest, ShowsMetricsOnBothPorts) {
  files_.Write("a/1/model", "");
  ASSERT_OK_AND_ASSIGN(const auto server, Start());
  is_ready_.WaitForNotification();
  for (int port : {server->http_port(), server->metrics_port()}) {
    EXPECT_THAT(HttpGet(port, "/metrics"), AllOf(HasSubstr("Content-Type: text/plain; version=0.0.4"),
                                                 HasSubstr("baryon_queue_depth{model=\"a\",version=\"1\"} 0")));
  }
}

TEST_F(ServerTest, AnswersUnknownPathsWithJson) {
  ASSERT_OK_AND_ASSIGN(const auto server, Start());
  EXPECT_THAT(HttpGet(server->http_port(), "/no/such"),
              AllOf(StartsWith("HTTP/1.1 404"), HasSubstr("{\"error\":\"there is nothing at \\\"/no/such\\\"\"}")));
  EXPECT_THAT(HttpGet(server->metrics_port(), "/v2/health/live"), StartsWith("HTTP/1.1 404"));
}

TEST_F(ServerTest, LoadsNothingFromTheRepositoryWhenModelsComeByRequest) {
  files_.Write("a/1/model", "");
  options_.model_control = ModelControl::kExplicit;
  ASSERT_OK_AND_ASSIGN(const auto server, Start());
  is_ready_.WaitForNotification();
  EXPECT_THAT(server->ReadyLine(), testing::EndsWith(" models=0"));
}

TEST_F(ServerTest, SaysWhyItCannotStart) {
  ASSERT_OK_AND_ASSIGN(const auto first, Start());
  options_.grpc_port = first->grpc_port();
  EXPECT_THAT(Start(), StatusIs(absl::StatusCode::kUnavailable,
                                HasSubstr(absl::StrCat("127.0.0.1:", first->grpc_port(), " for gRPC"))));
  options_.grpc_port = 0;
  options_.http_port = first->http_port();
  EXPECT_THAT(Start(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("Address already in use")));
  options_.http_port = 0;
  options_.repository = files_.path("nowhere");
  EXPECT_THAT(Start(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("nowhere")));
}

}  // namespace
}  // namespace baryon
