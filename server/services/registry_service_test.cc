#include "server/services/registry_service.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/registry.grpc.pb.h"
#include "server/testing/service_tester.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class RegistryServiceTest : public testing::Test {
 protected:
  RegistryServiceTest() {
    tester_.AddModel("double", 3, GraphOf("_test_double", "float32 [-1, 2]"));
    tester_.registry().SetFailed("double", 4, absl::DataLossError("it is broken"));
    stub_ = v1::ModelRegistry::NewStub(
        tester_.Serve(MakeRegistryService(tester_.registry(), tester_.manager(), puller_, tester_.calls())));
  }

  grpc::ClientContext& context() {
    context_ = std::make_unique<grpc::ClientContext>();
    return *context_;
  }
  grpc::Status Load(const std::string& name) {
    v1::LoadModelRequest request;
    request.set_name(name);
    v1::LoadModelResponse response;
    return stub_->LoadModel(&context(), request, &response);
  }
  grpc::Status Get(const std::string& name, v1::GetModelResponse* response) {
    v1::GetModelRequest request;
    request.set_name(name);
    return stub_->GetModel(&context(), request, response);
  }

  ModelPuller puller_{
      [](const std::string& name, const PullProgress& progress) { return progress("fetching " + name, 1, 2); }, [] {}};
  ServiceTester tester_;
  std::unique_ptr<v1::ModelRegistry::Stub> stub_;
  std::unique_ptr<grpc::ClientContext> context_;
};

TEST_F(RegistryServiceTest, ListsWhatServesAndWhatCouldNotBeLoaded) {
  v1::ListModelsResponse response;
  ASSERT_TRUE(stub_->ListModels(&context(), {}, &response).ok());
  ASSERT_EQ(response.models_size(), 2);
  EXPECT_EQ(response.models(0).state(), v1::ModelInfo::READY);
  EXPECT_EQ(response.models(0).inputs(0).dtype(), "float32");
  EXPECT_THAT(response.models(0).inputs(0).shape(), ElementsAre(-1, 2));
  EXPECT_EQ(response.models(1).state(), v1::ModelInfo::FAILED);
  EXPECT_EQ(response.models(1).error(), "it is broken");
}

TEST_F(RegistryServiceTest, LoadsAndUnloads) {
  tester_.WriteModel("late", 1, "_test_double float32 [-1, 2]");
  ASSERT_TRUE(Load("late").ok());
  v1::GetModelResponse model;
  ASSERT_TRUE(Get("late", &model).ok());
  EXPECT_EQ(model.versions(0).version(), 1);
  v1::UnloadModelRequest unload;
  unload.set_name("late");
  v1::UnloadModelResponse unloaded;
  ASSERT_TRUE(stub_->UnloadModel(&context(), unload, &unloaded).ok());
  EXPECT_EQ(Get("late", &model).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(RegistryServiceTest, SaysThatThereIsNoSuchModel) {
  EXPECT_EQ(Load("unknown").error_code(), grpc::StatusCode::NOT_FOUND);
  v1::GetModelResponse model;
  EXPECT_THAT(Get("unknown", &model).error_message(), HasSubstr("no model is called \"unknown\""));
}

TEST_F(RegistryServiceTest, PullsAndSaysHowFarItIs) {
  v1::PullModelRequest request;
  request.set_name("new");
  v1::PullModelProgress progress;
  const auto stream = stub_->PullModel(&context(), request);
  EXPECT_TRUE(stream->Read(&progress));
  EXPECT_EQ(progress.step(), "fetching new");
  EXPECT_FALSE(stream->Read(&progress));
  EXPECT_TRUE(stream->Finish().ok());
}

}  // namespace
}  // namespace baryon
