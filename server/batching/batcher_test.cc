#include "server/batching/batcher.h"

#include <memory>
#include <optional>
#include <utility>

#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/batching/testing/batcher_tester.h"

namespace baryon {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;

// --- Batches

TEST_F(BatcherTest, RunsAShortPassOnTheThreadThatBroughtIt) {
  Batcher batcher = Make(RunningHere());
  Answer a, b;
  batcher.Submit(RequestOf({1}, a));
  EXPECT_THAT(a.values(), ElementsAre(2)) << "before Submit returned";
  batcher.Submit(RequestOf({-1}, b));
  EXPECT_THAT(b.status(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(executor_.num_tasks(), 0u);
}

TEST_F(BatcherTest, NothingRunsHereForAClientThatHasGoneOrADeadlineThatHasPassed) {
  Batcher batcher = Make(RunningHere());
  Answer a, b;
  std::stop_source client;
  client.request_stop();
  Batcher::Request request = RequestOf({1}, a);
  request.stop = client.get_token();
  batcher.Submit(std::move(request));
  EXPECT_THAT(a.status(), StatusIs(absl::StatusCode::kCancelled));
  batcher.Submit(RequestDue(kMs / 2, b));
  EXPECT_EQ(b.refusal(), Refusal::kDeadlineUnreachable);
  EXPECT_THAT(batches_, IsEmpty());
}

TEST_F(BatcherTest, WhatRunsHereIsWeighedLikeWhatWaits) {
  compute_time_ = kMs / 2;
  Batcher batcher = Make(RunningHere());
  Answer a, b;
  batcher.Submit(RequestOf({1}, a));
  batcher.Submit(RequestOf({1}, b));
  const Batcher::Report report = batcher.report();
  EXPECT_LT(report.correction, 1) << "passes take less than was measured";
  EXPECT_EQ(report.rows_per_second, 2000);
  EXPECT_EQ(report.running, 0);
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

// Each of three requests brings the next while it is computed; a pass takes 150 us of the 200 us that a thread gives.
TEST_F(BatcherTest, WhatComesDuringAShortPassRunsThereTooButNotForLong) {
  const Batcher::Options options = RunningHere();
  compute_time_ = absl::Microseconds(150);
  Answer answers[3];
  size_t brought = 1;
  std::optional<Batcher> batcher;
  batcher.emplace(
      options,
      [&](const Tensors& inputs, int) {
        const size_t next = brought++;
        if (next < 3) batcher->Submit(RequestOf({static_cast<float>(next)}, answers[next]));
        return Double(inputs);
      },
      executor_, executor_.clock());
  batcher->Submit(RequestOf({0}, answers[0]));
  EXPECT_THAT(answers[0].values(), ElementsAre(0));
  EXPECT_THAT(answers[1].values(), ElementsAre(2));
  EXPECT_FALSE(answers[2].outputs.has_value()) << "the thread has something else to do";
  executor_.RunAll();
  EXPECT_THAT(answers[2].values(), ElementsAre(4));
}

TEST_F(BatcherTest, AnAnswerMayEndTheBatcherThatRunsOnItsThread) {
  std::optional<Batcher> batcher(Make(RunningHere()));
  Answer answer;
  Batcher::Request request = RequestOf({1}, answer);
  request.done = [&, done = std::move(request.done)](absl::StatusOr<Tensors> outputs,
                                                     const Batcher::Timing& timing) mutable {
    done(std::move(outputs), timing);
    batcher.reset();
  };
  batcher->Submit(std::move(request));
  EXPECT_THAT(answer.values(), ElementsAre(2));
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

TEST_F(BatcherTest, WaitsForThoseWhomTheLastBatchAnsweredWhereTheyUseToComeBack) {
  compute_time_ = 10 * kMs;
  Batcher batcher = Make(Measured(10 * kMs, 8));
  Answer answers[4];
  const auto ask = [&](int first, int last) {
    for (int i = first; i < last; ++i) {
      answers[i] = Answer();
      batcher.Submit(RequestOf({1}, answers[i]));
    }
    executor_.RunAll();
  };
  for (int round = 0; round < 10; ++round) ask(0, 4);
  EXPECT_THAT(batches_, Each(4));
  batches_.clear();
  ask(0, 1);
  EXPECT_THAT(batches_, IsEmpty()) << "three more are about to come";
  executor_.Advance(kMs);
  ask(1, 3);
  EXPECT_THAT(batches_, IsEmpty()) << "one more";
  ask(3, 4);
  EXPECT_THAT(batches_, ElementsAre(4));
  EXPECT_EQ(answers[0].timing.queued, kMs);
  ask(0, 1);
  executor_.Advance(10 * kMs);  // what a pass of its own costs beside its row
  executor_.RunAll();
  EXPECT_THAT(batches_, ElementsAre(4, 1));
  for (int round = 0; round < 10; ++round) ask(0, 4);
  batches_.clear();
  ask(0, 1);
  Answer urgent;
  batcher.Submit(RequestDue(10 * kMs, urgent));
  executor_.RunAll();
  EXPECT_THAT(batches_, ElementsAre(2)) << "no time to wait for the others";
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
    executor_.Advance(20 * kMs);  // who did not fit waits for the next round, in vain
    executor_.RunAll();
  }
  EXPECT_LT(batcher.report().max_rows, 8);
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

TEST_F(BatcherTest, DoesNotCountTheRowsThatItsCallerHasCounted) {
  Batcher batcher = Make(Joining());
  Answer counted[2], uncounted;
  for (Answer& answer : counted) {
    Batcher::Request request = RequestOf({1}, answer);
    request.rows = 5;
    batcher.Submit(std::move(request));
  }
  batcher.Submit(RequestOf({1, 2}, uncounted));
  EXPECT_EQ(batcher.report().queued_rows, 5 + 5 + 2);
  executor_.RunAll();
}

TEST_F(BatcherTest, WhatItsCallerFoundToHaveNoCommonRowsRunsAlone) {
  Batcher batcher = Make(Joining());
  Answer answers[2];
  for (Answer& answer : answers) {
    Batcher::Request request = RequestOf({1}, answer);
    request.rows = 0;
    batcher.Submit(std::move(request));
  }
  EXPECT_EQ(batcher.report().queued_rows, 2);
  executor_.RunAll();
  EXPECT_THAT(batches_, ElementsAre(1, 1));
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

}  // namespace
}  // namespace baryon
