#include "server/batching/batcher.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/synchronization/notification.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/refusal.h"
#include "server/testing/manual_executor.h"

namespace baryon {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr absl::Duration kMs = absl::Milliseconds(1);

// A model that doubles its input [rows, 1] and refuses negative elements; notes the rows of every batch. A pass takes
// `compute_time_`.
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
    std::optional<Refusal> refusal() const { return RefusalOf(status()); }
  };

  static Batcher::Options Joining(int64_t max_rows = 32) {
    Batcher::Options options;
    options.model = "model \"double\"";
    options.policy.join = true;
    options.policy.max_rows = max_rows;
    return options;
  }
  // The same, and it is known that passes take that long.
  static Batcher::Options Measured(absl::Duration pass, int64_t max_rows = 32) {
    Batcher::Options options = Joining(max_rows);
    for (int64_t rows : {int64_t{1}, max_rows}) options.costs.Set(1, rows, {pass, pass});
    return options;
  }

  Batcher Make(Batcher::Options options) {
    return Batcher(
        std::move(options), [this](const Tensors& inputs, int) { return Double(inputs); }, executor_,
        executor_.clock());
  }

  absl::StatusOr<Tensors> Double(const Tensors& inputs) {
    batches_.push_back(inputs[0].shape()[0]);
    last_input_ = inputs[0].raw_data();
    executor_.Advance(compute_time_);
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
    request.may_run_here = true;
    request.done = [&answer](absl::StatusOr<Tensors> outputs, const Batcher::Timing& timing) {
      EXPECT_FALSE(answer.outputs.has_value()) << "answered twice";
      answer = {std::move(outputs), timing};
    };
    return request;
  }
  Batcher::Request RequestDue(absl::Duration time, Answer& answer) {
    Batcher::Request request = RequestOf({1}, answer);
    request.deadline = executor_.now() + time;
    return request;
  }

  ManualExecutor executor_;
  absl::Duration compute_time_;
  std::vector<int64_t> batches_;
  const void* last_input_ = nullptr;
};

// --- Batches

TEST_F(BatcherTest, RunsAShortPassOnTheThreadThatBroughtIt) {
  Batcher::Options options = Measured(kMs);
  options.policy.run_here = kMs;
  executor_.set_runs_here(true);
  Batcher batcher = Make(options);
  Answer a, b;
  batcher.Submit(RequestOf({1}, a));
  EXPECT_THAT(a.values(), ElementsAre(2)) << "before Submit returned";
  batcher.Submit(RequestOf({-1}, b));
  EXPECT_THAT(b.status(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(executor_.num_tasks(), 0u);
}

TEST_F(BatcherTest, HandsOverWhatIsLongOrUnknownOrFindsNoCoreFree) {
  Batcher::Options unknown = Joining();
  unknown.policy.run_here = kMs;
  Batcher::Options measured = Measured(2 * kMs);
  measured.policy.run_here = kMs;
  executor_.set_runs_here(true);
  Batcher of_unknown = Make(unknown), of_long = Make(measured);
  measured.policy.run_here = 2 * kMs;
  Batcher of_short = Make(measured);
  Answer a, b, c, d;
  Batcher::Request request = RequestOf({1}, d);
  request.may_run_here = false;
  of_short.Submit(std::move(request));
  EXPECT_THAT(batches_, IsEmpty());
  executor_.RunAll();
  of_unknown.Submit(RequestOf({1}, a));
  of_long.Submit(RequestOf({1}, b));
  of_short.Submit(RequestOf({1}, c));  // whose turn comes after the two
  EXPECT_THAT(batches_, ElementsAre(1));
  executor_.RunAll();
  EXPECT_THAT(batches_, ElementsAre(1, 1, 1, 1));
}

TEST_F(BatcherTest, WhatComesDuringAShortPassGoesToTheExecutor) {
  Batcher::Options options = Measured(kMs);
  options.policy.run_here = kMs;
  executor_.set_runs_here(true);
  Answer a, b;
  std::optional<Batcher> batcher;
  bool first = true;
  batcher.emplace(
      options,
      [&](const Tensors& inputs, int) {
        if (std::exchange(first, false)) batcher->Submit(RequestOf({2}, b));
        return Double(inputs);
      },
      executor_, executor_.clock());
  batcher->Submit(RequestOf({1}, a));
  EXPECT_THAT(a.values(), ElementsAre(2));
  EXPECT_FALSE(b.outputs.has_value());
  executor_.RunAll();
  EXPECT_THAT(b.values(), ElementsAre(4));
}

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

TEST_F(BatcherTest, RunsRequestsOneByOneWhenItMayNotJoinThem) {
  Batcher::Options options = Joining();
  options.policy.join = false;
  Batcher batcher = Make(options);
  Answer a, b;
  batcher.Submit(RequestOf({1}, a));
  batcher.Submit(RequestOf({2}, b));
  executor_.RunAll();
  EXPECT_THAT(batches_, ElementsAre(1, 1));
}

TEST_F(BatcherTest, FillsABatchUpToItsLimit) {
  Batcher batcher = Make(Joining(3));
  Answer a, b, c, d;
  batcher.Submit(RequestOf({1, 2}, a));
  batcher.Submit(RequestOf({3, 4}, b));
  batcher.Submit(RequestOf({5}, c));  // fits beside `a` where `b` does not
  batcher.Submit(RequestOf({6, 7, 8, 9, 10}, d));
  executor_.RunAll();
  EXPECT_THAT(batches_, ElementsAre(3, 2, 5)) << "a request of more rows than a batch runs alone";
  EXPECT_THAT(c.values(), ElementsAre(10));
}

TEST_F(BatcherTest, JoinsOnlyShapesThatDifferInRows) {
  Batcher batcher = Make(Joining());
  Answer narrow, wide, also_narrow;
  batcher.Submit(RequestOf({1}, narrow));
  Batcher::Request request = RequestOf({}, wide);
  request.inputs = {Tensor::FromData<float>({1, 2}, {2, 3})};
  batcher.Submit(std::move(request));
  batcher.Submit(RequestOf({4}, also_narrow));
  executor_.RunAll();
  EXPECT_THAT(batches_, ElementsAre(2, 1));
  EXPECT_THAT(wide.values(), ElementsAre(4, 6));
}

TEST_F(BatcherTest, UsesAsManySlotsAsItHas) {
  Batcher::Options options = Joining();
  options.policy.slots = 2;
  Batcher batcher = Make(options);
  Answer answers[3];
  for (Answer& answer : answers) batcher.Submit(RequestOf({1}, answer));
  EXPECT_EQ(executor_.num_tasks(), 2u);
  executor_.RunAll();
}

TEST_F(BatcherTest, PassesItsSlotOnBeforeItAnswers) {
  Batcher batcher = Make(Joining(1));
  Answer second;
  size_t tasks = 0;
  Batcher::Request request;
  request.inputs = {Tensor::FromData<float>({1, 1}, {1})};
  request.done = [&](absl::StatusOr<Tensors>, const Batcher::Timing&) { tasks = executor_.num_tasks(); };
  batcher.Submit(std::move(request));
  batcher.Submit(RequestOf({2}, second));
  executor_.RunOne();
  EXPECT_EQ(tasks, 1u) << "the next batch may start while this one is being encoded";
  executor_.RunAll();
}

TEST_F(BatcherTest, GivesOtherModelsATurnBetweenBatches) {
  Batcher hot = Make(Joining(1));
  Batcher cold = Make(Joining(1));
  Answer hot_answers[3], cold_answer;
  for (Answer& answer : hot_answers) hot.Submit(RequestOf({1}, answer));
  cold.Submit(RequestOf({1}, cold_answer));
  executor_.RunOne();
  executor_.RunOne();
  EXPECT_TRUE(cold_answer.outputs.has_value());
  EXPECT_FALSE(hot_answers[1].outputs.has_value());
  executor_.RunAll();
}

TEST_F(BatcherTest, WaitsForCompanyOnlyAsLongAsThePolicyAllows) {
  Batcher::Options options = Measured(10 * kMs, 8);
  options.policy.best_rows = 8;
  options.policy.max_delay = 5 * kMs;
  Batcher batcher = Make(options);
  Answer answers[3];
  for (int i = 0; i < 2; ++i) {  // so that it knows the rate
    batcher.Submit(RequestOf({1}, answers[i]));
    executor_.Advance(kMs);
  }
  executor_.RunAll();
  batcher.Submit(RequestOf({1}, answers[2]));
  executor_.RunAll();
  EXPECT_THAT(batches_, IsEmpty()) << "waiting for five more";
  executor_.Advance(3 * kMs);
  executor_.RunAll();
  EXPECT_THAT(batches_, ElementsAre(3));
  EXPECT_EQ(answers[0].timing.queued, 5 * kMs);
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

TEST_F(BatcherTest, TakesSmallerBatchesWhileTheyTakeTooLong) {
  Batcher::Options options = Measured(10 * kMs, 8);
  options.policy.objective = 10 * kMs;
  Batcher batcher = Make(options);
  // Neither is every pass slower, nor are all as fast as they should be: large batches are what was measured wrongly.
  for (int round = 0; round < 40; ++round) {
    Answer answers[8];
    for (Answer& answer : answers) batcher.Submit(RequestOf({1}, answer));
    compute_time_ = round % 2 == 0 ? 12 * kMs : 8 * kMs;
    executor_.RunAll();
  }
  EXPECT_LT(batcher.report().max_rows, 8);
}

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
  EXPECT_EQ(accepted, 10) << "five passes of two rows start within 40 ms";
  EXPECT_THAT(batches_, Each(2));
  EXPECT_EQ(answers[19].refusal(), Refusal::kOverload);
  EXPECT_EQ(RetryDelayOf(answers[19].status()), 50 * kMs);
}

TEST_F(BatcherTest, SaysBeforehandWhatItWouldRefuse) {
  Batcher batcher = Make(Measured(10 * kMs, 2));
  const auto admit = [&](absl::Duration time, absl::Duration max_wait) {
    return RefusalOf(batcher.Admit(executor_.now() + time, max_wait, Priority::kNormal));
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

// --- Life and figures

TEST_F(BatcherTest, ReportsTheTimeInTheQueueAndInTheModel) {
  Batcher batcher = Make(Joining());
  Answer a, b;
  batcher.Submit(RequestOf({1}, a));
  executor_.Advance(3 * kMs);
  batcher.Submit(RequestOf({1}, b));
  compute_time_ = 7 * kMs;
  executor_.RunAll();
  EXPECT_EQ(a.timing.queued, 3 * kMs);
  EXPECT_EQ(b.timing.queued, absl::ZeroDuration());
  EXPECT_EQ(a.timing.computed, 7 * kMs);
  EXPECT_EQ(b.timing.computed, 7 * kMs);
  EXPECT_EQ(a.timing.batch_rows, 2);
}

TEST_F(BatcherTest, ReportsWhatItDoes) {
  Batcher batcher = Make(Measured(10 * kMs, 4));
  Answer answers[12];
  for (Answer& answer : answers) {
    batcher.Submit(RequestOf({1}, answer));
    executor_.Advance(2 * kMs);
  }
  const Batcher::Report report = batcher.report();
  EXPECT_EQ(report.policy.max_rows, 4);
  EXPECT_EQ(report.queued_requests, 12);
  EXPECT_EQ(report.queued_rows, 12);
  EXPECT_EQ(report.queued_bytes, 48);
  EXPECT_EQ(report.predicted_wait, 30 * kMs);
  EXPECT_NEAR(report.rows_per_second, 500, 1);
  executor_.RunAll();
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

// The same whether passes run where requests come in or not.
class BatcherThreadsTest : public testing::TestWithParam<absl::Duration> {};
INSTANTIATE_TEST_SUITE_P(, BatcherThreadsTest, testing::Values(absl::ZeroDuration(), absl::InfiniteDuration()));

TEST_P(BatcherThreadsTest, ManyClientsAtOnceGetTheirOwnAnswers) {
  ThreadExecutor executor(2);
  Batcher::Options options;
  options.costs.Set(1, 1, {kMs, kMs});
  options.policy.run_here = GetParam();
  options.policy.join = true;
  options.policy.max_rows = 4;
  options.policy.slots = 2;
  Batcher batcher(
      options, [](const Tensors& inputs, int) -> absl::StatusOr<Tensors> { return inputs; }, executor);
  std::vector<std::thread> clients;
  for (int client = 0; client < 8; ++client) {
    clients.emplace_back([&batcher, client] {
      for (int i = 0; i < 200; ++i) {
        const float value = static_cast<float>(client * 1000 + i);
        absl::Notification answered;
        Batcher::Request request;
        request.may_run_here = true;
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

// Clients go at any moment: each request is answered exactly once, and rows are computed for no more than were answered
// or had started to be computed when their client went.
TEST_P(BatcherThreadsTest, ClientsThatGoAtAnyMomentAreAnsweredOnce) {
  std::atomic<int64_t> rows_computed{0}, rows_told{0}, answers{0};
  constexpr int kClients = 4, kRequests = 300;
  {
    ThreadExecutor executor(2);
    Batcher::Options options;
    options.costs.Set(1, 1, {kMs, kMs});
    options.policy.run_here = GetParam();
    options.policy.join = true;
    options.policy.max_rows = 8;
    Batcher batcher(
        options,
        [&](const Tensors& inputs, int) -> absl::StatusOr<Tensors> {
          rows_computed += inputs[0].shape()[0];
          return inputs;
        },
        executor);
    std::vector<std::thread> clients;
    for (int client = 0; client < kClients; ++client) {
      clients.emplace_back([&, client] {
        for (int i = 0; i < kRequests; ++i) {
          std::stop_source source;
          Batcher::Request request;
          request.may_run_here = true;
          request.inputs = {Tensor::FromData<float>({1, 1}, {1})};
          request.stop = source.get_token();
          request.done = [&](absl::StatusOr<Tensors> outputs, const Batcher::Timing& timing) {
            ++answers;
            rows_told += timing.batch_rows > 0 ? 1 : 0;
            EXPECT_EQ(outputs.ok(), timing.batch_rows > 0);
          };
          batcher.Submit(std::move(request));
          if ((i + client) % 3 != 0) source.request_stop();
        }
      });
    }
    for (std::thread& client : clients) client.join();
  }
  EXPECT_EQ(answers, kClients * kRequests);
  EXPECT_EQ(rows_computed, rows_told);
}

}  // namespace
}  // namespace baryon
