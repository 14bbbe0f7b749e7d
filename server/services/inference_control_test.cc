#include "server/services/inference_control.h"

#include <string>

#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/testing/service_tester.h"
#include "server/version.h"

namespace baryon {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

const absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;

class InferenceControlTest : public testing::Test {
 protected:
  InferenceControlTest() {
    for (const int64_t version : {3, 5}) {
      tester_.AddModel("double", version, GraphOf("_test_double", "float32 [-1, 2]"));
    }
  }

  // How a load of "double" with the parameter `key` ends, when it ends at once.
  absl::Status Load(const std::string& key, const std::string& value) {
    inference::RepositoryModelLoadRequest request;
    request.set_model_name("double");
    (*request.mutable_parameters())[key].set_string_param(value);
    absl::Status result = absl::UnknownError("not yet");
    control_.Load(request, [&](const absl::Status& status) { result = status; });
    return result;
  }

  std::atomic<bool> ready_{false};
  ServiceTester tester_;
  SharedMemoryRegistry regions_{/*allowed=*/true};
  InferenceControl control_{tester_.registry(), tester_.manager(), regions_, ready_};
};

TEST_F(InferenceControlTest, TellsWhatTheServerIs) {
  EXPECT_FALSE(control_.ready());
  ready_ = true;
  EXPECT_TRUE(control_.ready());
  inference::ServerMetadataResponse response;
  control_.ServerMetadata(response);
  EXPECT_EQ(response.name(), "baryon");
  EXPECT_EQ(response.version(), kServerVersion);
  EXPECT_THAT(response.extensions(), Contains("model_repository"));
}

TEST_F(InferenceControlTest, TellsWhatAModelIs) {
  inference::ModelMetadataRequest request;
  request.set_name("double");
  request.set_version("3");
  inference::ModelMetadataResponse response;
  ASSERT_OK(control_.ModelMetadata(request, response));
  EXPECT_THAT(response.versions(), ElementsAre("3", "5"));
  ASSERT_EQ(response.inputs_size(), 1);
  EXPECT_EQ(response.inputs(0).datatype(), "FP32");
  EXPECT_THAT(response.inputs(0).shape(), ElementsAre(-1, 2));
  request.set_version("4");
  EXPECT_THAT(control_.ModelMetadata(request, response), StatusIs(absl::StatusCode::kNotFound, HasSubstr("3, 5")));
}

TEST_F(InferenceControlTest, AModelThatIsNotThereIsNotReadyWhichIsNoError) {
  inference::ModelReadyRequest request;
  inference::ModelReadyResponse response;
  request.set_name("absent");
  ASSERT_OK(control_.ModelReady(request, response));
  EXPECT_FALSE(response.ready());
  request.set_version("newest");
  EXPECT_THAT(control_.ModelReady(request, response), StatusIs(kInvalid));
}

TEST_F(InferenceControlTest, StatisticsAreOfOneModelOrOfAll) {
  inference::ModelStatisticsRequest request;
  inference::ModelStatisticsResponse all, one;
  ASSERT_OK(control_.ModelStatistics(request, all));
  EXPECT_EQ(all.model_stats_size(), 2);
  request.set_name("double");
  ASSERT_OK(control_.ModelStatistics(request, one));
  ASSERT_EQ(one.model_stats_size(), 1);
  EXPECT_EQ(one.model_stats(0).version(), "5");
}

TEST_F(InferenceControlTest, NoParameterOfALoadIsDroppedInSilence) {
  EXPECT_THAT(Load("file:1/model", "x"),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("without --allow-uploads")));
  EXPECT_THAT(Load("colour", "x"), StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("colour")));
  EXPECT_THAT(Load("config", "{"), StatusIs(kInvalid, HasSubstr("config")));
}

TEST_F(InferenceControlTest, SettingsAreToldButNotChanged) {
  inference::TraceSettingRequest trace;
  inference::TraceSettingResponse trace_response;
  ASSERT_OK(control_.TraceSetting(trace, trace_response));
  EXPECT_THAT(trace_response.settings().at("trace_level").value(), ElementsAre("OFF"));
  (*trace.mutable_settings())["trace_level"].add_value("TIMESTAMPS");
  EXPECT_THAT(control_.TraceSetting(trace, trace_response), StatusIs(kInvalid, HasSubstr("trace_level")));
  inference::LogSettingsRequest log;
  inference::LogSettingsResponse log_response;
  ASSERT_OK(control_.LogSettings(log, log_response));
  EXPECT_TRUE(log_response.settings().at("log_error").bool_param());
  (*log.mutable_settings())["log_info"].set_bool_param(false);
  EXPECT_THAT(control_.LogSettings(log, log_response), StatusIs(kInvalid, HasSubstr("log_info")));
}

TEST_F(InferenceControlTest, TheNameMayStandInTheFirstField) {
  inference::RepositoryModelLoadRequest request;
  request.set_repository_name("a");
  EXPECT_EQ(InferenceControl::NameOf(request), "a");
  request.set_model_name("b");
  EXPECT_EQ(InferenceControl::NameOf(request), "b");
}

}  // namespace
}  // namespace baryon
