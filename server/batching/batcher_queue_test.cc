// Who is answered first, who is refused, and what becomes of those who go.
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/batching/testing/batcher_tester.h"

namespace baryon {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// --- Priorities and deadlines

TEST_F(BatcherTest, UrgentRequestsGoFirst) {
  Batcher batcher = Make(Joining(1));
  std::vector<int> order;
  const auto submit = [&](int name, Priority priority, absl::Duration time) {
    Batcher::Request request;
    request.inputs = {Tensor::FromData<float>({1, 1}, {1})};
    request.priority = priority;
    request.deadline = executor_.now() + time;
    request.done = [&order, name](absl::StatusOr<Tensors>, const Batcher::Timing&) { order.push_back(name); };
    batcher.Submit(std::move(request));
  };
  submit(1, Priority::kLow, 10 * kMs);
  submit(2, Priority::kNormal, 30 * kMs);
  submit(3, Priority::kNormal, 20 * kMs);
  submit(4, Priority::kHigh, 90 * kMs);
  executor_.RunAll();
  EXPECT_THAT(order, ElementsAre(4, 3, 2, 1));
}

TEST_F(BatcherTest, NeverComputesWhatExpiredInTheQueue) {
  Batcher batcher = Make(Joining());
  Answer late, in_time;
  batcher.Submit(RequestDue(5 * kMs, late));
  batcher.Submit(RequestOf({2}, in_time));
  executor_.Advance(4 * kMs);
  EXPECT_FALSE(late.outputs.has_value());
  executor_.Advance(kMs);
  EXPECT_EQ(late.refusal(), Refusal::kDeadlineExceeded) << "answered when its time is over, not when its turn comes";
  EXPECT_THAT(late.status(), StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("5ms in the queue")));
  EXPECT_EQ(late.timing.batch_rows, 0);
  executor_.RunAll();
  EXPECT_OK(in_time.status());
  EXPECT_THAT(batches_, ElementsAre(1));
}

TEST_F(BatcherTest, RefusesWhatHasExpiredOnArrival) {
  Batcher batcher = Make(Joining());
  Answer answer;
  batcher.Submit(RequestDue(absl::ZeroDuration(), answer));
  EXPECT_EQ(answer.refusal(), Refusal::kDeadlineExceeded);
  EXPECT_EQ(executor_.num_tasks(), 0u);
}

TEST_F(BatcherTest, RefusesAtOnceWhatCannotMeetItsDeadline) {
  Batcher batcher = Make(Measured(10 * kMs));
  Answer answers[100];
  for (Answer& answer : answers) batcher.Submit(RequestDue(kMs, answer));
  for (Answer& answer : answers) EXPECT_EQ(answer.refusal(), Refusal::kDeadlineUnreachable);
  executor_.RunAll();
  EXPECT_THAT(batches_, IsEmpty()) << "no core was used for any of them";
}

TEST_F(BatcherTest, DoesNotComputeWhatHasNoTimeLeftWhenItsTurnComes) {
  Batcher batcher = Make(Measured(10 * kMs, 1));
  Answer answer;
  batcher.Submit(RequestDue(15 * kMs, answer));
  executor_.Advance(6 * kMs);  // other models had their turns
  executor_.RunAll();
  EXPECT_EQ(answer.refusal(), Refusal::kDeadlineUnreachable);
  EXPECT_THAT(batches_, IsEmpty());
}

TEST_F(BatcherTest, NobodyWaitsLongerThanAllowed) {
  Batcher batcher = Make(Joining());
  Answer answer;
  Batcher::Request request = RequestOf({1}, answer);
  request.max_wait = 20 * kMs;
  batcher.Submit(std::move(request));
  executor_.Advance(20 * kMs);
  EXPECT_EQ(answer.refusal(), Refusal::kOverload);
  EXPECT_EQ(RetryDelayOf(answer.status()), 20 * kMs);
  executor_.RunAll();
  EXPECT_THAT(batches_, IsEmpty());
}

// --- Clients that go

TEST_F(BatcherTest, NeverComputesWhatWasCancelledInTheQueue) {
  Batcher batcher = Make(Joining());
  Answer answer, other;
  std::stop_source client;
  Batcher::Request request = RequestOf({1}, answer);
  request.stop = client.get_token();
  batcher.Submit(std::move(request));
  batcher.Submit(RequestOf({2}, other));
  client.request_stop();
  EXPECT_EQ(answer.refusal(), Refusal::kCancelled) << "at that moment";
  EXPECT_EQ(batcher.queued_requests(), 1);
  executor_.RunAll();
  EXPECT_THAT(batches_, ElementsAre(1));
}

TEST_F(BatcherTest, NeverQueuesWhatWasCancelledBefore) {
  Batcher batcher = Make(Joining());
  Answer answer;
  std::stop_source client;
  client.request_stop();
  Batcher::Request request = RequestOf({1}, answer);
  request.stop = client.get_token();
  batcher.Submit(std::move(request));
  EXPECT_EQ(answer.refusal(), Refusal::kCancelled);
  EXPECT_EQ(executor_.num_tasks(), 0u);
}

TEST_F(BatcherTest, AClientThatGoesDuringThePassIsAnsweredOnce) {
  std::stop_source client;
  Batcher batcher(
      Joining(),
      [&](const Tensors& inputs, int) -> absl::StatusOr<Tensors> {
        client.request_stop();
        return inputs;
      },
      executor_, executor_.clock());
  Answer answer;
  Batcher::Request request = RequestOf({1}, answer);
  request.stop = client.get_token();
  batcher.Submit(std::move(request));
  executor_.RunAll();
  EXPECT_OK(answer.status());
  EXPECT_EQ(answer.timing.batch_rows, 1) << "it was computed";
}

TEST_F(BatcherTest, APoisonedBatchIsNotRepeatedForWhoHasGone) {
  std::stop_source client;
  std::vector<int64_t> batches;
  Batcher batcher(
      Joining(),
      [&](const Tensors& inputs, int) -> absl::StatusOr<Tensors> {
        batches.push_back(inputs[0].shape()[0]);
        client.request_stop();
        return absl::InternalError("broken");
      },
      executor_, executor_.clock());
  Answer gone, stays;
  Batcher::Request request = RequestOf({1}, gone);
  request.stop = client.get_token();
  batcher.Submit(std::move(request));
  batcher.Submit(RequestOf({2}, stays));
  executor_.RunAll();
  EXPECT_THAT(batches, ElementsAre(2, 1));
  EXPECT_EQ(gone.refusal(), Refusal::kCancelled);
}

TEST_F(BatcherTest, TheLastOneOutMayTakeTheBatcherAlong) {
  auto batcher = std::make_unique<Batcher>(Make(Joining()));
  Answer answer;
  std::stop_source client;
  Batcher::Request request = RequestOf({1}, answer);
  request.stop = client.get_token();
  request.done = [&](absl::StatusOr<Tensors> outputs, const Batcher::Timing&) {
    answer.outputs = std::move(outputs);
    batcher.reset();
  };
  batcher->Submit(std::move(request));
  client.request_stop();
  EXPECT_EQ(answer.refusal(), Refusal::kCancelled);
  executor_.RunAll();
}

// --- Load

TEST_F(BatcherTest, RefusesRowsBeyondTheLimitOfTheQueue) {
  Batcher::Options options = Joining();
  options.limits.rows = 4;
  Batcher batcher = Make(options);
  Answer a, b, c;
  batcher.Submit(RequestOf({1, 2, 3}, a));
  batcher.Submit(RequestOf({4, 5}, b));
  EXPECT_THAT(b.status(),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("model \"double\": 3 rows queued, limit 4")));
  EXPECT_EQ(b.refusal(), Refusal::kQueueFull);
  EXPECT_TRUE(RetryDelayOf(b.status()).has_value());
  batcher.Submit(RequestOf({6}, c));
  executor_.RunAll();
  EXPECT_OK(a.status());
  EXPECT_OK(c.status());
}

TEST_F(BatcherTest, RefusesWhatWouldWaitTooLong) {
  Batcher batcher = Make(Measured(10 * kMs, 2));
  Answer answers[20];
  for (Answer& answer : answers) {
    Batcher::Request request = RequestOf({1}, answer);
    request.max_wait = 50 * kMs;
    batcher.Submit(std::move(request));
  }
  compute_time_ = 10 * kMs;
  executor_.RunAll();
  const auto accepted =
      std::count_if(std::begin(answers), std::end(answers), [](const Answer& a) { return a.outputs->ok(); });
  EXPECT_EQ(accepted, 6) << "three passes of two rows start within 25 ms";
  EXPECT_THAT(batches_, Each(2));
  EXPECT_EQ(answers[19].refusal(), Refusal::kOverload);
  EXPECT_EQ(RetryDelayOf(answers[19].status()), 30 * kMs);
}

TEST_F(BatcherTest, SaysBeforehandWhatItWouldRefuse) {
  Batcher batcher = Make(Measured(10 * kMs, 2));
  const auto admit = [&](absl::Duration time, absl::Duration max_wait) {
    return RefusalOf(batcher.Admit(executor_.now(), executor_.now() + time, max_wait, Priority::kNormal));
  };
  EXPECT_EQ(admit(absl::Seconds(1), 15 * kMs), std::nullopt);
  EXPECT_EQ(admit(9 * kMs, 15 * kMs), Refusal::kDeadlineUnreachable);
  Answer answers[6];
  for (Answer& answer : answers) batcher.Submit(RequestOf({1}, answer));
  EXPECT_EQ(admit(absl::Seconds(1), 15 * kMs), Refusal::kOverload);
  executor_.RunAll();
}

TEST_F(BatcherTest, RecoversFromOverloadWithoutABacklog) {
  Batcher batcher = Make(Measured(10 * kMs, 1));
  compute_time_ = 10 * kMs;
  std::vector<Answer> answers(1100);
  const auto submit = [&](Answer& answer) {
    Batcher::Request request = RequestOf({1}, answer);
    request.max_wait = 100 * kMs;
    batcher.Submit(std::move(request));
  };
  size_t next = 0;
  for (int pass = 0; pass < 200; ++pass) {  // five times what it can take
    for (int i = 0; i < 5; ++i) submit(answers[next++]);
    executor_.RunOne();
  }
  const auto accepted = std::count_if(answers.begin(), answers.begin() + 1000,
                                      [](const Answer& a) { return !a.outputs.has_value() || a.outputs->ok(); });
  EXPECT_GE(accepted, 200);
  EXPECT_LE(batcher.queued_requests(), 9) << "what 80 ms can hold";
  for (int pass = 0; pass < 50; ++pass) {  // half of it
    submit(answers[next++]);
    executor_.RunOne();
    executor_.RunOne();
  }
  EXPECT_EQ(batcher.queued_requests(), 0);
  for (size_t i = 1000; i < next; ++i) EXPECT_OK(answers[i].status());
}

TEST_F(BatcherTest, AdaptsWhenTheProcessorIsThrottled) {
  Batcher batcher = Make(Measured(10 * kMs, 1));
  compute_time_ = 50 * kMs;
  int refused_late = 0;
  for (int pass = 0; pass < 200; ++pass) {
    std::vector<Answer> answers(2);
    for (Answer& answer : answers) {
      Batcher::Request request = RequestOf({1}, answer);
      request.max_wait = 300 * kMs;
      request.done = [&, pass, &answer = answer](absl::StatusOr<Tensors> outputs, const Batcher::Timing& timing) {
        answer.outputs = outputs;
        if (pass >= 50 && !outputs.ok() && timing.queued > absl::ZeroDuration()) ++refused_late;
      };
      batcher.Submit(std::move(request));
    }
    while (!answers[0].outputs.has_value() || !answers[1].outputs.has_value()) executor_.RunOne();
  }
  EXPECT_NEAR(batcher.report().correction, 5, 0.3);
  EXPECT_EQ(refused_late, 0) << "after fifty batches nobody is taken who will not be answered";
}

}  // namespace
}  // namespace baryon
