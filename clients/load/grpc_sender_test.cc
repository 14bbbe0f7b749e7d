#include "clients/load/grpc_sender.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <atomic>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "gtest/gtest.h"
#include "proto/predict.grpc.pb.h"

namespace baryon {
namespace {

// Answers models called "good", to those who have the token.
class Service final : public v1::PredictionService::CallbackService {
 public:
  grpc::ServerUnaryReactor* Predict(grpc::CallbackServerContext* context, const v1::PredictRequest* request,
                                    v1::PredictResponse*) override {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    const auto token = context->client_metadata().find("authorization");
    const bool good = request->model_spec().name() == "good" && token != context->client_metadata().end() &&
                      token->second == "Bearer token";
    reactor->Finish(good ? grpc::Status::OK : grpc::Status(grpc::StatusCode::NOT_FOUND, "no"));
    return reactor;
  }
};

TEST(GrpcSenderTest, SendsTheSameRequestAgainAndAgain) {
  Service service;
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  const auto server = builder.BuildAndStart();
  const auto channel = grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials());
  for (const char* name : {"good", "bad"}) {
    v1::PredictRequest request;
    request.mutable_model_spec()->set_name(name);
    GrpcSender sender({channel, channel}, "/baryon.v1.PredictionService/Predict", request.SerializeAsString(),
                      absl::Minutes(1), "token");
    constexpr int kCalls = 50;
    absl::BlockingCounter left(kCalls);
    std::atomic<int> answered{0};
    for (int i = 0; i < kCalls; ++i) {
      sender.Send([&](absl::StatusCode code) {
        answered += code == absl::StatusCode::kOk ? 1 : 0;
        left.DecrementCount();
      });
    }
    left.Wait();
    EXPECT_EQ(answered, name == std::string("good") ? kCalls : 0);
  }
}

}  // namespace
}  // namespace baryon
