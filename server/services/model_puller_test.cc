#include "server/services/model_puller.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "proto/registry.grpc.pb.h"

namespace baryon {
namespace {

using testing::HasSubstr;

class PullService final : public v1::ModelRegistry::CallbackService {
 public:
  explicit PullService(ModelPuller& puller) : puller_(puller) {}
  grpc::ServerWriteReactor<v1::PullModelProgress>* PullModel(grpc::CallbackServerContext*,
                                                             const v1::PullModelRequest* request) override {
    return puller_.Answer(request->name());
  }

 private:
  ModelPuller& puller_;
};

class ModelPullerTest : public testing::Test {
 protected:
  void Serve(PullFunction pull) {
    puller_ = std::make_unique<ModelPuller>(std::move(pull), [this] { ++arrived_; });
    service_ = std::make_unique<PullService>(*puller_);
    grpc::ServerBuilder builder;
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    stub_ = v1::ModelRegistry::NewStub(server_->InProcessChannel({}));
  }
  std::unique_ptr<grpc::ClientReader<v1::PullModelProgress>> Pull(grpc::ClientContext& context) {
    v1::PullModelRequest request;
    request.set_name("m");
    return stub_->PullModel(&context, request);
  }
  // All it says; then how it ended.
  grpc::Status Outcome(std::vector<v1::PullModelProgress>* said = nullptr) {
    grpc::ClientContext context;
    const auto stream = Pull(context);
    v1::PullModelProgress progress;
    while (stream->Read(&progress)) {
      if (said != nullptr) said->push_back(progress);
    }
    return stream->Finish();
  }

  std::unique_ptr<ModelPuller> puller_;
  std::unique_ptr<PullService> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::ModelRegistry::Stub> stub_;
  std::atomic<int> arrived_{0};
};

TEST_F(ModelPullerTest, SaysHowFarItIsAndThatItIsThere) {
  Serve([](const std::string& name, const PullProgress& progress) {
    EXPECT_EQ(name, "m");
    for (int64_t done = 0; done <= 100; ++done) EXPECT_TRUE(progress("fetching m", done, 100).ok());
    return absl::OkStatus();
  });
  std::vector<v1::PullModelProgress> said;
  EXPECT_TRUE(Outcome(&said).ok());
  ASSERT_FALSE(said.empty());
  EXPECT_EQ(said.back().step(), "fetching m");
  EXPECT_EQ(said.back().bytes_done(), 100);  // the last word is always heard
  EXPECT_EQ(said.back().bytes_total(), 100);
  EXPECT_EQ(arrived_, 1);
}

TEST_F(ModelPullerTest, ErrorsAreTheOutcome) {
  Serve([](const std::string&, const PullProgress&) { return absl::DataLossError("expected SHA-1 1, got 2"); });
  const grpc::Status status = Outcome();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_THAT(status.error_message(), HasSubstr("expected SHA-1 1, got 2"));
  EXPECT_EQ(arrived_, 0);
}

TEST_F(ModelPullerTest, AServerThatFetchesNothingSaysSo) {
  Serve(nullptr);
  const grpc::Status status = Outcome();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("--pull"));
}

TEST_F(ModelPullerTest, AClientThatGoesEndsTheFetch) {
  absl::Notification ended;
  Serve([&](const std::string&, const PullProgress& progress) {
    absl::Status status;
    while (status.ok()) status = progress("fetching m", 1, 2);
    ended.Notify();
    return status;
  });
  grpc::ClientContext context;
  const auto stream = Pull(context);
  v1::PullModelProgress progress;
  EXPECT_TRUE(stream->Read(&progress));
  context.TryCancel();
  ended.WaitForNotification();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(ModelPullerTest, TheNumberOfFetchesIsBounded) {
  absl::Notification go_on;
  Serve([&](const std::string&, const PullProgress& progress) {
    const absl::Status status = progress("fetching m", 0, 0);
    go_on.WaitForNotification();
    return status;
  });
  std::vector<grpc::ClientContext> contexts(ModelPuller::kMostPulls);
  std::vector<std::unique_ptr<grpc::ClientReader<v1::PullModelProgress>>> streams;
  v1::PullModelProgress progress;
  for (grpc::ClientContext& context : contexts) {
    streams.push_back(Pull(context));
    EXPECT_TRUE(streams.back()->Read(&progress));
  }
  EXPECT_EQ(Outcome().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  go_on.Notify();
  for (auto& stream : streams) EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(ModelPullerTest, AServerThatStopsEndsItsFetches) {
  absl::Notification begun;
  Serve([&](const std::string&, const PullProgress& progress) {
    absl::Status status = progress("fetching m", 0, 0);
    begun.Notify();
    while (status.ok()) status = progress("fetching m", 1, 2);
    return status;
  });
  grpc::ClientContext context;
  const auto stream = Pull(context);
  begun.WaitForNotification();
  puller_.reset();
  v1::PullModelProgress progress;
  while (stream->Read(&progress)) continue;
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

}  // namespace
}  // namespace baryon
