#include "engine/base/give_way.h"

#include <optional>
#include <thread>
#include <vector>

#include "engine/base/testing/looks_for_others.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;
using Duration = GiveWayScope::Duration;

class GiveWayTest : public testing::Test {
 protected:
  // What comes before the first rest.
  void HeadStart() {
    Work(milliseconds(50));
    asked_ = 0;
  }
  // Work that takes as long as it takes of the processor.
  void Work(Duration duration) {
    now_ += duration;
    worked_ += duration;
    GiveWay();
  }
  void Start() {
    scope_.emplace(
        [this] {
          ++asked_;
          return others_work_;
        },
        GiveWayScope::Timing{[this] { return now_; }, [this] { return worked_; },
                             [this](Duration duration) {
                               rests_.push_back(duration);
                               now_ += duration;
                             }});
  }

  Duration now_ = microseconds(5), worked_ = microseconds(3);
  bool others_work_ = true;
  int asked_ = 0;
  std::vector<Duration> rests_;
  std::optional<GiveWayScope> scope_;
};

TEST_F(GiveWayTest, RestsNineTimesAsLongAsItWorks) {
  Start();
  HeadStart();
  Work(microseconds(100));
  Work(microseconds(250));
  EXPECT_THAT(rests_, ElementsAre(microseconds(900), microseconds(2250)));
  EXPECT_EQ(scope_->rested(), microseconds(3150));
}

TEST_F(GiveWayTest, DoesNotRestForAFewMilliseconds) {
  Start();
  for (int i = 0; i < 10; ++i) Work(milliseconds(5));
  EXPECT_THAT(rests_, IsEmpty());
  Work(milliseconds(1));
  EXPECT_THAT(rests_, ElementsAre(milliseconds(9)));
}

TEST_F(GiveWayTest, LooksForOthersNotAtEveryCall) {
  Start();
  HeadStart();
  for (int i = 0; i < 10; ++i) Work(microseconds(30));
  EXPECT_THAT(rests_, ElementsAre(microseconds(1080), microseconds(1080)));
  EXPECT_EQ(asked_, 2);
}

TEST_F(GiveWayTest, DoesNotRestForATimeInWhichItDidNotRun) {
  Start();
  HeadStart();
  now_ += milliseconds(7);  // others had the processor
  Work(microseconds(10));
  EXPECT_THAT(rests_, ElementsAre(microseconds(90)));
}

TEST_F(GiveWayTest, RestsTwentyMillisecondsAtMost) {
  Start();
  HeadStart();
  Work(milliseconds(300));
  EXPECT_THAT(rests_, ElementsAre(milliseconds(20)));
}

TEST_F(GiveWayTest, RestsHalfAMinuteInAll) {
  Start();
  HeadStart();
  for (int i = 0; i < 10000; ++i) Work(milliseconds(1));
  EXPECT_EQ(scope_->rested(), milliseconds(30006)) << "whole rests of 9 ms";
  const size_t rests = rests_.size();
  Work(milliseconds(1));
  EXPECT_EQ(rests_.size(), rests);
}

TEST_F(GiveWayTest, RestsForNobody) {
  others_work_ = false;
  Start();
  for (int i = 0; i < 10; ++i) Work(milliseconds(1));
  EXPECT_THAT(rests_, IsEmpty());
  EXPECT_EQ(asked_, 10);
}

TEST_F(GiveWayTest, OthersMayComeAgainForAWhile) {
  Start();
  HeadStart();
  Work(microseconds(100));
  others_work_ = false;
  for (int i = 0; i < 100; ++i) Work(microseconds(100));
  EXPECT_EQ(rests_.size(), 5) << "5 ms from the first look, of which each round takes one";
}

TEST_F(GiveWayTest, TheInnermostHolds) {
  Start();
  HeadStart();
  {
    const LooksForOthers inner;
    Work(milliseconds(1));
    EXPECT_EQ(inner.count(), 1);
    EXPECT_THAT(rests_, IsEmpty());
  }
  Work(milliseconds(1));
  EXPECT_EQ(rests_.size(), 1u);
}

TEST_F(GiveWayTest, IsOfOneThread) {
  Start();
  std::thread([this] { Work(milliseconds(1)); }).join();
  scope_.reset();
  Work(milliseconds(1));
  EXPECT_EQ(asked_, 0);
}

// With the clocks of the system.
TEST(GiveWayScopeTest, LeavesTimeToOthers) {
  const auto start = std::chrono::steady_clock::now();
  int asked = 0;
  const GiveWayScope scope([&] {
    ++asked;
    return true;
  });
  for (; asked < 3; GiveWay()) {
  }
  EXPECT_GE(std::chrono::steady_clock::now() - start, microseconds(300));
}

}  // namespace
}  // namespace baryon
