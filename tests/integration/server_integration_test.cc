// A whole server and its clients, over loopback.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/reflection.pb.h"
#include "server/testing/http_client.h"
#include "server/testing/test_models.h"
#include "tests/integration/raw_call.h"
#include "tests/integration/server_harness.h"

namespace baryon {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Gt;
using testing::HasSubstr;
using testing::StartsWith;

class ServerIntegrationTest : public testing::Test {
 protected:
  void StartWith(const std::string& name, const std::string& model) {
    harness_.AddModel(name, 1, model);
    harness_.Start();
  }

  std::vector<float> PredictFloats(const v1::PredictRequest& request) {
    v1::PredictResponse response;
    const grpc::Status status = harness_.Predict(request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.outputs_size() == 0 ? std::vector<float>() : ServerHarness::FloatsOf(response.outputs(0).data());
  }

  grpc::Status StatusOf(const v1::PredictRequest& request,
                        std::chrono::milliseconds timeout = std::chrono::seconds(60)) {
    v1::PredictResponse response;
    return harness_.Predict(request, &response, timeout);
  }

  // What grpc.health.v1 says of `service`: its status code as one byte of the answer, 1 is SERVING.
  std::string Health(const std::string& service) {
    const std::string request =
        service.empty() ? "" : std::string("\x0a") + static_cast<char>(service.size()) + service;
    RawCall call(harness_.channel(), "/grpc.health.v1.Health/Check", request);
    std::string answer;
    if (!call.Read(&answer)) return absl::StrCat("error ", call.status().error_code());
    return answer == "\x08\x01" ? "SERVING" : "NOT_SERVING";
  }

  ServerHarness harness_;
};

TEST_F(ServerIntegrationTest, PredictsOverTheNativeApi) {
  StartWith("double", "_test_double float32 [-1, 2]");
  EXPECT_THAT(PredictFloats(ServerHarness::FloatRequest("double", {2, 2}, {1, 2, 3, 4})), ElementsAre(2, 4, 6, 8));
}

TEST_F(ServerIntegrationTest, InfersRawAndTyped) {
  StartWith("double", "_test_double float32 [-1, 2]");
  inference::ModelInferRequest request;
  request.set_model_name("double");
  auto& input = *request.add_inputs();
  input.set_name("data");
  input.set_datatype("FP32");
  input.add_shape(1);
  input.add_shape(2);
  inference::ModelInferRequest typed = request;
  typed.mutable_inputs(0)->mutable_contents()->add_fp32_contents(3);
  typed.mutable_inputs(0)->mutable_contents()->add_fp32_contents(4);
  const float elements[] = {1, 2};
  request.add_raw_input_contents(elements, sizeof(elements));

  inference::ModelInferResponse response;
  ASSERT_TRUE(harness_.Infer(request, &response).ok());
  EXPECT_THAT(ServerHarness::FloatsOf(response.raw_output_contents(0)), ElementsAre(2, 4));
  ASSERT_TRUE(harness_.Infer(typed, &response).ok());
  EXPECT_THAT(response.outputs(0).contents().fp32_contents(), ElementsAre(6, 8));
}

TEST_F(ServerIntegrationTest, DescribesItsModels) {
  StartWith("double", "_test_double float32 [-1, 2]");
  const auto stub = inference::GRPCInferenceService::NewStub(harness_.channel());
  grpc::ClientContext context;
  inference::ModelMetadataRequest request;
  request.set_name("double");
  inference::ModelMetadataResponse response;
  ASSERT_TRUE(stub->ModelMetadata(&context, request, &response).ok());
  EXPECT_EQ(response.inputs(0).name(), "data");
  EXPECT_THAT(response.inputs(0).shape(), ElementsAre(-1, 2));
}

TEST_F(ServerIntegrationTest, WrongInputsSayWhatWasExpectedAndWhatCame) {
  StartWith("double", "_test_double float32 [-1, 2]");
  const grpc::Status shape = StatusOf(ServerHarness::FloatRequest("double", {1, 3}, {1, 2, 3}));
  EXPECT_EQ(shape.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(shape.error_message(), "input \"data\": expected float32 [-1, 2], got float32 [1, 3]");
  v1::PredictRequest renamed = ServerHarness::FloatRequest("double", {1, 2}, {1, 2});
  renamed.mutable_inputs(0)->set_name("image");
  const grpc::Status name = StatusOf(renamed);
  EXPECT_EQ(name.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(name.error_message(), "no input is called \"image\", expected \"data\"");
}

TEST_F(ServerIntegrationTest, UnknownModelsAndVersionsSayWhatIsLoaded) {
  StartWith("double", "_test_double float32 [-1, 2]");
  v1::PredictRequest request = ServerHarness::FloatRequest("triple", {1, 2}, {1, 2});
  const grpc::Status model = StatusOf(request);
  EXPECT_EQ(model.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(model.error_message(), "no model is called \"triple\"; loaded: double");
  request.mutable_model_spec()->set_name("double");
  request.mutable_model_spec()->set_version(7);
  const grpc::Status version = StatusOf(request);
  EXPECT_EQ(version.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(version.error_message(), "model \"double\" has no version 7; loaded: 1");
}

TEST_F(ServerIntegrationTest, ABadModelDoesNotStopTheOthers) {
  harness_.AddModel("bad", 1, "no such model");
  harness_.AddModel("double", 1, "_test_double float32 [-1, 2]");
  harness_.Start();
  EXPECT_THAT(harness_.server().ReadyLine(), testing::EndsWith(" models=1"));
  EXPECT_THAT(PredictFloats(ServerHarness::FloatRequest("double", {1, 2}, {1, 2})), ElementsAre(2, 4));
  const grpc::Status bad = StatusOf(ServerHarness::FloatRequest("bad", {1, 2}, {1, 2}));
  EXPECT_EQ(bad.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(bad.error_message(), StartsWith("model \"bad\" version 1 could not be loaded: loading model \"bad\""));
}

TEST_F(ServerIntegrationTest, SixteenClientsAtOnceGetWhatOneGets) {
  StartWith("double", "_test_double float32 [-1, 64]");
  std::atomic<int> wrong{0};
  std::vector<std::thread> clients;
  for (int client = 0; client < 16; ++client) {
    clients.emplace_back([&, client] {
      for (int i = 0; i < 50; ++i) {
        const int64_t rows = 1 + i % 3;
        std::vector<float> elements(rows * 64);
        std::iota(elements.begin(), elements.end(), static_cast<float>(1000 * client + i));
        v1::PredictResponse response;
        const grpc::Status status =
            harness_.Predict(ServerHarness::FloatRequest("double", {rows, 64}, elements), &response);
        for (float& element : elements) element *= 2;
        wrong += !status.ok() || ServerHarness::FloatsOf(response.outputs(0).data()) != elements;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(ServerIntegrationTest, RequestsThatWaitTogetherShareAForwardPass) {
  StartWith("gate", "_test_gate float32 [-1, 1]");
  TestGate gate;
  std::vector<std::thread> clients;
  std::atomic<int> right{0};
  const auto ask = [&](float value) {
    clients.emplace_back([&, value] {
      right += PredictFloats(ServerHarness::FloatRequest("gate", {1, 1}, {value})) == std::vector<float>{value};
    });
  };
  ask(0);
  gate.WaitForArrival();
  for (int i = 1; i <= 5; ++i) ask(static_cast<float>(i));
  while (
      HttpGet(harness_.server().http_port(), "/metrics").find("baryon_queue_depth{model=\"gate\",version=\"1\"} 5\n") ==
      std::string::npos) {
    std::this_thread::yield();
  }
  gate.Open();
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(right, 6);
  EXPECT_THAT(HttpGet(harness_.server().http_port(), "/metrics"),
              AllOf(HasSubstr("baryon_executions_total{model=\"gate\",version=\"1\"} 2\n"),
                    HasSubstr("baryon_inferences_total{model=\"gate\",version=\"1\"} 6\n")));
}

// That nothing is computed for it is BatcherTest's to say, by a clock of its own: here the server may learn of the
// deadline a little after the client.
TEST_F(ServerIntegrationTest, ADeadlineThatPassesInTheQueueEndsTheRequest) {
  StartWith("gate", "_test_gate float32 [-1, 1]");
  TestGate gate;
  std::thread first([&] { PredictFloats(ServerHarness::FloatRequest("gate", {1, 1}, {1})); });
  gate.WaitForArrival();
  const grpc::Status late = StatusOf(ServerHarness::FloatRequest("gate", {1, 1}, {2}), std::chrono::milliseconds(20));
  EXPECT_EQ(late.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  gate.Open();
  first.join();
  PredictFloats(ServerHarness::FloatRequest("gate", {1, 1}, {3}));  // the next one is answered
}

TEST_F(ServerIntegrationTest, AMessageAboveTheLimitIsRefused) {
  harness_.options().max_request_bytes = 1000;
  StartWith("double", "_test_double float32 [-1]");
  EXPECT_TRUE(StatusOf(ServerHarness::FloatRequest("double", {100}, std::vector<float>(100))).ok());
  EXPECT_EQ(StatusOf(ServerHarness::FloatRequest("double", {1000}, std::vector<float>(1000))).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(ServerIntegrationTest, AnswersAStreamThatIsWrittenAhead) {
  StartWith("double", "_test_double float32 [-1]");
  const auto stub = inference::GRPCInferenceService::NewStub(harness_.channel());
  grpc::ClientContext context;
  const auto stream = stub->ModelStreamInfer(&context);
  inference::ModelInferRequest request;
  request.set_model_name("double");
  auto& input = *request.add_inputs();
  input.set_name("data");
  input.set_datatype("FP32");
  input.add_shape(1);
  for (float value : {1, 2, 3}) {
    input.mutable_contents()->clear_fp32_contents();
    input.mutable_contents()->add_fp32_contents(value);
    ASSERT_TRUE(stream->Write(request));
  }
  stream->WritesDone();
  inference::ModelStreamInferResponse response;
  for (float value : {2, 4, 6}) {
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_THAT(response.infer_response().outputs(0).contents().fp32_contents(), ElementsAre(value));
  }
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(ServerIntegrationTest, LoadsOnlyWhatIsAskedForUnderExplicitControl) {
  harness_.options().model_control = ModelControl::kExplicit;
  StartWith("double", "_test_double float32 [-1, 2]");
  EXPECT_EQ(StatusOf(ServerHarness::FloatRequest("double", {1, 2}, {1, 2})).error_code(), grpc::StatusCode::NOT_FOUND);
  const auto stub = inference::GRPCInferenceService::NewStub(harness_.channel());
  grpc::ClientContext context;
  inference::RepositoryModelLoadRequest load;
  load.set_model_name("double");
  inference::RepositoryModelLoadResponse loaded;
  ASSERT_TRUE(stub->RepositoryModelLoad(&context, load, &loaded).ok());
  EXPECT_THAT(PredictFloats(ServerHarness::FloatRequest("double", {1, 2}, {1, 2})), ElementsAre(2, 4));
  EXPECT_EQ(Health("baryon.model/double"), "SERVING");
}

TEST_F(ServerIntegrationTest, HealthKnowsTheServerItsServicesAndItsModels) {
  harness_.AddModel("bad", 1, "no such model");
  StartWith("double", "_test_double float32 [-1, 2]");
  for (const char* service : {"", "readiness", "liveness", "inference.GRPCInferenceService",
                              "baryon.v1.PredictionService", "baryon.model/double"}) {
    EXPECT_EQ(Health(service), "SERVING") << service;
  }
  EXPECT_EQ(Health("baryon.model/bad"), "NOT_SERVING");
  EXPECT_EQ(Health("no.such.Service"), absl::StrCat("error ", grpc::StatusCode::NOT_FOUND));
}

TEST_F(ServerIntegrationTest, ReflectionListsTheServices) {
  StartWith("double", "_test_double float32 [-1, 2]");
  std::set<std::string> listed[2];  // by v1alpha, which gRPC makes of what is registered, and by v1
  for (int i = 0; i < 2; ++i) {
    RawCall call(harness_.channel(),
                 absl::StrCat("/grpc.reflection.", i == 0 ? "v1alpha" : "v1", ".ServerReflection/ServerReflectionInfo"),
                 std::string("\x3a\x01*", 3));  // list_services: "*"
    std::string answer;
    ASSERT_TRUE(call.Read(&answer));
    grpc::reflection::v1::ServerReflectionResponse response;
    ASSERT_TRUE(response.ParseFromString(answer));
    for (const auto& service : response.list_services_response().service()) listed[i].insert(service.name());
  }
  EXPECT_THAT(listed[1], testing::IsSupersetOf({"baryon.v1.PredictionService", "inference.GRPCInferenceService",
                                                "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"}));
  EXPECT_EQ(listed[0], listed[1]);
}

TEST_F(ServerIntegrationTest, UnknownMethodsAreUnimplemented) {
  StartWith("double", "_test_double float32 [-1, 2]");
  RawCall call(harness_.channel(), "/inference.GRPCInferenceService/NoSuchMethod", "");
  EXPECT_EQ(call.status().error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(ServerIntegrationTest, BytesThatAreNoGrpcHurtNobody) {
  StartWith("double", "_test_double float32 [-1, 2]");
  ExchangeBytes(harness_.server().grpc_port(), "GET / HTTP/1.1\r\n\r\n");
  RawCall call(harness_.channel(), "/baryon.v1.PredictionService/Predict", "\xff\xff\xff");
  EXPECT_FALSE(call.status().ok());
  EXPECT_THAT(PredictFloats(ServerHarness::FloatRequest("double", {1, 2}, {1, 2})), ElementsAre(2, 4));
}

TEST_F(ServerIntegrationTest, DrainAnswersWhatIsInFlightAndTakesNothingNew) {
  StartWith("gate", "_test_gate float32 [-1, 1]");
  TestGate gate;
  std::vector<float> answer;
  std::thread client([&] { answer = PredictFloats(ServerHarness::FloatRequest("gate", {1, 1}, {5})); });
  gate.WaitForArrival();
  std::thread drain([&] { harness_.server().Drain(absl::Minutes(1)); });
  while (!absl::StartsWith(HttpGet(harness_.server().http_port(), "/v2/health/ready"), "HTTP/1.1 503")) {
    std::this_thread::yield();
  }
  // A new request is refused, at the latest once the port is closed.
  while (StatusOf(ServerHarness::FloatRequest("no-such-model", {1, 1}, {5})).error_code() !=
         grpc::StatusCode::UNAVAILABLE) {
    std::this_thread::yield();
  }
  gate.Open();
  client.join();
  drain.join();
  EXPECT_THAT(answer, ElementsAre(5));
}

TEST_F(ServerIntegrationTest, DrainDoesNotWaitForThoseWhoWatchItsHealth) {
  StartWith("double", "_test_double float32 [-1, 2]");
  RawCall watch(harness_.channel(), "/grpc.health.v1.Health/Watch", "");
  std::string answer;
  ASSERT_TRUE(watch.Read(&answer));
  EXPECT_EQ(answer, "\x08\x01");
  harness_.server().Drain(absl::InfiniteDuration());
  ASSERT_TRUE(watch.Read(&answer));
  EXPECT_EQ(answer, "\x08\x02") << "told that the server no longer serves";
}

}  // namespace
}  // namespace baryon
