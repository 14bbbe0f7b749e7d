#include "engine/kernels/strided_copy.h"

#include <numeric>
#include <random>

#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

// The definition, one element after another.
template <typename T>
void CopyPlainly(const std::vector<CopyLoop>& loops, size_t level, const T* from, T* to) {
  if (level == loops.size()) {
    *to = *from;
    return;
  }
  for (int64_t i = 0; i < loops[level].size; ++i) {
    CopyPlainly(loops, level + 1, from + i * loops[level].from, to + i * loops[level].to);
  }
}

template <typename T>
void ExpectCopies(const std::vector<CopyLoop>& loops, int64_t source_size, int64_t target_size, int64_t start = 0) {
  std::vector<T> source(source_size), want(target_size, T(77)), got(target_size, T(77)), in_parts(target_size, T(77));
  std::iota(source.begin(), source.end(), T(1));
  CopyPlainly(loops, 0, source.data() + start, want.data());
  const StridedCopy copy(loops, sizeof(T));
  copy.Run(source.data() + start, got.data());
  EXPECT_EQ(got, want) << testing::PrintToString(loops.size()) << " loops, " << sizeof(T) << " bytes";
  for (const StridedCopy::Part& part : copy.Split(3)) {
    part.copy.Run(reinterpret_cast<const char*>(source.data() + start) + part.from,
                  reinterpret_cast<char*>(in_parts.data()) + part.to);
  }
  EXPECT_EQ(in_parts, want) << "in parts";
}

void ExpectCopiesOfAllSizes(const std::vector<CopyLoop>& loops, int64_t source_size, int64_t target_size,
                            int64_t start = 0) {
  ExpectCopies<uint8_t>(loops, source_size, target_size, start);
  ExpectCopies<uint16_t>(loops, source_size, target_size, start);
  ExpectCopies<uint32_t>(loops, source_size, target_size, start);
  ExpectCopies<uint64_t>(loops, source_size, target_size, start);
}

TEST(StridedCopyTest, TransposesMatricesOfAllShapes) {
  for (int64_t rows : {1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 33, 64, 70}) {
    for (int64_t columns : {1, 2, 3, 4, 5, 8, 9, 16, 31, 49, 100}) {
      ExpectCopiesOfAllSizes({{columns, 1, rows}, {rows, columns, 1}}, rows * columns, rows * columns);
    }
  }
}

TEST(StridedCopyTest, PermutesAxes) {  // [2, 3, 4, 5] to [5, 3, 2, 4], [2, 4, 3, 5] and [4, 5, 2, 3]
  ExpectCopiesOfAllSizes({{5, 1, 24}, {3, 20, 8}, {2, 60, 4}, {4, 5, 1}}, 120, 120);
  ExpectCopiesOfAllSizes({{2, 60, 60}, {4, 5, 15}, {3, 20, 5}, {5, 1, 1}}, 120, 120);
  ExpectCopiesOfAllSizes({{4, 5, 30}, {5, 1, 6}, {2, 60, 3}, {3, 20, 1}}, 120, 120);
}

TEST(StridedCopyTest, CopiesRunsOfAnyLength) {
  for (int64_t length : {1, 2, 3, 4, 6, 8, 16, 20, 100}) {
    ExpectCopiesOfAllSizes({{5, 2 * length, length + 3}, {length, 1, 1}}, 10 * length, 5 * (length + 3));
  }
}

TEST(StridedCopyTest, RepeatsElements) {
  ExpectCopiesOfAllSizes({{4, 0, 6}, {6, 1, 1}}, 6, 24);                           // rows
  ExpectCopiesOfAllSizes({{6, 1, 4}, {4, 0, 1}}, 6, 24);                           // each element
  ExpectCopiesOfAllSizes({{1000, 0, 1}}, 1, 1000);                                 // one
  ExpectCopiesOfAllSizes({{5, 7, 14}, {2, 0, 7}, {7, 0, 1}}, 35, 70);              // the first of each row
  ExpectCopiesOfAllSizes({{3, 5, 20}, {2, 0, 10}, {5, 1, 2}, {2, 0, 1}}, 15, 60);  // pixels twice as large
}

TEST(StridedCopyTest, WalksBackwardsAndInSteps) {
  ExpectCopiesOfAllSizes({{10, -1, 1}}, 10, 10, 9);
  ExpectCopiesOfAllSizes({{4, -6, 6}, {6, 1, 1}}, 24, 24, 18);
  ExpectCopiesOfAllSizes({{3, 12, 3}, {3, 2, 1}}, 36, 9, 1);
  ExpectCopiesOfAllSizes({{5, 1, 6}}, 5, 25);                           // onto a diagonal
  ExpectCopiesOfAllSizes({{40, 1, 40}, {20, -40, 1}}, 800, 1600, 760);  // mirrored while transposed
}

TEST(StridedCopyTest, NoLoopsAreOneElementAndEmptyLoopsNone) {
  ExpectCopiesOfAllSizes({}, 1, 1);
  ExpectCopiesOfAllSizes({{1, 5, 7}}, 1, 1);
  ExpectCopiesOfAllSizes({{0, 1, 1}}, 1, 1);
  ExpectCopiesOfAllSizes({{3, 1, 1}, {0, 3, 3}}, 9, 9);
  EXPECT_EQ(StridedCopy({{3, 1, 1}, {0, 3, 3}}, 4).size_bytes(), 0);
}

TEST(StridedCopyTest, AgreesWithPlainLoopsOnRandomPermutations) {
  std::mt19937 generator(7);
  for (int round = 0; round < 300; ++round) {
    const int rank = 1 + static_cast<int>(generator() % 5);
    std::vector<CopyLoop> loops(rank);
    std::vector<int> order(rank);
    std::iota(order.begin(), order.end(), 0);
    for (CopyLoop& loop : loops) loop.size = 1 + generator() % (rank < 3 ? 40 : 7);
    int64_t source_size = 1, target_size = 1;
    for (int i = rank; i-- > 0;) {
      const bool repeated = generator() % 5 == 0;
      loops[i].from = repeated ? 0 : source_size;
      if (!repeated) source_size *= loops[i].size;
    }
    std::shuffle(order.begin(), order.end(), generator);
    for (int i : order) {
      loops[i].to = target_size;
      target_size *= loops[i].size;
    }
    ExpectCopiesOfAllSizes(loops, source_size, target_size);
  }
}

}  // namespace
}  // namespace baryon::kernels
