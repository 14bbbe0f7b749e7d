#include "engine/base/huge_pages.h"

#include <algorithm>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace baryon {
namespace {

bool IsAligned(const void* p, int64_t alignment) { return reinterpret_cast<intptr_t>(p) % alignment == 0; }

TEST(HugeBlockTest, HasWholePagesOfZeros) {
  const HugeBlock block(HugeBlock::kPageBytes + 1);
  ASSERT_NE(block.data(), nullptr);
  EXPECT_TRUE(IsAligned(block.data(), HugeBlock::kPageBytes));
  EXPECT_EQ(block.size_bytes(), 2 * HugeBlock::kPageBytes);
  EXPECT_EQ(block.data()[0], 0);
  block.data()[block.size_bytes() - 1] = 1;
}

TEST(HugeBlockTest, MovesItsMemory) {
  HugeBlock block(1);
  char* const data = block.data();
  data[7] = 9;
  HugeBlock other = std::move(block);
  EXPECT_EQ(other.data(), data);
  EXPECT_EQ(other.data()[7], 9);
  EXPECT_EQ(block.data(), nullptr);  // NOLINT: what a moved block is
  other = HugeBlock();
}

TEST(HugeBlockTest, AnImpossibleSizeIsNoMemory) { EXPECT_EQ(HugeBlock(int64_t{1} << 60).data(), nullptr); }

TEST(HugePagePoolTest, PiecesAreAlignedAndApart) {
  HugePagePool pool;
  std::vector<std::pair<char*, int64_t>> pieces;
  for (int64_t size : {1, 64, 100, 5 << 20, 40 << 20, 3, 30 << 20, 1 << 10}) {
    char* const piece = static_cast<char*>(pool.Allocate(size));
    ASSERT_NE(piece, nullptr);
    EXPECT_TRUE(IsAligned(piece, 64));
    for (const auto& [other, other_size] : pieces) EXPECT_TRUE(piece + size <= other || other + other_size <= piece);
    pieces.emplace_back(piece, size);
  }
  for (const auto& [piece, size] : pieces) std::memset(piece, 1, 1);
}

TEST(HugePagePoolTest, ABlockThatIsLeftKeepsItsPieces) {
  constexpr int64_t kOdd = (9 << 20) + 64;  // three to a block, the third ending within a page
  HugePagePool pool;
  std::vector<char*> pieces;
  for (int i = 0; i < 7; ++i) {
    pieces.push_back(static_cast<char*>(pool.Allocate(kOdd)));
    ASSERT_NE(pieces[i], nullptr);
    std::memset(pieces[i], i + 1, kOdd);
  }
  for (int i = 0; i < 7; ++i) {
    EXPECT_EQ(std::count(pieces[i], pieces[i] + kOdd, static_cast<char>(i + 1)), kOdd) << i;
  }
}

TEST(HugePagePoolTest, ThreadsGetPiecesOfTheirOwn) {
  HugePagePool pool;
  std::vector<std::thread> threads;
  std::vector<std::vector<char*>> pieces(4);
  for (std::vector<char*>& own : pieces) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) own.push_back(static_cast<char*>(pool.Allocate(64)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<char*> all;
  for (const std::vector<char*>& own : pieces) all.insert(all.end(), own.begin(), own.end());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(std::adjacent_find(all.begin(), all.end()), all.end());
}

}  // namespace
}  // namespace baryon
