// Who gets in: tokens and TLS on a whole server; and what becomes of requests over HTTP when their clients or the
// server go.
#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "engine/base/logging.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/testing/certificates.h"
#include "server/testing/http_client.h"
#include "server/testing/temp_folder.h"
#include "server/testing/test_models.h"
#include "server/testing/tls_client.h"
#include "tests/integration/raw_call.h"
#include "tests/integration/server_harness.h"

namespace baryon {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char kUse[] = "the-token-of-users", kControl[] = "the-token-of-masters";
constexpr char kPair[] = "{\"instances\":[[1,2]]}";

class DoorsTest : public testing::Test {
 protected:
  void Start(const std::string& model = "_test_double float32 [-1, 2]") {
    harness_.AddModel("model", 1, model);
    harness_.Start();
    predict_ = v1::PredictionService::NewStub(harness_.channel());
    infer_ = inference::GRPCInferenceService::NewStub(harness_.channel());
  }

  static void UseToken(grpc::ClientContext& context, const std::string& token) {
    if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
  }

  grpc::StatusCode Predict(const std::string& token) {
    grpc::ClientContext context;
    UseToken(context, token);
    v1::PredictResponse response;
    return predict_->Predict(&context, ServerHarness::FloatRequest("model", {1, 2}, {1, 2}), &response).error_code();
  }

  grpc::StatusCode Load(const std::string& token) {
    grpc::ClientContext context;
    UseToken(context, token);
    inference::RepositoryModelLoadRequest request;
    request.set_model_name("model");
    inference::RepositoryModelLoadResponse response;
    return infer_->RepositoryModelLoad(&context, request, &response).error_code();
  }

  std::string Metrics() { return HttpGet(harness_.server().metrics_port(), "/metrics"); }
  void WaitForMetric(const std::string& line) {
    while (!absl::StrContains(Metrics(), line)) std::this_thread::yield();
  }

  TempFolder secrets_;
  ServerHarness harness_;
  std::unique_ptr<v1::PredictionService::Stub> predict_;
  std::unique_ptr<inference::GRPCInferenceService::Stub> infer_;
};

TEST_F(DoorsTest, TokensSayWhoMayPredictAndWhoMayLoad) {
  secrets_.Write("use", kUse);
  secrets_.Write("control", kControl);
  harness_.options().security.use_token = secrets_.path("use");
  harness_.options().security.control_token = secrets_.path("control");
  harness_.options().model_control = ModelControl::kExplicit;
  Start();
  EXPECT_EQ(Load(""), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(Load(kUse), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Load(kControl), grpc::StatusCode::OK);
  EXPECT_EQ(Predict(""), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(Predict("the-token-of-nobody"), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(Predict(kUse), grpc::StatusCode::OK);
  EXPECT_EQ(Predict(kControl), grpc::StatusCode::OK);

  const int port = harness_.server().http_port();
  const auto bearer = [](const char* token) { return absl::StrCat("Authorization: Bearer ", token, "\r\n"); };
  EXPECT_THAT(HttpPost(port, "/v1/models/model:predict", kPair), StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(HttpPost(port, "/v1/models/model:predict", kPair, bearer(kUse)), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(HttpPost(port, "/v2/repository/models/model/unload", "", bearer(kUse)), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(HttpPost(port, "/v2/repository/models/model/unload", "", bearer(kControl)), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(HttpPost(port, "/v2/repository/models/model/%75nload", "", bearer(kUse)), StartsWith("HTTP/1.1 403"))
      << "a path is decoded before it is judged";

  RawCall health(harness_.channel(), "/grpc.health.v1.Health/Check", "");
  std::string answer;
  EXPECT_TRUE(health.Read(&answer)) << "probes have no tokens";
  EXPECT_THAT(Metrics(), HasSubstr("baryon_rejected_total{model=\"\",reason=\"auth\"} 7\n"));
}

TEST_F(DoorsTest, ATokenInTheAddressIsNoneAndIsNotLogged) {
  secrets_.Write("use", kUse);
  harness_.options().security.use_token = secrets_.path("use");
  harness_.options().log_requests = true;
  Start();
  std::string log;
  absl::Mutex mutex;
  SetLogSink([&](LogSeverity, absl::string_view message, LogFields fields) {
    absl::MutexLock lock(&mutex);
    absl::StrAppend(&log, message, "\n");
    for (const auto& [name, value] : fields) absl::StrAppend(&log, value, "\n");
  });
  const int port = harness_.server().http_port();
  for (const char* parameter : {"access_token", "token", "authorization"}) {
    const std::string path = absl::StrCat("/v1/models/model:predict?", parameter, "=", kUse);
    EXPECT_THAT(HttpPost(port, path, kPair), AllOf(StartsWith("HTTP/1.1 401"), Not(HasSubstr(kUse))));
    EXPECT_THAT(HttpPost(port, path, kPair, absl::StrCat("Authorization: Bearer ", kUse, "\r\n")),
                StartsWith("HTTP/1.1 200"));
  }
  SetLogSink([](LogSeverity, absl::string_view, LogFields) {});
  absl::MutexLock lock(&mutex);
  EXPECT_THAT(log, HasSubstr("request"));
  EXPECT_THAT(log, Not(HasSubstr(kUse)));
}

class TlsDoorsTest : public DoorsTest {
 protected:
  void Use(const TestCertificate& certificate) {
    secrets_.Write("cert.pem", certificate.certificate_pem);
    secrets_.Write("key.pem", certificate.key_pem);
    harness_.options().security.tls.certificate = secrets_.path("cert.pem");
    harness_.options().security.tls.key = secrets_.path("key.pem");
  }
  void AskClients() {
    secrets_.Write("ca.pem", ca_.certificate_pem);
    harness_.options().security.tls.client_ca = secrets_.path("ca.pem");
  }

  grpc::StatusCode PredictOverTls(const TestCertificate& trusted, const TestCertificate* client) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = trusted.certificate_pem;
    if (client != nullptr) {
      options.pem_private_key = client->key_pem;
      options.pem_cert_chain = client->certificate_pem;
    }
    grpc::ChannelArguments arguments;
    arguments.SetInt("grpc.use_local_subchannel_pool", 1);  // a connection of its own
    predict_ = v1::PredictionService::NewStub(grpc::CreateCustomChannel(
        absl::StrCat("localhost:", harness_.server().grpc_port()), grpc::SslCredentials(options), arguments));
    return Predict("");
  }

  std::string GetOverTls(const TestCertificate& trusted, const TestCertificate* client) {
    TlsClientOptions options;
    options.trusted_ca = trusted.certificate_pem;
    options.client = client;
    return ExchangeOverTls(harness_.server().http_port(),
                           "GET /v2/health/ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", options);
  }

  const TestCertificate ca_ = MakeCa("ca"), other_ca_ = MakeCa("other");
};

TEST_F(TlsDoorsTest, BothTransportsAskForTheCertificateOfAClient) {
  Use(MakeCertificate(ca_, "server"));
  AskClients();
  Start();
  const TestCertificate good = MakeCertificate(ca_, "client"), stranger = MakeCertificate(other_ca_, "client");
  EXPECT_EQ(PredictOverTls(ca_, &good), grpc::StatusCode::OK);
  EXPECT_EQ(PredictOverTls(ca_, nullptr), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(PredictOverTls(ca_, &stranger), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(GetOverTls(ca_, &good), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(GetOverTls(ca_, nullptr), Not(HasSubstr("200")));
  EXPECT_THAT(GetOverTls(ca_, &stranger), Not(HasSubstr("200")));
  EXPECT_THAT(HttpGet(harness_.server().http_port(), "/v2/health/ready"), Not(HasSubstr("200"))) << "plain text";
  EXPECT_THAT(Metrics(), StartsWith("HTTP/1.1 200")) << "scrapers need no certificate";
}

TEST_F(TlsDoorsTest, NewCertificatesAreTakenUpAndBrokenOnesAreNot) {
  Use(MakeCertificate(ca_, "server"));
  Start();
  EXPECT_EQ(PredictOverTls(ca_, nullptr), grpc::StatusCode::OK);
  secrets_.Write("key.pem", "broken");
  harness_.server().Rescan();
  EXPECT_EQ(PredictOverTls(ca_, nullptr), grpc::StatusCode::OK);
  Use(MakeCertificate(other_ca_, "server"));
  harness_.server().Rescan();
  EXPECT_EQ(PredictOverTls(other_ca_, nullptr), grpc::StatusCode::OK);
  EXPECT_EQ(PredictOverTls(ca_, nullptr), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(GetOverTls(other_ca_, nullptr), StartsWith("HTTP/1.1 200"));
}

TEST_F(DoorsTest, DrainAnswersRequestsOverHttpThatAreInFlight) {
  Start("_test_gate float32 [-1, 2]");
  TestGate gate;
  const int port = harness_.server().http_port();
  std::string answer;
  std::thread client([&] { answer = HttpPost(port, "/v1/models/model:predict", kPair); });
  gate.WaitForArrival();
  std::thread drain([&] { harness_.server().Drain(absl::Minutes(1)); });
  while (!HttpGet(port, "/v2/health/live").empty()) std::this_thread::yield();
  gate.Open();
  client.join();
  drain.join();
  EXPECT_THAT(answer, HasSubstr("[[1.0,2.0]]"));
}

TEST_F(DoorsTest, NothingIsComputedForAnHttpClientThatHasGone) {
  harness_.options().num_threads = 1;
  Start("_test_gate float32 [-1, 2]");
  TestGate gate;
  const int port = harness_.server().http_port();
  std::string answer;
  std::thread first([&] { answer = HttpPost(port, "/v1/models/model:predict", kPair); });
  gate.WaitForArrival();
  {
    TestConnection gone(port);
    gone.Send(absl::StrCat("POST /v1/models/model:predict HTTP/1.1\r\nHost: x\r\nContent-Length: ", sizeof(kPair) - 1,
                           "\r\n\r\n", kPair));
    WaitForMetric("baryon_inflight_requests{model=\"model\",version=\"1\"} 2\n");
    gone.Reset();
  }
  WaitForMetric("baryon_cancelled_total{model=\"model\",stage=\"queue\"} 1\n");
  gate.Open();
  first.join();
  EXPECT_THAT(answer, HasSubstr("[[1.0,2.0]]"));
  EXPECT_THAT(Metrics(), HasSubstr("baryon_executions_total{model=\"model\",version=\"1\"} 1\n"));
}

}  // namespace
}  // namespace baryon
