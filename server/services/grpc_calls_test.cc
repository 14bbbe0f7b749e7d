// Who may call what, for every method of every service.
#include "server/services/grpc_calls.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "proto/inference.pb.h"
#include "proto/predict.pb.h"
#include "proto/registry.pb.h"
#include "proto/rpc_status.pb.h"
#include "proto/tensorflow_serving.pb.h"
#include "server/services/health_service.h"
#include "server/services/inference_service.h"
#include "server/services/model_puller.h"
#include "server/services/predict_service.h"
#include "server/services/registry_service.h"
#include "server/services/tensorflow_service.h"
#include "server/testing/service_tester.h"

namespace baryon {
namespace {

constexpr char kUse[] = "use-me-please", kControl[] = "master-of-all";

// Calls of methods by their names, with empty messages.
class GrpcCallsTest : public testing::Test {
 protected:
  GrpcCallsTest() {
    tester_.UseTokens(kUse, kControl);
    tester_.AddModel("double", 1, GraphOf("_test_double", "float32 [-1, 2]"));
  }

  // The names of all methods of a service, "/package.Service/Method".
  static std::vector<std::string> MethodsOf(const google::protobuf::FileDescriptor* file, int service) {
    std::vector<std::string> names;
    const google::protobuf::ServiceDescriptor* const descriptor = file->service(service);
    for (int i = 0; i < descriptor->method_count(); ++i) {
      names.push_back(absl::StrCat("/", descriptor->full_name(), "/", descriptor->method(i)->name()));
    }
    return names;
  }

  static grpc::Status Call(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                           const std::string& token,
                           const grpc::ByteBuffer& message = grpc::ByteBuffer(std::make_unique<grpc::Slice>().get(),
                                                                              1)) {
    grpc::ClientContext context;
    if (!token.empty()) context.AddMetadata("authorization", absl::StrCat("Bearer ", token));
    grpc::GenericStub stub(channel);
    grpc::CompletionQueue queue;
    const auto call = stub.PrepareCall(&context, method, &queue);
    void* tag;
    bool ok;
    call->StartCall(nullptr);
    queue.Next(&tag, &ok);
    call->WriteLast(message, grpc::WriteOptions(), nullptr);
    queue.Next(&tag, &ok);
    for (grpc::ByteBuffer answer; ok;) {
      call->Read(&answer, nullptr);
      queue.Next(&tag, &ok);
    }
    grpc::Status status;
    call->Finish(&status, nullptr);
    queue.Next(&tag, &ok);
    return status;
  }

  // Every method but those that are open needs a token, and those for control theirs.
  void ExpectGuarded(std::unique_ptr<grpc::Service> service, const std::vector<std::string>& methods) {
    const auto channel = tester_.Serve(std::move(service));
    for (const std::string& method : methods) {
      const bool open = absl::EndsWith(method, "/ServerLive") || absl::EndsWith(method, "/ServerReady") ||
                        absl::EndsWith(method, "/ModelReady");
      const bool control = absl::StrContains(method, "Load") || absl::StrContains(method, "Unload") ||
                           absl::StrContains(method, "Pull") || absl::StrContains(method, "Reload");
      const auto code = [&](const std::string& token) { return Call(channel, method, token).error_code(); };
      EXPECT_EQ(code("") == grpc::StatusCode::UNAUTHENTICATED, !open) << method;
      EXPECT_EQ(code("wrong-token") == grpc::StatusCode::UNAUTHENTICATED, !open) << method;
      EXPECT_NE(code(kUse), grpc::StatusCode::UNAUTHENTICATED) << method;
      EXPECT_EQ(code(kUse) == grpc::StatusCode::PERMISSION_DENIED, control) << method;
      EXPECT_NE(code(kControl), grpc::StatusCode::PERMISSION_DENIED) << method;
      EXPECT_NE(code(kControl), grpc::StatusCode::UNAUTHENTICATED) << method;
    }
  }

  ServiceTester tester_;
};

TEST_F(GrpcCallsTest, GuardsTheOpenInferenceProtocol) {
  const std::atomic<bool> ready{true};
  SharedMemoryRegistry regions(/*allowed=*/true);
  InferenceControl control(tester_.registry(), tester_.manager(), regions, ready);
  ExpectGuarded(MakeInferenceService(control, tester_.calls()),
                MethodsOf(inference::ModelInferRequest::descriptor()->file(), 0));
}

TEST_F(GrpcCallsTest, GuardsTheNativeApi) {
  ExpectGuarded(MakePredictService(tester_.calls()), MethodsOf(v1::PredictRequest::descriptor()->file(), 0));
  ModelPuller puller(nullptr, [] {});
  ExpectGuarded(MakeRegistryService(tester_.registry(), tester_.manager(), puller, tester_.calls()),
                MethodsOf(v1::GetModelRequest::descriptor()->file(), 0));
}

TEST_F(GrpcCallsTest, GuardsTensorFlowServing) {
  const TensorFlowControl control(tester_.registry());
  const auto* const file = tensorflow::serving::PredictRequest::descriptor()->file();
  ExpectGuarded(MakeTensorFlowPredictionService(control, tester_.calls(), 1000), MethodsOf(file, 0));
  ExpectGuarded(MakeTensorFlowModelService(control, tester_.calls()), MethodsOf(file, 1));
}

TEST_F(GrpcCallsTest, BytesThatAreNoMessageAreAnError) {
  const auto channel = tester_.Serve(MakePredictService(tester_.calls()));
  const grpc::Slice slice("\xff\xff\xff");
  const grpc::Status status = Call(channel, "/baryon.v1.PredictionService/Predict", kUse, grpc::ByteBuffer(&slice, 1));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(GrpcCallsTest, ErrorsCarryDetails) {
  const auto channel = tester_.Serve(MakePredictService(tester_.calls()));
  v1::PredictRequest request;
  request.mutable_model_spec()->set_name("double");
  request.add_inputs()->set_dtype("float99");
  const grpc::Slice slice(request.SerializeAsString());
  const grpc::Status status = Call(channel, "/baryon.v1.PredictionService/Predict", kUse, grpc::ByteBuffer(&slice, 1));
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(details.details(0).UnpackTo(&info));
  EXPECT_EQ(info.metadata().at("field"), "inputs[0].dtype");
}

}  // namespace
}  // namespace baryon
