// Models that come, change and go while clients ask: a server in the test's process.
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/health.grpc.pb.h"
#include "server/testing/http_client.h"
#include "server/testing/test_models.h"
#include "tests/integration/server_harness.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class LifecycleTest : public testing::Test {
 protected:
  // Clients that double a number again and again until told to stop; counts what went wrong.
  class Clients {
   public:
    Clients(ServerHarness& harness, const std::string& model, int count) {
      for (int client = 0; client < count; ++client) {
        threads_.emplace_back([&, model, client] {
          const auto stub = v1::PredictionService::NewStub(harness.channel());
          for (float value = static_cast<float>(client); !stop_; ++value) {
            grpc::ClientContext context;
            v1::PredictResponse response;
            const grpc::Status status =
                stub->Predict(&context, ServerHarness::FloatRequest(model, {1, 1}, {value}), &response);
            const bool right = status.ok() && ServerHarness::FloatsOf(response.outputs(0).data())[0] == 2 * value;
            ++(right ? right_ : wrong_);
            if (!right) error_ = absl::StrCat(status.error_code(), " ", status.error_message());
          }
        });
      }
    }
    ~Clients() { Stop(); }

    void Stop() {
      stop_ = true;
      for (std::thread& thread : threads_) thread.join();
      threads_.clear();
    }
    // Says stop, but does not wait.
    void TellToStop() { stop_ = true; }
    void AwaitAnswers(int64_t count) const {
      const int64_t end = right_ + count;
      while (right_ < end && wrong_ == 0) std::this_thread::yield();
    }
    int64_t right() const { return right_; }
    int64_t wrong() const { return wrong_; }
    const std::string& error() const { return error_; }

   private:
    std::atomic<bool> stop_{false};
    std::atomic<int64_t> right_{0}, wrong_{0};
    std::string error_;
    std::vector<std::thread> threads_;
  };

  grpc::Status Load(const std::string& model) {
    grpc::ClientContext context;
    inference::RepositoryModelLoadRequest request;
    request.set_model_name(model);
    inference::RepositoryModelLoadResponse response;
    return inference::GRPCInferenceService::NewStub(harness_.channel())
        ->RepositoryModelLoad(&context, request, &response);
  }
  grpc::Status Unload(const std::string& model) {
    grpc::ClientContext context;
    inference::RepositoryModelUnloadRequest request;
    request.set_model_name(model);
    inference::RepositoryModelUnloadResponse response;
    return inference::GRPCInferenceService::NewStub(harness_.channel())
        ->RepositoryModelUnload(&context, request, &response);
  }

  ServerHarness harness_;
};

TEST_F(LifecycleTest, TwoHundredReloadsUnderLoadFailNoRequest) {
  harness_.options().model_control = ModelControl::kExplicit;
  harness_.AddModel("double", 1, "_test_double float32 [-1, 1]");
  harness_.Start();
  ASSERT_TRUE(Load("double").ok());
  Clients clients(harness_, "double", 4);
  clients.AwaitAnswers(10);
  for (int reload = 0; reload < 200; ++reload) ASSERT_TRUE(Load("double").ok());
  clients.AwaitAnswers(10);
  clients.Stop();
  EXPECT_EQ(clients.wrong(), 0) << clients.error();
}

TEST_F(LifecycleTest, ANewVersionTakesOverAndABadOneDoesNot) {
  harness_.AddModel("double", 1, "_test_double float32 [-1, 1]");
  harness_.Start();
  Clients clients(harness_, "double", 2);
  clients.AwaitAnswers(10);
  harness_.AddModel("double", 2, "no such model");
  harness_.server().Rescan();
  clients.AwaitAnswers(50);
  harness_.AddModel("double", 3, "_test_double float32 [-1, 1]");
  harness_.server().Rescan();
  const auto version = [&] {
    v1::PredictResponse response;
    EXPECT_TRUE(harness_.Predict(ServerHarness::FloatRequest("double", {1, 1}, {1}), &response).ok());
    return response.model_spec().version();
  };
  while (version() != 3) std::this_thread::yield();
  clients.Stop();
  EXPECT_EQ(clients.wrong(), 0) << clients.error();
}

TEST_F(LifecycleTest, UnloadingAnswersWhatWasTakenAndRefusesWhatComes) {
  harness_.options().model_control = ModelControl::kExplicit;
  harness_.AddModel("gate", 1, "_test_gate float32 [-1, 1]");
  harness_.Start();
  ASSERT_TRUE(Load("gate").ok());
  TestGate gate;
  std::vector<float> answer;
  std::thread client([&] {
    v1::PredictResponse response;
    EXPECT_TRUE(harness_.Predict(ServerHarness::FloatRequest("gate", {1, 1}, {7}), &response).ok());
    answer = ServerHarness::FloatsOf(response.outputs(0).data());
  });
  gate.WaitForArrival();
  EXPECT_TRUE(Unload("gate").ok());
  v1::PredictResponse response;
  EXPECT_EQ(harness_.Predict(ServerHarness::FloatRequest("gate", {1, 1}, {8}), &response).error_code(),
            grpc::StatusCode::NOT_FOUND);
  gate.Open();
  client.join();
  EXPECT_THAT(answer, ElementsAre(7));
}

TEST_F(LifecycleTest, ACancelledRequestIsNeverComputed) {
  harness_.AddModel("gate", 1, "_test_gate float32 [-1, 1]");
  harness_.Start();
  const auto metric = [&](const std::string& line) {
    return HttpGet(harness_.server().http_port(), "/metrics").find(line) != std::string::npos;
  };
  TestGate gate;
  std::thread first([&] {
    v1::PredictResponse response;
    EXPECT_TRUE(harness_.Predict(ServerHarness::FloatRequest("gate", {1, 1}, {1}), &response).ok());
  });
  gate.WaitForArrival();
  grpc::ClientContext context;
  std::thread second([&] {
    v1::PredictResponse response;
    const auto stub = v1::PredictionService::NewStub(harness_.channel());
    EXPECT_EQ(stub->Predict(&context, ServerHarness::FloatRequest("gate", {1, 1}, {2}), &response).error_code(),
              grpc::StatusCode::CANCELLED);
  });
  while (!metric("baryon_queue_depth{model=\"gate\",version=\"1\"} 1\n")) std::this_thread::yield();
  context.TryCancel();
  second.join();
  while (!metric("baryon_cancelled_total{model=\"gate\",stage=\"queue\"} 1\n")) std::this_thread::yield();
  gate.Open();
  first.join();
  EXPECT_TRUE(metric("baryon_inferences_total{model=\"gate\",version=\"1\"} 1\n"));
}

// A client that watches the server's health and goes elsewhere when it is told to: none of its requests fails.
TEST_F(LifecycleTest, DrainingFailsNoRequestOfAClientThatWatches) {
  harness_.AddModel("double", 1, "_test_double float32 [-1, 1]");
  harness_.Start();
  Clients clients(harness_, "double", 4);
  clients.AwaitAnswers(100);
  absl::Notification watching;
  std::thread watch([&] {
    grpc::ClientContext context;
    const auto stub = grpc::health::v1::Health::NewStub(harness_.channel());
    const auto reader = stub->Watch(&context, grpc::health::v1::HealthCheckRequest());
    grpc::health::v1::HealthCheckResponse response;
    while (reader->Read(&response) && response.status() == grpc::health::v1::HealthCheckResponse::SERVING) {
      if (!watching.HasBeenNotified()) watching.Notify();
    }
    clients.TellToStop();
    context.TryCancel();
    reader->Finish();
  });
  watching.WaitForNotification();
  harness_.server().Drain(absl::Minutes(1), absl::Minutes(1));
  watch.join();
  clients.Stop();
  EXPECT_GE(clients.right(), 100);
  EXPECT_EQ(clients.wrong(), 0) << clients.error();
}

TEST_F(LifecycleTest, TheStateOfEveryVersionIsAMetric) {
  harness_.AddModel("double", 1, "_test_double float32 [-1, 1]");
  harness_.AddModel("bad", 1, "no such model");
  harness_.Start();
  const std::string metrics = HttpGet(harness_.server().http_port(), "/metrics");
  EXPECT_THAT(metrics, HasSubstr("baryon_model_state{model=\"double\",state=\"ready\",version=\"1\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("baryon_model_state{model=\"bad\",state=\"failed\",version=\"1\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("baryon_threads_busy_ratio{pool=\"compute\"}"));
  EXPECT_THAT(metrics, Not(HasSubstr("nan")));
}

TEST_F(LifecycleTest, ScrapesWhileModelsComeAndGo) {
  harness_.options().model_control = ModelControl::kExplicit;
  harness_.AddModel("double", 1, "_test_double float32 [-1, 1]");
  harness_.Start();
  std::atomic<bool> stop{false};
  std::thread scraper([&] {
    while (!stop) EXPECT_THAT(HttpGet(harness_.server().http_port(), "/metrics"), HasSubstr("baryon_build_info"));
  });
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(Load("double").ok());
    EXPECT_TRUE(Unload("double").ok());
  }
  stop = true;
  scraper.join();
  EXPECT_THAT(HttpGet(harness_.server().http_port(), "/metrics"), Not(HasSubstr("model=\"double\"")));
}

}  // namespace
}  // namespace baryon
