#include "server/services/inference_service.h"

#include <memory>
#include <string>

#include "absl/synchronization/notification.h"
#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/inference.grpc.pb.h"
#include "server/testing/infer_request.h"
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
    stub_ = inference::GRPCInferenceService::NewStub(tester_.Serve(MakeInferenceService(control_, tester_.calls())));
  }

  // A request to model "double" for twice `a` and `b`.
  static inference::ModelInferRequest DoubleOf(float a, float b) { return InferRequestFor("double", {a, b}); }

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
  SharedMemoryRegistry regions_{/*allowed=*/true};
  InferenceControl control_{tester_.registry(), tester_.manager(), regions_, ready_};
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
  inference::ModelInferRequest request = DoubleOf(1, 2);
  request.set_model_version("3");
  request.set_id("request-7");
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

TEST_F(InferenceServiceTest, TellsConfigurationAndStatistics) {
  inference::ModelInferResponse inferred;
  ASSERT_TRUE(stub_->ModelInfer(&context(), DoubleOf(1, 2), &inferred).ok());
  inference::ModelConfigRequest config_request;
  config_request.set_name("double");
  inference::ModelConfigResponse config;
  ASSERT_TRUE(stub_->ModelConfig(&context(), config_request, &config).ok());
  EXPECT_EQ(config.config().input(0).name(), "data");
  inference::ModelStatisticsResponse statistics;
  ASSERT_TRUE(stub_->ModelStatistics(&context(), {}, &statistics).ok());
  ASSERT_EQ(statistics.model_stats_size(), 2);
  EXPECT_EQ(statistics.model_stats(1).version(), "5");
  EXPECT_EQ(statistics.model_stats(1).execution_count(), 1);
}

TEST_F(InferenceServiceTest, LoadsAndUnloadsByRequest) {
  tester_.WriteModel("late", 1, "_test_double float32 [-1, 2]");
  inference::RepositoryModelLoadRequest load;
  load.set_model_name("late");
  inference::RepositoryModelLoadResponse loaded;
  ASSERT_TRUE(stub_->RepositoryModelLoad(&context(), load, &loaded).ok());
  EXPECT_TRUE(loaded.is_loaded());
  EXPECT_TRUE(ModelReady("late", ""));
  inference::RepositoryModelUnloadRequest unload;
  unload.set_repository_name("late");  // as KServe's clients write it
  inference::RepositoryModelUnloadResponse unloaded;
  ASSERT_TRUE(stub_->RepositoryModelUnload(&context(), unload, &unloaded).ok());
  EXPECT_EQ(unloaded.model_name(), "late");
  EXPECT_FALSE(ModelReady("late", ""));

  inference::RepositoryIndexResponse index;
  ASSERT_TRUE(stub_->RepositoryIndex(&context(), {}, &index).ok());
  EXPECT_EQ(index.models(3).name(), "late");
  EXPECT_EQ(index.models(3).state(), "UNAVAILABLE");
}

TEST_F(InferenceServiceTest, ModelsMayComeWithTheirFilesWhereThatIsAllowed) {
  inference::RepositoryModelLoadRequest load;
  load.set_model_name("brought");
  auto& parameters = *load.mutable_parameters();
  parameters["config"].set_string_param("{}");
  parameters["file:2/model"].set_bytes_param("_test_double float32 [-1, 2]");
  inference::RepositoryModelLoadResponse loaded;
  EXPECT_EQ(stub_->RepositoryModelLoad(&context(), load, &loaded).error_code(), grpc::StatusCode::UNIMPLEMENTED);
  InferenceControl control(tester_.registry(), tester_.manager(), regions_, ready_, /*uploads=*/true);
  absl::Notification done;
  control.Load(load, [&](const absl::Status& status) {
    EXPECT_OK(status);
    done.Notify();
  });
  done.WaitForNotification();
  EXPECT_TRUE(ModelReady("brought", "2"));
}

TEST_F(InferenceServiceTest, SaysWhyAModelCannotBeLoaded) {
  tester_.WriteModel("broken", 1, "bad");
  inference::RepositoryModelLoadRequest load;
  load.set_model_name("broken");
  inference::RepositoryModelLoadResponse loaded;
  EXPECT_THAT(stub_->RepositoryModelLoad(&context(), load, &loaded).error_message(), HasSubstr("it says bad"));
  (*load.mutable_parameters())["file:1/model"].set_bytes_param("");
  EXPECT_EQ(stub_->RepositoryModelLoad(&context(), load, &loaded).error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(InferenceServiceTest, TellsSettingsAndRefusesToChangeThem) {
  inference::LogSettingsRequest request;
  inference::LogSettingsResponse log;
  ASSERT_TRUE(stub_->LogSettings(&context(), request, &log).ok());
  EXPECT_TRUE(log.settings().at("log_error").bool_param());
  (*request.mutable_settings())["log_info"].set_bool_param(false);
  EXPECT_EQ(stub_->LogSettings(&context(), request, &log).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  inference::TraceSettingResponse trace;
  ASSERT_TRUE(stub_->TraceSetting(&context(), {}, &trace).ok());
  EXPECT_THAT(trace.settings().at("trace_level").value(), ElementsAre("OFF"));
}

}  // namespace
}  // namespace baryon
