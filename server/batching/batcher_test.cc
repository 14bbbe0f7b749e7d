#include "server/batching/batcher.h"

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/testing/manual_executor.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A model that doubles its input [rows, 1] and refuses negative elements; notes the rows of every batch.
class BatcherTest : public testing::Test {
 protected:
  // What one request got.
  struct Answer {
    std::optional<absl::StatusOr<Tensors>> outputs;
    Batcher::Timing timing;

    std::vector<float> values() const {
      const absl::Span<const float> elements = (**outputs)[0].span<float>();
      return {elements.begin(), elements.end()};
    }
    absl::Status status() const { return outputs->status(); }
  };

  static Batcher::Options Joining() {
    Batcher::Options options;
    options.model = "model \"double\"";
    options.join_requests = true;
    return options;
  }

  Batcher Make(Batcher::Options options) {
    return Batcher(
        std::move(options), [this](const Tensors& inputs) { return Double(inputs); }, executor_,
        [this] { return now_; });
  }

  absl::StatusOr<Tensors> Double(const Tensors& inputs) {
    batches_.push_back(inputs[0].shape()[0]);
    last_input_ = inputs[0].raw_data();
    now_ += compute_time_;
    Tensor output = Tensor::Allocate(inputs[0].type());
    for (int64_t i = 0; i < output.num_elements(); ++i) {
      if (inputs[0].data<float>()[i] < 0) return absl::InvalidArgumentError("negative");
      output.mutable_data<float>()[i] = 2 * inputs[0].data<float>()[i];
    }
    return Tensors{std::move(output)};
  }

  static Batcher::Request RequestOf(std::vector<float> rows, Answer& answer) {
    Batcher::Request request;
    request.inputs = {Tensor::FromData<float>({static_cast<int64_t>(rows.size()), 1}, rows)};
    request.done = [&answer](absl::StatusOr<Tensors> outputs, const Batcher::Timing& timing) {
      EXPECT_FALSE(answer.outputs.has_value()) << "answered twice";
      answer = {std::move(outputs), timing};
    };
    return request;
  }

  ManualExecutor executor_;
  absl::Time now_ = absl::UnixEpoch();
  absl::Duration compute_time_;
  std::vector<int64_t> batches_;
  const void* last_input_ = nullptr;
};

TEST_F(BatcherTest, AnswersASingleRequestWithoutCopyingIt) {
  Batcher batcher = Make(Joining());
  Answer answer;
  Batcher::Request request = RequestOf({1, 2}, answer);
  const void* elements = request.inputs[0].raw_data();
  batcher.Submit(std::move(request));
  executor_.RunAll();
  EXPECT_THAT(answer.values(), ElementsAre(2, 4));
  EXPECT_EQ(last_input_, elements);
}

TEST_F(BatcherTest, JoinsRequestsThatWaitAtTheSameTime) {
  Batcher batcher = Make(Joining());
  Answer a, b, c;
  batcher.Submit(RequestOf({1}, a));
  batcher.Submit(RequestOf({2, 3}, b));
  batcher.Submit(RequestOf({4}, c));
  executor_.RunAll();
  EXPECT_THAT(batches_, ElementsAre(4));
  EXPECT_THAT(a.values(), ElementsAre(2));
  EXPECT_THAT(b.values(), ElementsAre(4, 6));
  EXPECT_THAT(c.values(), ElementsAre(8));
}

TEST_F(BatcherTest, StartsARequestAtOnceWhenASlotIsFree) {
  Batcher batcher = Make(Joining());
  Answer a, b;
  batcher.Submit(RequestOf({1}, a));
  EXPECT_EQ(executor_.num_tasks(), 1u);
  executor_.RunAll();
  batcher.Submit(RequestOf({2}, b));
  executor_.RunAll();
  EXPECT_THAT(batches_, ElementsAre(1, 1));
}

TEST_F(BatcherTest, KeepsModelsApartThatMixRows) {
  Batcher::Options options = Joining();
  options.join_requests = false;
  Batcher batcher = Make(options);
  Answer a, b;
  batcher.Submit(RequestOf({1}, a));
  batcher.Submit(RequestOf({2}, b));
  executor_.RunAll();
  EXPECT_THAT(batches_, ElementsAre(1, 1));
}

TEST_F(BatcherTest, FillsABatchUpToItsLimit) {
  Batcher::Options options = Joining();
  options.max_batch_rows = 3;
  Batcher batcher = Make(options);
  Answer a, b, c, d;
  batcher.Submit(RequestOf({1, 2}, a));
  batcher.Submit(RequestOf({3, 4}, b));
  batcher.Submit(RequestOf({5}, c));  // fits beside `a` where `b` does not
  batcher.Submit(RequestOf({6, 7, 8, 9, 10}, d));
  executor_.RunAll();
  EXPECT_THAT(batches_, ElementsAre(3, 2, 5));
  EXPECT_THAT(d.values(), ElementsAre(12, 14, 16, 18, 20)) << "a request above the limit runs alone";
}

TEST_F(BatcherTest, RunsRequestsOfOtherShapesInBatchesOfTheirOwn) {
  Batcher batcher = Make(Joining());
  Answer a, b, c;
  batcher.Submit(RequestOf({1}, a));
  Batcher::Request wide = RequestOf({2}, b);
  wide.inputs = {Tensor::FromData<float>({1, 2}, {2, 3})};
  batcher.Submit(std::move(wide));
  batcher.Submit(RequestOf({4}, c));
  executor_.RunAll();
  EXPECT_THAT(batches_, ElementsAre(2, 1));
  EXPECT_THAT(b.values(), ElementsAre(4, 6));
}

TEST_F(BatcherTest, UsesAsManySlotsAsItHas) {
  Batcher::Options options = Joining();
  options.max_concurrent_batches = 2;
  Batcher batcher = Make(options);
  Answer answers[3];
  for (Answer& answer : answers) batcher.Submit(RequestOf({1}, answer));
  EXPECT_EQ(executor_.num_tasks(), 2u);
}

TEST_F(BatcherTest, GivesOtherModelsATurnBetweenBatches) {
  Batcher::Options options = Joining();
  options.max_batch_rows = 1;
  Batcher hot = Make(options);
  Batcher cold = Make(options);
  Answer hot_answers[3], cold_answer;
  for (Answer& answer : hot_answers) hot.Submit(RequestOf({1}, answer));
  cold.Submit(RequestOf({1}, cold_answer));
  executor_.RunOne();
  executor_.RunOne();
  EXPECT_TRUE(cold_answer.outputs.has_value());
  EXPECT_FALSE(hot_answers[1].outputs.has_value());
  executor_.RunAll();
}

TEST_F(BatcherTest, OnlyThePoisonedRequestFails) {
  Batcher batcher = Make(Joining());
  Answer good, bad, also_good;
  batcher.Submit(RequestOf({1}, good));
  batcher.Submit(RequestOf({-1}, bad));
  batcher.Submit(RequestOf({3}, also_good));
  executor_.RunAll();
  EXPECT_THAT(batches_, ElementsAre(3, 1, 1, 1));
  EXPECT_THAT(good.values(), ElementsAre(2));
  EXPECT_THAT(bad.status(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(also_good.values(), ElementsAre(6));
}

TEST_F(BatcherTest, RefusesRowsBeyondTheLimitOfTheQueue) {
  Batcher::Options options = Joining();
  options.max_queued_rows = 4;
  Batcher batcher = Make(options);
  Answer a, b, c;
  batcher.Submit(RequestOf({1, 2, 3}, a));
  batcher.Submit(RequestOf({4, 5}, b));
  EXPECT_THAT(b.status(),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("model \"double\": 3 rows queued, limit 4")));
  batcher.Submit(RequestOf({6}, c));
  executor_.RunAll();
  EXPECT_OK(a.status());
  EXPECT_OK(c.status());
}

TEST_F(BatcherTest, AnEmptyQueueTakesARequestAboveItsLimit) {
  Batcher::Options options = Joining();
  options.max_queued_rows = 1;
  Batcher batcher = Make(options);
  Answer answer;
  batcher.Submit(RequestOf({1, 2, 3}, answer));
  executor_.RunAll();
  EXPECT_OK(answer.status());
}

TEST_F(BatcherTest, NeverComputesWhatExpiredInTheQueue) {
  Batcher batcher = Make(Joining());
  Answer late, in_time;
  Batcher::Request request = RequestOf({1}, late);
  request.deadline = now_ + absl::Milliseconds(5);
  batcher.Submit(std::move(request));
  batcher.Submit(RequestOf({2}, in_time));
  now_ += absl::Milliseconds(5);
  executor_.RunAll();
  EXPECT_THAT(late.status(), StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("5ms in the queue")));
  EXPECT_OK(in_time.status());
  EXPECT_THAT(batches_, ElementsAre(1));
}

TEST_F(BatcherTest, RefusesWhatHasExpiredOnArrival) {
  Batcher batcher = Make(Joining());
  Answer answer;
  Batcher::Request request = RequestOf({1}, answer);
  request.deadline = now_;
  batcher.Submit(std::move(request));
  EXPECT_THAT(answer.status(), StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ(executor_.num_tasks(), 0u);
}

TEST_F(BatcherTest, NeverComputesWhatWasCancelledInTheQueue) {
  Batcher batcher = Make(Joining());
  Answer answer;
  std::stop_source client;
  Batcher::Request request = RequestOf({1}, answer);
  request.stop = client.get_token();
  batcher.Submit(std::move(request));
  client.request_stop();
  executor_.RunAll();
  EXPECT_THAT(answer.status(), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_THAT(batches_, IsEmpty());
}

TEST_F(BatcherTest, ReportsTheTimeInTheQueueAndInTheModel) {
  Batcher batcher = Make(Joining());
  Answer a, b;
  batcher.Submit(RequestOf({1}, a));
  now_ += absl::Milliseconds(3);
  batcher.Submit(RequestOf({1}, b));
  compute_time_ = absl::Milliseconds(7);
  executor_.RunAll();
  EXPECT_EQ(a.timing.queued, absl::Milliseconds(3));
  EXPECT_EQ(b.timing.queued, absl::ZeroDuration());
  EXPECT_EQ(a.timing.computed, absl::Milliseconds(7));
  EXPECT_EQ(b.timing.computed, absl::Milliseconds(7));
}

TEST_F(BatcherTest, AnswersWhatIsQueuedAfterItIsGone) {
  Answer answer;
  auto batcher = std::make_unique<Batcher>(Make(Joining()));
  batcher->Submit(RequestOf({1}, answer));
  batcher.reset();
  executor_.RunAll();
  EXPECT_THAT(answer.values(), ElementsAre(2));
}

TEST_F(BatcherTest, MayGoInsideTheAnswer) {
  auto batcher = std::make_unique<Batcher>(Make(Joining()));
  Answer answer;
  Batcher::Request request = RequestOf({1}, answer);
  request.done = [&](absl::StatusOr<Tensors> outputs, const Batcher::Timing&) {
    answer.outputs = std::move(outputs);
    batcher.reset();
  };
  batcher->Submit(std::move(request));
  executor_.RunAll();
  EXPECT_OK(answer.status());
}

TEST(BatcherThreadsTest, ManyClientsAtOnceGetTheirOwnAnswers) {
  ThreadExecutor executor(2);
  Batcher::Options options;
  options.join_requests = true;
  options.max_concurrent_batches = 2;
  Batcher batcher(
      options, [](const Tensors& inputs) -> absl::StatusOr<Tensors> { return inputs; }, executor);
  std::vector<std::thread> clients;
  for (int client = 0; client < 8; ++client) {
    clients.emplace_back([&batcher, client] {
      for (int i = 0; i < 200; ++i) {
        const float value = static_cast<float>(client * 1000 + i);
        absl::Notification answered;
        Batcher::Request request;
        request.inputs = {Tensor::FromData<float>({1, 1}, {value})};
        request.done = [&](absl::StatusOr<Tensors> outputs, const Batcher::Timing&) {
          ASSERT_OK(outputs);
          EXPECT_THAT((*outputs)[0].span<float>(), ElementsAre(value));
          answered.Notify();
        };
        batcher.Submit(std::move(request));
        answered.WaitForNotification();
      }
    });
  }
  for (std::thread& client : clients) client.join();
}

}  // namespace
}  // namespace baryon
