#include "engine/kernels/parts.h"

#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

TEST(PartsTest, CoverEverythingInNearlyEqualParts) {
  for (int64_t count : {0, 1, 7, 33, 1000}) {
    for (int64_t parts : {1, 2, 5, 8}) {
      EXPECT_EQ(PartBegin(count, parts, 0), 0);
      EXPECT_EQ(PartBegin(count, parts, parts), count);
      for (int64_t i = 0; i < parts; ++i) {
        const int64_t size = PartBegin(count, parts, i + 1) - PartBegin(count, parts, i);
        EXPECT_GE(size, count / parts);
        EXPECT_LE(size, CeilDiv(count, parts));
      }
    }
  }
}

TEST(PartsTest, LargestShareIsThatOfTheBusiestThread) {
  EXPECT_EQ(LargestShare(12, 1, 4), 12);
  EXPECT_EQ(LargestShare(12, 4, 2), 6);
  EXPECT_EQ(LargestShare(6, 5, 2), 4);   // 1 1 | 1 1 2
  EXPECT_EQ(LargestShare(12, 8, 2), 6);  // 1 2 1 2 | 1 2 1 2
  EXPECT_EQ(LargestShare(13, 3, 2), 9);  // 4 | 4 5
  EXPECT_EQ(LargestShare(0, 3, 2), 0);
}

TEST(PartsTest, EvenPartsLeaveNoThreadWaiting) {
  EXPECT_EQ(EvenParts(100, 1, 2), 1);
  EXPECT_EQ(EvenParts(0, 8, 2), 0);
  EXPECT_EQ(EvenParts(1, 8, 2), 1);
  EXPECT_EQ(EvenParts(100, 8, 2), 8);
  EXPECT_EQ(EvenParts(1000, 5, 2), 6);
  EXPECT_EQ(EvenParts(6, 5, 2), 6);
  EXPECT_EQ(EvenParts(2, 8, 2), 2);
  EXPECT_EQ(EvenParts(12, 8, 2), 8);
  for (int64_t threads : {2, 3, 8}) {
    for (int64_t wanted = 2; wanted <= 4 * threads; ++wanted) {
      const int64_t parts = EvenParts(4800, wanted, threads);
      EXPECT_LE(parts, wanted + 1);
      EXPECT_LE(LargestShare(4800, parts, threads), LargestShare(4800, wanted, threads));
    }
  }
}

}  // namespace
}  // namespace baryon::kernels
