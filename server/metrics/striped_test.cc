#include "server/metrics/striped.h"

#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace baryon {
namespace {

int64_t TakeSum(Striped<int64_t>& striped) {
  int64_t sum = 0;
  for (int64_t part : striped.TakeAll()) sum += part;
  return sum;
}

TEST(StripedTest, GivesWhatWasWrittenOnce) {
  Striped<int64_t> striped;
  EXPECT_EQ(TakeSum(striped), 0);
  for (int i = 0; i < 3; ++i) striped.Write([](int64_t& value) { value += 2; });
  EXPECT_EQ(TakeSum(striped), 6);
  EXPECT_EQ(TakeSum(striped), 0);
}

TEST(StripedTest, LosesNothingThatThreadsWriteWhileAnotherReads) {
  constexpr int kThreads = 4, kWrites = 20000;
  Striped<int64_t> striped;
  std::vector<std::thread> writers;
  for (int i = 0; i < kThreads; ++i) {
    writers.emplace_back([&] {
      for (int j = 0; j < kWrites; ++j) striped.Write([](int64_t& value) { ++value; });
    });
  }
  int64_t sum = 0;
  for (int i = 0; i < 100; ++i) sum += TakeSum(striped);
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(sum + TakeSum(striped), int64_t{kThreads} * kWrites);
}

// What is written first is never missing beside what is written after it.
TEST(StripedTest, IsReadAtOneMoment) {
  Striped<std::pair<int64_t, int64_t>> striped;
  std::thread writer([&] {
    for (int i = 0; i < 20000; ++i) {
      striped.Write([](std::pair<int64_t, int64_t>& value) { ++value.first; });
      striped.Write([](std::pair<int64_t, int64_t>& value) { ++value.second; });
    }
  });
  int64_t ahead = 0;
  for (int i = 0; i < 1000; ++i) {
    for (const auto& [first, second] : striped.TakeAll()) ahead += first - second;
    EXPECT_GE(ahead, 0);
    EXPECT_LE(ahead, 1);
  }
  writer.join();
}

}  // namespace
}  // namespace baryon
