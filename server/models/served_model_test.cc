#include "server/models/served_model.h"

#include <memory>
#include <optional>

#include "absl/synchronization/notification.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/testing/manual_executor.h"
#include "server/testing/test_models.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ServedModelTest : public testing::Test {
 protected:
  std::unique_ptr<const ServedModel> Make(absl::string_view op, bool join_requests) {
    OpenedModel opened;
    opened.executable = MakeExecutable(GraphOf(op, "float32 [-1, 1]"), pool_);
    Batcher::Options options;
    options.policy.join = join_requests;
    options.policy.max_rows = 32;
    return std::make_unique<ServedModel>("m", 1, std::move(opened), options, executor_, metrics_.ForModel("m", 1));
  }

  static Batcher::Request RequestOf(float value, std::optional<absl::StatusOr<Tensors>>& answer) {
    Batcher::Request request;
    request.inputs = {Tensor::FromData<float>({1, 1}, {value})};
    request.done = [&answer](absl::StatusOr<Tensors> outputs, const Batcher::Timing&) { answer = std::move(outputs); };
    return request;
  }

  ThreadPool pool_{1};
  ManualExecutor executor_;
  ServerMetrics metrics_{"1"};
};

TEST_F(ServedModelTest, AnswersAndCountsBatches) {
  const auto model = Make("_test_double", true);
  std::optional<absl::StatusOr<Tensors>> a, b;
  model->Predict(RequestOf(1, a));
  model->Predict(RequestOf(2, b));
  executor_.RunAll();
  EXPECT_THAT((**a)[0].span<float>(), ElementsAre(2));
  EXPECT_THAT((**b)[0].span<float>(), ElementsAre(4));
  EXPECT_THAT(metrics_.ToText(), HasSubstr("baryon_inferences_total{model=\"m\",version=\"1\"} 2"));
  EXPECT_THAT(metrics_.ToText(), HasSubstr("baryon_executions_total{model=\"m\",version=\"1\"} 1"));
}

TEST_F(ServedModelTest, GivesItsMemoryBackAfterTheLastPass) {
  absl::Notification freed;
  auto model = Make("_test_double", true);
  model->OnFreed([&] { freed.Notify(); });
  std::optional<absl::StatusOr<Tensors>> answer;
  Batcher::Request request = RequestOf(1, answer);
  request.done = [&](absl::StatusOr<Tensors> outputs, const Batcher::Timing&) {
    answer = std::move(outputs);
    model.reset();
    EXPECT_FALSE(freed.HasBeenNotified()) << "the pass still holds the weights";
  };
  model->Predict(std::move(request));
  executor_.RunAll();
  EXPECT_OK(*answer);
  freed.WaitForNotification();
}

TEST_F(ServedModelTest, OneRowIsNotPoisonedByAnother) {
  const auto model = Make("_test_refuse_negative", true);
  std::optional<absl::StatusOr<Tensors>> good, bad;
  model->Predict(RequestOf(1, good));
  model->Predict(RequestOf(-1, bad));
  executor_.RunAll();
  EXPECT_OK(*good);
  EXPECT_THAT(*bad, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("negative")));
}

TEST_F(ServedModelTest, ShowsHowManyRequestsWait) {
  const auto model = Make("_test_double", true);
  std::optional<absl::StatusOr<Tensors>> a, b;
  model->Predict(RequestOf(1, a));
  model->Predict(RequestOf(2, b));
  model->UpdateGauges();
  EXPECT_THAT(metrics_.ToText(), HasSubstr("baryon_queue_depth{model=\"m\",version=\"1\"} 2"));
  executor_.RunAll();
}

TEST_F(ServedModelTest, RefusesMoreRowsThanItsConfigurationAllows) {
  OpenedModel opened;
  opened.executable = MakeExecutable(GraphOf("_test_double", "float32 [-1, 1]"), pool_);
  ModelSettings settings;
  settings.max_request_rows = 2;
  const ServedModel model("m", 1, std::move(opened), {}, executor_, metrics_.ForModel("m", 1), executor_.clock(),
                          settings);
  std::optional<absl::StatusOr<Tensors>> answer;
  Batcher::Request request = RequestOf(1, answer);
  request.inputs = {Tensor::Zeros({DType::kFloat32, {3, 1}})};
  model.Predict(std::move(request));
  EXPECT_THAT(*answer, StatusIs(absl::StatusCode::kInvalidArgument,
                                "model \"m\": expected at most 2 rows (max_batch_size), got 3"));
}

TEST_F(ServedModelTest, InputsOfDifferentRowsAreAnErrorOfTheirRequestAlone) {
  OpenedModel opened;
  opened.executable = MakeExecutable(
      "input a: float32 [-1, 1]\ninput b: float32 [-1, 1]\nsum = elemwise_add(a, b)\noutput out = sum\n", pool_);
  const ServedModel model("m", 1, std::move(opened), {}, executor_, metrics_.ForModel("m", 1));
  std::optional<absl::StatusOr<Tensors>> bad, good;
  Batcher::Request uneven = RequestOf(1, bad), even = RequestOf(1, good);
  uneven.inputs.push_back(Tensor::Zeros({DType::kFloat32, {2, 1}}));
  even.inputs.push_back(Tensor::Zeros({DType::kFloat32, {1, 1}}));
  model.Predict(std::move(uneven));
  model.Predict(std::move(even));
  executor_.RunAll();
  EXPECT_THAT(*bad, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_OK(*good);
}

TEST_F(ServedModelTest, NobodyWaitsLongerThanItsConfigurationAllows) {
  OpenedModel opened;
  opened.executable = MakeExecutable(GraphOf("_test_double", "float32 [-1, 1]"), pool_);
  ModelSettings settings;
  settings.max_wait[static_cast<int>(Priority::kNormal)] = absl::Milliseconds(5);
  const ServedModel model("m", 1, std::move(opened), {}, executor_, metrics_.ForModel("m", 1), executor_.clock(),
                          settings);
  std::optional<absl::StatusOr<Tensors>> answer;
  model.Predict(RequestOf(1, answer));
  executor_.Advance(absl::Milliseconds(5));
  EXPECT_THAT(*answer, StatusIs(absl::StatusCode::kResourceExhausted));
  executor_.RunAll();
}

TEST_F(ServedModelTest, KnowsWhenItWasUsedLast) {
  OpenedModel opened;
  opened.executable = MakeExecutable(GraphOf("_test_double", "float32 [-1, 1]"), pool_);
  const ServedModel model("m", 1, std::move(opened), {}, executor_, metrics_.ForModel("m", 1), executor_.clock());
  executor_.Advance(absl::Seconds(3));
  std::optional<absl::StatusOr<Tensors>> answer;
  model.Predict(RequestOf(1, answer));
  EXPECT_EQ(model.last_used(), absl::UnixEpoch() + absl::Seconds(3));
  executor_.RunAll();
}

TEST_F(ServedModelTest, ExplainsItself) {
  const auto model = Make("_test_double", true);
  const ModelPlan plan = model->plan();
  EXPECT_EQ(plan.name, "m");
  EXPECT_TRUE(plan.batching.policy.join);
  EXPECT_EQ(plan.max_wait, absl::InfiniteDuration());
}

TEST_F(ServedModelTest, TheLastRequestMayReleaseIt) {
  std::shared_ptr<const ServedModel> model = Make("_test_double", true);
  Batcher::Request request;
  request.inputs = {Tensor::FromData<float>({1, 1}, {3})};
  bool answered = false;
  const ServedModel* serving = model.get();
  request.done = [&answered, model = std::move(model)](absl::StatusOr<Tensors> outputs,
                                                       const Batcher::Timing&) mutable {
    model.reset();
    answered = outputs.ok();
  };
  serving->Predict(std::move(request));
  executor_.RunAll();
  EXPECT_TRUE(answered);
}

}  // namespace
}  // namespace baryon
