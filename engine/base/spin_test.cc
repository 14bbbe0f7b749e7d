#include "engine/base/spin.h"

#include <thread>

#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(AwaitZeroTest, ReturnsAtOnceWhenNoBitOfTheMaskIsSet) {
  const std::atomic<uint32_t> value{0b1010};
  AwaitZero(value, uint32_t{0b0101});
}

TEST(AwaitZeroTest, ReturnsWhenTheLastBitIsCleared) {
  std::atomic<uint32_t> value{0b111};
  std::atomic<int> cleared{0};
  std::thread other([&] {
    for (uint32_t bit : {0b001u, 0b100u}) {
      cleared.fetch_add(1);
      value.fetch_and(~bit);
      value.notify_one();
    }
  });
  AwaitZero(value, uint32_t{0b101});
  EXPECT_EQ(cleared.load(), 2);
  EXPECT_EQ(value.load(), 0b010u);
  other.join();
}

// The other thread takes longer than this one stays awake.
TEST(AwaitZeroTest, EndsAfterItHasFallenAsleep) {
  std::atomic<int> value{1};
  std::thread other([&] {
    const auto start = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() < start + 2 * kLongestSpin) std::this_thread::yield();
    value.store(0);
    value.notify_one();
  });
  AwaitZero(value, ~0);
  EXPECT_EQ(value.load(), 0);
  other.join();
}

}  // namespace
}  // namespace baryon
