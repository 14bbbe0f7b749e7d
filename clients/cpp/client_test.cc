#include "clients/cpp/client.h"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <deque>
#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "clients/cpp/tensors.h"
#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/health.grpc.pb.h"
#include "proto/predict.grpc.pb.h"
#include "proto/registry.grpc.pb.h"
#include "server/testing/certificates.h"
#include "server/testing/temp_folder.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Refusal {
  grpc::StatusCode code;
  std::string push_back;  // empty: none
};

// Refuses as often as it was told to, then answers with the request's first input.
class FakePrediction final : public v1::PredictionService::Service {
 public:
  grpc::Status Predict(grpc::ServerContext* context, const v1::PredictRequest* request,
                       v1::PredictResponse* response) override {
    absl::MutexLock lock(&mutex);
    const auto token = context->client_metadata().find("authorization");
    tokens.push_back(
        token == context->client_metadata().end() ? "" : std::string(token->second.data(), token->second.size()));
    time_left.push_back(absl::FromChrono(context->deadline()) - absl::Now());
    if (!refusals.empty()) {
      const Refusal refusal = refusals.front();
      refusals.pop_front();
      if (!refusal.push_back.empty()) context->AddTrailingMetadata("grpc-retry-pushback-ms", refusal.push_back);
      return grpc::Status(refusal.code, "come later");
    }
    if (request->inputs_size() > 0) *response->add_outputs() = request->inputs(0);
    return grpc::Status::OK;
  }

  absl::Mutex mutex;
  std::deque<Refusal> refusals;
  std::vector<std::string> tokens;        // of each attempt
  std::vector<absl::Duration> time_left;  // likewise
};

// Knows the models "a", version 1 and 2; loads and pulls what is called "good".
class FakeRegistry final : public v1::ModelRegistry::Service {
 public:
  grpc::Status ListModels(grpc::ServerContext*, const v1::ListModelsRequest*,
                          v1::ListModelsResponse* response) override {
    for (int version : {1, 2}) {
      v1::ModelInfo& model = *response->add_models();
      model.set_name("a");
      model.set_version(version);
    }
    return grpc::Status::OK;
  }
  grpc::Status GetModel(grpc::ServerContext*, const v1::GetModelRequest* request,
                        v1::GetModelResponse* response) override {
    response->add_versions()->set_name(request->name());
    return grpc::Status::OK;
  }
  grpc::Status LoadModel(grpc::ServerContext*, const v1::LoadModelRequest* request, v1::LoadModelResponse*) override {
    return Judge(request->name());
  }
  grpc::Status UnloadModel(grpc::ServerContext*, const v1::UnloadModelRequest* request,
                           v1::UnloadModelResponse*) override {
    return Judge(request->name());
  }
  grpc::Status PullModel(grpc::ServerContext*, const v1::PullModelRequest* request,
                         grpc::ServerWriter<v1::PullModelProgress>* writer) override {
    v1::PullModelProgress progress;
    progress.set_bytes_total(30);
    for (int done : {10, 20}) {
      progress.set_bytes_done(done);
      writer->Write(progress);
    }
    return Judge(request->name());
  }

 private:
  static grpc::Status Judge(const std::string& name) {
    return name == "good" ? grpc::Status::OK : grpc::Status(grpc::StatusCode::NOT_FOUND, "no " + name);
  }
};

class FakeHealth final : public grpc::health::v1::Health::Service {
 public:
  grpc::Status Check(grpc::ServerContext*, const grpc::health::v1::HealthCheckRequest* request,
                     grpc::health::v1::HealthCheckResponse* response) override {
    const bool serves = request->service().empty() || request->service() == "baryon.model/good";
    response->set_status(serves ? grpc::health::v1::HealthCheckResponse::SERVING
                                : grpc::health::v1::HealthCheckResponse::NOT_SERVING);
    return grpc::Status::OK;
  }
};

class ClientTest : public testing::Test {
 protected:
  void StartServer(std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials()) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", credentials, &port);
    builder.RegisterService(&prediction_);
    builder.RegisterService(&registry_);
    builder.RegisterService(&health_);
    server_ = builder.BuildAndStart();
    target_ = absl::StrCat("127.0.0.1:", port);
  }

  Client Connect(const ClientOptions& options = Fast()) const {
    absl::StatusOr<Client> client = Client::Connect(target_, options);
    EXPECT_OK(client.status());
    return *std::move(client);
  }

  static ClientOptions Fast() {
    ClientOptions options;
    options.retry = {.attempts = 3, .first_pause = absl::Milliseconds(1)};
    return options;
  }

  static v1::PredictRequest Request(float value = 1) {
    v1::PredictRequest request;
    request.mutable_model_spec()->set_name("m");
    *request.add_inputs() = MakeTensor<float>("x", {1}, {value});
    return request;
  }

  FakePrediction prediction_;
  FakeRegistry registry_;
  FakeHealth health_;
  std::unique_ptr<grpc::Server> server_;
  std::string target_;
};

TEST_F(ClientTest, Predicts) {
  StartServer();
  const auto response = Connect().Predict(Request(7));
  ASSERT_OK(response.status());
  const auto elements = ElementsOf<float>(response->outputs(0));
  ASSERT_OK(elements.status());
  EXPECT_THAT(*elements, ElementsAre(7));
}

TEST_F(ClientTest, ManyAreUnderWayAtOnceAndItWaitsForThemAtItsEnd) {
  StartServer();
  constexpr int kCalls = 100;
  std::atomic<int> right{0}, answered{0};
  {
    const Client client = Connect();
    for (int i = 0; i < kCalls; ++i) {
      client.PredictAsync(Request(i), [&, i](absl::StatusOr<v1::PredictResponse> response) {
        if (response.ok() && *ElementsOf<float>(response->outputs(0)) == std::vector<float>{static_cast<float>(i)}) {
          ++right;
        }
        ++answered;
      });
    }
  }
  EXPECT_EQ(answered, kCalls);
  EXPECT_EQ(right, kCalls);
}

TEST_F(ClientTest, AsksAgainUntilTheServerIsBack) {
  StartServer();
  prediction_.refusals = {{grpc::StatusCode::UNAVAILABLE, ""}, {grpc::StatusCode::RESOURCE_EXHAUSTED, "1"}};
  EXPECT_OK(Connect().Predict(Request()).status());
  EXPECT_EQ(prediction_.tokens.size(), 3u);
}

TEST_F(ClientTest, GivesUpAfterTheLastAttempt) {
  StartServer();
  prediction_.refusals.assign(5, {grpc::StatusCode::UNAVAILABLE, "1"});
  EXPECT_THAT(Connect().Predict(Request()).status(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr(absl::StrCat("server ", target_, ": come later"))));
  EXPECT_EQ(prediction_.tokens.size(), 3u);
}

TEST_F(ClientTest, DoesNotAskAgainWhenToldNotTo) {
  StartServer();
  prediction_.refusals = {{grpc::StatusCode::UNAVAILABLE, "-1"}};
  EXPECT_THAT(Connect().Predict(Request()).status(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(prediction_.tokens.size(), 1u);
}

TEST_F(ClientTest, OneTimeoutCoversAllAttempts) {
  StartServer();
  prediction_.refusals = {{grpc::StatusCode::UNAVAILABLE, "200"}};
  EXPECT_OK(Connect().Predict(Request(), absl::Seconds(5)).status());
  ASSERT_EQ(prediction_.time_left.size(), 2u);
  EXPECT_LT(prediction_.time_left[1], prediction_.time_left[0] - absl::Milliseconds(100));
  // It does not wait for what would come too late.
  prediction_.refusals = {{grpc::StatusCode::UNAVAILABLE, "60000"}};
  EXPECT_THAT(Connect().Predict(Request(), absl::Seconds(5)).status(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(ClientTest, ListsAndControlsModels) {
  StartServer();
  const Client client = Connect();
  const auto models = client.ListModels();
  ASSERT_OK(models.status());
  ASSERT_EQ(models->size(), 2u);
  EXPECT_EQ((*models)[1].version(), 2);
  const auto versions = client.GetModel("b");
  ASSERT_OK(versions.status());
  EXPECT_EQ((*versions)[0].name(), "b");
  EXPECT_OK(client.LoadModel("good"));
  EXPECT_OK(client.UnloadModel("good"));
  EXPECT_THAT(client.LoadModel("bad"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("no bad")));
  EXPECT_THAT(client.UnloadModel("bad"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("no bad")));
  std::vector<int64_t> done;
  EXPECT_OK(
      client.PullModel("good", [&](const v1::PullModelProgress& progress) { done.push_back(progress.bytes_done()); }));
  EXPECT_THAT(done, ElementsAre(10, 20));
}

TEST_F(ClientTest, SaysWhetherItIsReady) {
  StartServer();
  const Client client = Connect();
  for (const auto& [model, expected] : {std::pair("", true), std::pair("good", true), std::pair("bad", false)}) {
    const auto ready = client.IsReady(model);
    ASSERT_OK(ready.status());
    EXPECT_EQ(*ready, expected) << model;
  }
  server_->Shutdown();
  EXPECT_THAT(client.IsReady().status(), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(ClientTest, SendsItsToken) {
  StartServer();
  ClientOptions options = Fast();
  EXPECT_OK(Connect(options).Predict(Request()).status());
  options.connection.token = "secret-token";
  EXPECT_OK(Connect(options).Predict(Request()).status());
  EXPECT_THAT(prediction_.tokens, ElementsAre("", "Bearer secret-token"));
}

TEST_F(ClientTest, TrustsItsAuthorityAndShowsItsCertificate) {
  const TestCertificate ca = MakeCa("ca"), stranger = MakeCa("stranger");
  const TestCertificate server = MakeCertificate(ca, "server"), client = MakeCertificate(ca, "client");
  grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = ca.certificate_pem;
  options.pem_key_cert_pairs = {{server.key_pem, server.certificate_pem}};
  StartServer(grpc::SslServerCredentials(options));
  TempFolder files;
  files.Write("ca", ca.certificate_pem);
  files.Write("stranger", stranger.certificate_pem);
  files.Write("cert", client.certificate_pem);
  files.Write("key", client.key_pem);

  ClientOptions known = Fast(), nobody = Fast(), wrong = Fast();
  known.connection.tls = ClientTls{files.path("ca"), files.path("cert"), files.path("key"), "localhost"};
  nobody.connection.tls = ClientTls{files.path("ca"), "", "", "localhost"};
  wrong.connection.tls = ClientTls{files.path("stranger"), files.path("cert"), files.path("key"), "localhost"};
  EXPECT_OK(Connect(known).Predict(Request()).status());
  EXPECT_THAT(Connect(nobody).Predict(Request()).status(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Connect(wrong).Predict(Request()).status(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(prediction_.tokens.size(), 1u);
}

TEST(ConnectTest, NamesWhatIsWrongWithItsFiles) {
  ClientOptions options;
  options.connection.tls = ClientTls{"", "cert.pem", "", ""};
  EXPECT_THAT(Client::Connect("localhost:1", options).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("got only the certificate")));
  options.connection.tls = ClientTls{"nosuch.pem", "", "", ""};
  EXPECT_THAT(Client::Connect("localhost:1", options).status(),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("nosuch.pem")));
}

}  // namespace
}  // namespace baryon
