#include "engine/kernels/transpose.h"

#include <numeric>
#include <vector>

#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

// The target stands in a wider matrix whose other elements must stay as they are.
template <typename T>
void ExpectTransposed(int64_t rows, int64_t columns, int64_t from_stride, int64_t to_stride) {
  std::vector<T> from(rows * from_stride + columns), want(columns * to_stride + rows, T(99));
  std::iota(from.begin(), from.end(), T(1));
  std::vector<T> got = want;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) want[c * to_stride + r] = from[r * from_stride + c];
  }
  Transpose({rows, columns, from_stride, to_stride}, sizeof(T), from.data(), got.data());
  EXPECT_EQ(got, want) << rows << " x " << columns << " of " << sizeof(T) << " bytes";
}

void ExpectTransposedInAllSizes(int64_t rows, int64_t columns, int64_t from_stride, int64_t to_stride) {
  ExpectTransposed<uint8_t>(rows, columns, from_stride, to_stride);
  ExpectTransposed<uint16_t>(rows, columns, from_stride, to_stride);
  ExpectTransposed<uint32_t>(rows, columns, from_stride, to_stride);
  ExpectTransposed<uint64_t>(rows, columns, from_stride, to_stride);
}

TEST(TransposeTest, DenseMatrices) {
  for (int64_t rows = 1; rows <= 40; ++rows) {
    for (int64_t columns : {1, 2, 3, 4, 5, 16, 17, 40, 65}) ExpectTransposedInAllSizes(rows, columns, columns, rows);
  }
}

TEST(TransposeTest, MatricesWithinWiderOnes) {
  for (int64_t rows : {2, 3, 4, 9, 20, 50}) {
    for (int64_t columns : {2, 3, 4, 9, 20, 50}) ExpectTransposedInAllSizes(rows, columns, columns + 5, rows + 3);
  }
}

TEST(TransposeTest, RowsThatAreAllTheSame) {
  ExpectTransposedInAllSizes(2, 50, 0, 2);
  ExpectTransposedInAllSizes(20, 50, 0, 20);
}

}  // namespace
}  // namespace baryon::kernels
