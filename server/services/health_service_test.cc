#include "server/services/health_service.h"

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "proto/health.grpc.pb.h"

namespace baryon {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

class HealthServiceTest : public testing::Test {
 protected:
  HealthServiceTest() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&health_->service());
    server_ = builder.BuildAndStart();
    stub_ = Health::NewStub(server_->InProcessChannel(grpc::ChannelArguments()));
  }

  std::unique_ptr<grpc::ClientReader<HealthCheckResponse>> Watch(const std::string& name) {
    HealthCheckRequest request;
    request.set_service(name);
    return stub_->Watch(&watch_context_, request);
  }
  // The next state of a stream; UNKNOWN at its end.
  static HealthCheckResponse::ServingStatus Next(grpc::ClientReader<HealthCheckResponse>& watch) {
    HealthCheckResponse response;
    return watch.Read(&response) ? response.status() : HealthCheckResponse::UNKNOWN;
  }

  const std::unique_ptr<HealthService> health_ = HealthService::Create();
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Health::Stub> stub_;
  grpc::ClientContext watch_context_;
};

TEST_F(HealthServiceTest, ChecksWhatItKnows) {
  health_->Set("a", true);
  health_->Set("b", false);
  HealthCheckRequest request;
  HealthCheckResponse response;
  const auto check = [&](const char* name) {
    grpc::ClientContext context;
    request.set_service(name);
    return stub_->Check(&context, request, &response);
  };
  ASSERT_TRUE(check("a").ok());
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  ASSERT_TRUE(check("b").ok());
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(check("c").error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(HealthServiceTest, ListsEverything) {
  health_->Set("a", true);
  health_->Set("b", false);
  grpc::ClientContext context;
  grpc::health::v1::HealthListResponse response;
  ASSERT_TRUE(stub_->List(&context, {}, &response).ok());
  ASSERT_EQ(response.statuses_size(), 2);
  EXPECT_EQ(response.statuses().at("b").status(), HealthCheckResponse::NOT_SERVING);
}

TEST_F(HealthServiceTest, WatchersHearOfEveryChange) {
  const auto watch = Watch("a");
  EXPECT_EQ(Next(*watch), HealthCheckResponse::SERVICE_UNKNOWN);
  health_->Set("a", true);
  EXPECT_EQ(Next(*watch), HealthCheckResponse::SERVING);
  health_->Set("a", true);
  health_->Set("b", true);
  health_->Set("a", false);
  EXPECT_EQ(Next(*watch), HealthCheckResponse::NOT_SERVING) << "what did not change is not told";
}

TEST_F(HealthServiceTest, WatchesEndWithTheLastState) {
  health_->Set("a", true);
  const auto watch = Watch("a");
  EXPECT_EQ(Next(*watch), HealthCheckResponse::SERVING);
  health_->Set("a", false);
  health_->EndWatches();
  EXPECT_EQ(Next(*watch), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(Next(*watch), HealthCheckResponse::UNKNOWN);
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  server_->Shutdown();
}

TEST_F(HealthServiceTest, AWatcherMayLeave) {
  const auto watch = Watch("a");
  EXPECT_EQ(Next(*watch), HealthCheckResponse::SERVICE_UNKNOWN);
  watch_context_.TryCancel();
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::CANCELLED);
  server_->Shutdown();  // returns when no stream is left
  health_->Set("a", true);
}

}  // namespace
}  // namespace baryon
