#include "server/services/inference_admin.h"

#include <memory>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/inference.pb.h"
#include "server/testing/manual_executor.h"
#include "server/testing/test_models.h"

namespace baryon {
namespace {

using testing::ElementsAre;

class InferenceAdminTest : public testing::Test {
 protected:
  std::shared_ptr<ServedModel> Model(const std::string& type, bool joins) {
    Batcher::Options options;
    options.policy.join = joins;
    options.policy.max_rows = 16;
    OpenedModel opened{MakeExecutable(GraphOf("_test_double", type), pool_), {}, std::nullopt};
    return std::make_shared<ServedModel>("m", 4, std::move(opened), options, executor_, metrics_.ForModel("m", 4));
  }

  ThreadPool pool_{1};
  ManualExecutor executor_;
  ServerMetrics metrics_{"1"};
};

TEST_F(InferenceAdminTest, ConfigOfAModelThatJoinsRequestsLeavesTheBatchOut) {
  inference::ModelConfig config;
  DescribeConfig(*Model("float32 [-1, 3]", true), config);
  EXPECT_EQ(config.max_batch_size(), 16);
  EXPECT_TRUE(config.has_dynamic_batching());
  EXPECT_EQ(config.input(0).name(), "data");
  EXPECT_EQ(config.input(0).data_type(), inference::TYPE_FP32);
  EXPECT_THAT(config.input(0).dims(), ElementsAre(3));
  EXPECT_THAT(config.output(0).dims(), ElementsAre(3));
}

TEST_F(InferenceAdminTest, ConfigOfAnyOtherModelHasWholeShapes) {
  inference::ModelConfig config;
  DescribeConfig(*Model("float32 [-1, 3]", false), config);
  EXPECT_EQ(config.max_batch_size(), 0);
  EXPECT_FALSE(config.has_dynamic_batching());
  EXPECT_THAT(config.input(0).dims(), ElementsAre(-1, 3));
}

TEST_F(InferenceAdminTest, StatisticsAreInNanosecondsAndCountRowsAndPasses) {
  const auto model = Model("float32 [-1, 3]", true);
  model->metrics().CountArrival();
  model->metrics().CountAnswer(Protocol::kOpenInference, Transport::kGrpc, absl::StatusCode::kOk,
                               {absl::Microseconds(9), absl::Microseconds(2), {}, {}, {}});
  model->metrics().CountBatch(3);
  inference::ModelStatistics statistics;
  DescribeStatistics(*model, statistics);
  EXPECT_EQ(statistics.inference_count(), 3);
  EXPECT_EQ(statistics.execution_count(), 1);
  EXPECT_GT(statistics.last_inference(), 0);
  EXPECT_EQ(statistics.inference_stats().success().count(), 1);
  EXPECT_EQ(statistics.inference_stats().success().ns(), 9000);
  EXPECT_EQ(statistics.inference_stats().queue().ns(), 2000);
  EXPECT_EQ(statistics.inference_stats().fail().count(), 0);
}

TEST_F(InferenceAdminTest, IndexNamesStateAndReasonOfEveryVersion) {
  ModelRegistry registry;
  registry.Publish(Model("float32 [-1, 3]", true));
  registry.SetFailed("m", 5, absl::DataLossError("it is broken"));
  registry.SetLoading("slow", 1);
  inference::RepositoryIndexResponse response;
  DescribeIndex(registry.List(), {{"asleep", 2, "", {}, ""}, {"m", 4, "", {}, ""}}, false, response);
  std::vector<std::string> lines;
  for (const auto& model : response.models()) {
    lines.push_back(model.name() + " " + model.version() + " " + model.state() + " " + model.reason());
  }
  EXPECT_THAT(lines, ElementsAre("asleep 2 UNAVAILABLE not loaded", "m 4 READY ", "m 5 UNAVAILABLE it is broken",
                                 "slow 1 LOADING "));
}

TEST_F(InferenceAdminTest, IndexCanLeaveOutWhatDoesNotServe) {
  ModelRegistry registry;
  registry.Publish(Model("float32 [-1, 3]", true));
  registry.SetLoading("slow", 1);
  inference::RepositoryIndexResponse response;
  DescribeIndex(registry.List(), {}, true, response);
  ASSERT_EQ(response.models_size(), 1);
  EXPECT_EQ(response.models(0).name(), "m");
}

}  // namespace
}  // namespace baryon
