#include "server/batching/request_queue.h"

#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class RequestQueueTest : public testing::Test {
 protected:
  // A request of `rows` rows that can be joined with others of its key, and must start by the given millisecond.
  QueuedRequest& Push(int start_by_ms, Priority priority = Priority::kNormal, const char* key = "same",
                      int64_t rows = 1) {
    auto request = std::make_unique<QueuedRequest>();
    request->request.priority = priority;
    request->start_by = At(start_by_ms);
    request->rows = rows;
    request->bytes = 10 * rows;
    if (key != nullptr) request->key = key;
    QueuedRequest& pushed = *request;
    queue_.Push(std::move(request));
    return pushed;
  }

  static absl::Time At(int ms) { return absl::UnixEpoch() + absl::Milliseconds(ms); }

  // When those must start whose turns come, one after the other.
  std::vector<int64_t> Turns() {
    std::vector<int64_t> turns;
    while (QueuedRequest* first = queue_.First()) turns.push_back(absl::ToUnixMillis(queue_.Take(*first)->start_by));
    return turns;
  }

  RequestQueue queue_;
};

TEST_F(RequestQueueTest, TheEarliestDeadlineGoesFirst) {
  for (int ms : {30, 10, 20, 10}) Push(ms);
  EXPECT_THAT(Turns(), ElementsAre(10, 10, 20, 30));
  EXPECT_TRUE(queue_.empty());
  EXPECT_EQ(queue_.First(), nullptr);
}

TEST_F(RequestQueueTest, EqualDeadlinesKeepTheOrderInWhichTheyCame) {
  QueuedRequest& first = Push(10);
  QueuedRequest& second = Push(10);
  EXPECT_EQ(queue_.First(), &first);
  queue_.Take(first);
  EXPECT_EQ(queue_.First(), &second);
}

TEST_F(RequestQueueTest, PriorityStandsBeforeDeadlines) {
  Push(1, Priority::kLow);
  Push(2, Priority::kNormal);
  Push(3, Priority::kHigh);
  EXPECT_THAT(Turns(), ElementsAre(3, 2, 1));
}

TEST_F(RequestQueueTest, TheLowestGetsOneTurnInTwenty) {
  Push(1, Priority::kLow);
  for (int i = 0; i < 40; ++i) Push(100 + i, Priority::kHigh);
  const std::vector<int64_t> turns = Turns();
  EXPECT_EQ(turns[19], 1);
}

TEST_F(RequestQueueTest, AnyRequestCanBeRemoved) {
  QueuedRequest& a = Push(10);
  QueuedRequest& b = Push(20);
  Push(30);
  EXPECT_EQ(b.state, QueuedRequest::State::kQueued);
  const auto removed = queue_.Remove(b);
  EXPECT_EQ(removed.get(), &b);
  EXPECT_EQ(b.state, QueuedRequest::State::kTaken);
  EXPECT_THAT(queue_.MatesOf(a, 9).size(), 1);
  EXPECT_THAT(Turns(), ElementsAre(10, 30));
}

TEST_F(RequestQueueTest, MatesShareAKeyAndStandInTheirOrder) {
  QueuedRequest& first = Push(10);
  QueuedRequest& low = Push(5, Priority::kLow);
  QueuedRequest& late = Push(30);
  QueuedRequest& soon = Push(20);
  Push(15, Priority::kNormal, "other");
  EXPECT_THAT(queue_.MatesOf(first, 9), ElementsAre(&soon, &late, &low));
  EXPECT_THAT(queue_.MatesOf(first, 1), ElementsAre(&soon));
}

TEST_F(RequestQueueTest, WhatRunsAloneHasNoMates) {
  QueuedRequest& alone = Push(10, Priority::kNormal, nullptr);
  Push(20, Priority::kNormal, nullptr);
  EXPECT_THAT(queue_.MatesOf(alone, 9), IsEmpty());
  EXPECT_THAT(Turns(), ElementsAre(10, 20));
}

TEST_F(RequestQueueTest, TakesOutWhatShouldHaveStarted) {
  Push(10);
  Push(12, Priority::kLow);
  Push(20);
  EXPECT_EQ(queue_.next_expiry(), At(10));
  EXPECT_THAT(queue_.TakeExpired(At(9)), IsEmpty());
  EXPECT_EQ(queue_.TakeExpired(At(12)).size(), 2u);
  EXPECT_EQ(queue_.next_expiry(), At(20));
  EXPECT_THAT(Turns(), ElementsAre(20));
  EXPECT_EQ(queue_.next_expiry(), absl::InfiniteFuture());
}

TEST_F(RequestQueueTest, CountsRequestsRowsAndBytes) {
  QueuedRequest& high = Push(1, Priority::kHigh, "a", 3);
  Push(1, Priority::kNormal, "a", 4);
  Push(1, Priority::kLow, "a", 5);
  EXPECT_EQ(queue_.requests(), 3);
  EXPECT_EQ(queue_.rows(), 12);
  EXPECT_EQ(queue_.bytes(), 120);
  EXPECT_EQ(queue_.RowsUpTo(Priority::kHigh), 3);
  EXPECT_EQ(queue_.RowsUpTo(Priority::kNormal), 7);
  EXPECT_EQ(queue_.RowsUpTo(Priority::kLow), 12);
  queue_.Remove(high);
  EXPECT_EQ(queue_.requests(), 2);
  EXPECT_EQ(queue_.rows(), 9);
  EXPECT_EQ(queue_.bytes(), 90);
  EXPECT_EQ(queue_.RowsUpTo(Priority::kHigh), 0);
}

}  // namespace
}  // namespace baryon
