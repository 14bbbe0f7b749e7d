#include "server/services/inference_service.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/inference.grpc.pb.h"
#include "server/testing/service_tester.h"
#include "server/version.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class InferenceServiceTest : public testing::Test {
 protected:
  InferenceServiceTest() {
    tester_.AddModel("double", 3, GraphOf("_test_double", "float32 [-1, 2]"));
    tester_.AddModel("double", 5, GraphOf("_test_double", "float32 [-1, 2]"));
    tester_.registry().SetLoading("double", 6);
    tester_.registry().SetLoading("slow", 1);
    stub_ = inference::GRPCInferenceService::NewStub(
        tester_.Serve(MakeInferenceService(tester_.registry(), tester_.predictor(), ready_)));
  }

  bool ModelReady(const std::string& name, const std::string& version) {
    inference::ModelReadyRequest request;
    request.set_name(name);
    request.set_version(version);
    inference::ModelReadyResponse response;
    EXPECT_TRUE(stub_->ModelReady(&context(), request, &response).ok());
    return response.ready();
  }

  grpc::ClientContext& context() {
    context_ = std::make_unique<grpc::ClientContext>();
    return *context_;
  }

  std::atomic<bool> ready_{false};
  ServiceTester tester_;
  std::unique_ptr<inference::GRPCInferenceService::Stub> stub_;
  std::unique_ptr<grpc::ClientContext> context_;
};

TEST_F(InferenceServiceTest, IsLiveAlwaysAndReadyWhenTheServerIs) {
  inference::ServerLiveResponse live;
  ASSERT_TRUE(stub_->ServerLive(&context(), {}, &live).ok());
  EXPECT_TRUE(live.live());
  inference::ServerReadyResponse ready;
  ASSERT_TRUE(stub_->ServerReady(&context(), {}, &ready).ok());
  EXPECT_FALSE(ready.ready());
  ready_ = true;
  ASSERT_TRUE(stub_->ServerReady(&context(), {}, &ready).ok());
  EXPECT_TRUE(ready.ready());
}

TEST_F(InferenceServiceTest, AModelIsReadyWhenItServes) {
  EXPECT_TRUE(ModelReady("double", ""));
  EXPECT_TRUE(ModelReady("double", "3"));
  EXPECT_FALSE(ModelReady("double", "6"));
  EXPECT_FALSE(ModelReady("slow", ""));
  EXPECT_FALSE(ModelReady("unknown", ""));
}

TEST_F(InferenceServiceTest, RefusesVersionsThatAreNoNumbers) {
  inference::ModelReadyRequest request;
  request.set_name("double");
  request.set_version("latest");
  inference::ModelReadyResponse response;
  EXPECT_EQ(stub_->ModelReady(&context(), request, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(InferenceServiceTest, DescribesTheServer) {
  inference::ServerMetadataResponse response;
  ASSERT_TRUE(stub_->ServerMetadata(&context(), {}, &response).ok());
  EXPECT_EQ(response.name(), "baryon");
  EXPECT_EQ(response.version(), kServerVersion);
}

TEST_F(InferenceServiceTest, DescribesAModel) {
  inference::ModelMetadataRequest request;
  request.set_name("double");
  inference::ModelMetadataResponse response;
  ASSERT_TRUE(stub_->ModelMetadata(&context(), request, &response).ok());
  EXPECT_EQ(response.name(), "double");
  EXPECT_THAT(response.versions(), ElementsAre("3", "5"));
  EXPECT_EQ(response.platform(), "mxnet_mxnet");
  ASSERT_EQ(response.inputs_size(), 1);
  EXPECT_EQ(response.inputs(0).name(), "data");
  EXPECT_EQ(response.inputs(0).datatype(), "FP32");
  EXPECT_THAT(response.inputs(0).shape(), ElementsAre(-1, 2));
  ASSERT_EQ(response.outputs_size(), 1);
  EXPECT_EQ(response.outputs(0).name(), "out");
  EXPECT_THAT(response.outputs(0).shape(), ElementsAre(-1, 2));
}

TEST_F(InferenceServiceTest, AModelThatLoadsIsUnavailable) {
  inference::ModelMetadataRequest request;
  request.set_name("slow");
  inference::ModelMetadataResponse response;
  const grpc::Status status = stub_->ModelMetadata(&context(), request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("still loading"));
}

TEST_F(InferenceServiceTest, InfersWithTheVersionAskedAndEchoesTheId) {
  inference::ModelInferRequest request;
  request.set_model_name("double");
  request.set_model_version("3");
  request.set_id("request-7");
  auto& input = *request.add_inputs();
  input.set_name("data");
  input.set_datatype("FP32");
  input.add_shape(1);
  input.add_shape(2);
  input.mutable_contents()->add_fp32_contents(1);
  input.mutable_contents()->add_fp32_contents(2);
  inference::ModelInferResponse response;
  ASSERT_TRUE(stub_->ModelInfer(&context(), request, &response).ok());
  EXPECT_EQ(response.model_version(), "3");
  EXPECT_EQ(response.id(), "request-7");
  EXPECT_THAT(response.outputs(0).contents().fp32_contents(), ElementsAre(2, 4));
}

TEST_F(InferenceServiceTest, AVersionThatIsNoNumberEndsTheRequest) {
  inference::ModelInferRequest request;
  request.set_model_name("double");
  request.set_model_version("-1");
  inference::ModelInferResponse response;
  const grpc::Status status = stub_->ModelInfer(&context(), request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("expected a version number, got \"-1\""));
}

}  // namespace
}  // namespace baryon
