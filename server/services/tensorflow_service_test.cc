#include "server/services/tensorflow_service.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/tensorflow_serving.grpc.pb.h"
#include "server/testing/service_tester.h"

namespace baryon {
namespace {

namespace tfs = tensorflow::serving;
using testing::ElementsAre;
using testing::HasSubstr;

class TensorFlowServiceTest : public testing::Test {
 protected:
  TensorFlowServiceTest() {
    tester_.AddModel("double", 3, GraphOf("_test_double", "float32 [-1, 2]"));
    tester_.AddModel("double", 5, GraphOf("_test_double", "float32 [-1, 2]"));
    tester_.registry().SetLoading("slow", 1);
    tester_.registry().SetFailed("broken", 1, absl::DataLossError("its file is torn"));
    tester_.registry().SetLabels("double", {{"stable", 3}});
  }

  std::unique_ptr<tfs::PredictionService::Stub> Predictions() {
    return tfs::PredictionService::NewStub(
        tester_.Serve(MakeTensorFlowPredictionService(control_, tester_.calls(), 1 << 20)));
  }
  std::unique_ptr<tfs::ModelService::Stub> Models() {
    return tfs::ModelService::NewStub(tester_.Serve(MakeTensorFlowModelService(control_, tester_.calls())));
  }

  static tfs::PredictRequest DoubleOf(float a, float b) {
    tfs::PredictRequest request;
    request.mutable_model_spec()->set_name("double");
    auto& input = (*request.mutable_inputs())["data"];
    input.set_dtype(tensorflow::DT_FLOAT);
    input.mutable_tensor_shape()->add_dim()->set_size(1);
    input.mutable_tensor_shape()->add_dim()->set_size(2);
    input.add_float_val(a);
    input.add_float_val(b);
    return request;
  }

  grpc::ClientContext& context() {
    context_ = std::make_unique<grpc::ClientContext>();
    return *context_;
  }

  ServiceTester tester_;
  const TensorFlowControl control_{tester_.registry()};
  std::unique_ptr<grpc::ClientContext> context_;
};

TEST_F(TensorFlowServiceTest, Predicts) {
  const auto stub = Predictions();
  tfs::PredictResponse response;
  ASSERT_TRUE(stub->Predict(&context(), DoubleOf(1, 2), &response).ok());
  EXPECT_THAT(response.outputs().at("out").float_val(), ElementsAre(2, 4));
  EXPECT_EQ(response.model_spec().version().value(), 5);
}

TEST_F(TensorFlowServiceTest, ChoosesAVersionByNumberAndByLabel) {
  const auto stub = Predictions();
  tfs::PredictRequest request = DoubleOf(1, 2);
  request.mutable_model_spec()->mutable_version()->set_value(3);
  tfs::PredictResponse response;
  ASSERT_TRUE(stub->Predict(&context(), request, &response).ok());
  EXPECT_EQ(response.model_spec().version().value(), 3);
  request.mutable_model_spec()->set_version_label("stable");
  ASSERT_TRUE(stub->Predict(&context(), request, &response).ok());
  EXPECT_EQ(response.model_spec().version().value(), 3);
  request.mutable_model_spec()->set_version_label("canary");
  const grpc::Status status = stub->Predict(&context(), request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("\"canary\""));
  request.mutable_model_spec()->mutable_version()->set_value(0);
  ASSERT_TRUE(stub->Predict(&context(), request, &response).ok());
  EXPECT_EQ(response.model_spec().version().value(), 5);
  for (const int64_t version : {int64_t{-1}, int64_t{4}}) {
    request.mutable_model_spec()->mutable_version()->set_value(version);
    EXPECT_EQ(stub->Predict(&context(), request, &response).error_code(), grpc::StatusCode::NOT_FOUND) << version;
  }
}

TEST_F(TensorFlowServiceTest, KnowsOneSignature) {
  const auto stub = Predictions();
  tfs::PredictRequest request = DoubleOf(1, 2);
  request.mutable_model_spec()->set_signature_name("serving_default");
  tfs::PredictResponse response;
  EXPECT_TRUE(stub->Predict(&context(), request, &response).ok());
  request.mutable_model_spec()->set_signature_name("other");
  EXPECT_EQ(stub->Predict(&context(), request, &response).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(TensorFlowServiceTest, DescribesTheSignature) {
  const auto stub = Predictions();
  tfs::GetModelMetadataRequest request;
  request.mutable_model_spec()->set_name("double");
  tfs::GetModelMetadataResponse response;
  EXPECT_EQ(stub->GetModelMetadata(&context(), request, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request.add_metadata_field("signature_def");
  ASSERT_TRUE(stub->GetModelMetadata(&context(), request, &response).ok());
  tfs::SignatureDefMap signatures;
  ASSERT_TRUE(response.metadata().at("signature_def").UnpackTo(&signatures));
  const auto& signature = signatures.signature_def().at("serving_default");
  EXPECT_EQ(signature.method_name(), "tensorflow/serving/predict");
  EXPECT_EQ(signature.inputs().at("data").dtype(), tensorflow::DT_FLOAT);
  EXPECT_EQ(signature.inputs().at("data").tensor_shape().dim(0).size(), -1);
  EXPECT_EQ(signature.outputs().at("out").tensor_shape().dim(1).size(), 2);
  request.add_metadata_field("assets");
  EXPECT_EQ(stub->GetModelMetadata(&context(), request, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(TensorFlowServiceTest, TellsTheStateOfVersions) {
  const auto stub = Models();
  const auto status_of = [&](const std::string& name) {
    tfs::GetModelStatusRequest request;
    request.mutable_model_spec()->set_name(name);
    tfs::GetModelStatusResponse response;
    EXPECT_TRUE(stub->GetModelStatus(&context(), request, &response).ok());
    return response;
  };
  const tfs::GetModelStatusResponse both = status_of("double");
  ASSERT_EQ(both.model_version_status_size(), 2);
  EXPECT_EQ(both.model_version_status(1).version(), 5);
  EXPECT_EQ(both.model_version_status(1).state(), tfs::ModelVersionStatus::AVAILABLE);
  EXPECT_EQ(status_of("slow").model_version_status(0).state(), tfs::ModelVersionStatus::LOADING);
  const tfs::GetModelStatusResponse broken = status_of("broken");
  EXPECT_EQ(broken.model_version_status(0).state(), tfs::ModelVersionStatus::END);
  EXPECT_EQ(broken.model_version_status(0).status().error_code(), tensorflow::error::DATA_LOSS);
  EXPECT_EQ(broken.model_version_status(0).status().error_message(), "its file is torn");
  tfs::GetModelStatusRequest request;
  request.mutable_model_spec()->set_name("none");
  tfs::GetModelStatusResponse response;
  EXPECT_EQ(stub->GetModelStatus(&context(), request, &response).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(TensorFlowServiceTest, SaysWhyItDoesNotDoTheRest) {
  const auto stub = Predictions();
  tfs::ClassificationResponse classified;
  const grpc::Status status = stub->Classify(&context(), {}, &classified);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_THAT(status.error_message(), HasSubstr("use Predict"));
  tfs::RegressionResponse regressed;
  EXPECT_EQ(stub->Regress(&context(), {}, &regressed).error_code(), grpc::StatusCode::UNIMPLEMENTED);
  tfs::MultiInferenceResponse inferred;
  EXPECT_EQ(stub->MultiInference(&context(), {}, &inferred).error_code(), grpc::StatusCode::UNIMPLEMENTED);
  tfs::ReloadConfigResponse reloaded;
  const grpc::Status reload = Models()->HandleReloadConfigRequest(&context(), {}, &reloaded);
  EXPECT_EQ(reload.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_THAT(reload.error_message(), HasSubstr("config.pbtxt"));
}

}  // namespace
}  // namespace baryon
