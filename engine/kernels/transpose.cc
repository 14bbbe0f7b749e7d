// N elements fill 128 bits. Blocks of N x N change over in registers by log2(N) perfect shuffles: one pass interleaves
// vector i with vector i + N / 2, and after the last pass vector c holds column c. Vectors of 256 bits do so with two
// blocks that stand below each other, because their shuffles keep to their halves; still wider ones gain nothing.
//
// Blocks are visited in tiles of a cache line by a cache line: every line of source and target is used up while it is
// near. Tiles follow each other along the rows of the source, which the processor fetches ahead. The last block of a
// row or column of blocks is moved back to end at the edge: it writes some elements twice and saves loops over single
// ones.
//
// Two, three or four rows (or columns) standing dense are a picture whose planes are interleaved or separated, the
// border of every vision network: vector instructions for just that take them in one stream.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/transpose.cc"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>

#include <algorithm>

#include "engine/kernels/transpose.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <typename T>
void TransposePlain(const MatrixTranspose& matrix, const T* from, T* to) {
  for (int64_t c = 0; c < matrix.columns; ++c) {
    for (int64_t r = 0; r < matrix.rows; ++r) to[c * matrix.to_stride + r] = from[r * matrix.from_stride + c];
  }
}

template <typename T>
constexpr int kSide = 16 / sizeof(T);
constexpr int kMostBlocks = HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL ? 2 : 1;

#if HWY_TARGET == HWY_SCALAR
template <int kBlocks, typename T>
void TransposeBlocks(const T* from, int64_t from_stride, T* to, int64_t to_stride) {
  TransposePlain({kSide<T>, kSide<T>, from_stride, to_stride}, from, to);
}
#else
// Loops over vectors are unrolled, else the vectors would go through memory.
#define BARYON_UNROLL _Pragma("GCC unroll 16")

// kBlocks * kSide rows of kSide elements.
template <int kBlocks, typename T>
HWY_INLINE void TransposeBlocks(const T* from, int64_t from_stride, T* to, int64_t to_stride) {
  constexpr int kN = kSide<T>;
  constexpr hn::FixedTag<T, kBlocks * kN> d;
  constexpr hn::FixedTag<T, kN> block;
  hn::Vec<decltype(d)> rows[kN], shuffled[kN];
  BARYON_UNROLL for (int i = 0; i < kN; ++i) {
    if constexpr (kBlocks == 2) {
      rows[i] =
          hn::Combine(d, hn::LoadU(block, from + (i + kN) * from_stride), hn::LoadU(block, from + i * from_stride));
    } else {
      rows[i] = hn::LoadU(d, from + i * from_stride);
    }
  }
  BARYON_UNROLL for (int width = 1; width < kN; width *= 2) {
    BARYON_UNROLL for (int i = 0; i < kN / 2; ++i) {
      shuffled[2 * i] = hn::InterleaveLower(d, rows[i], rows[i + kN / 2]);
      shuffled[2 * i + 1] = hn::InterleaveUpper(d, rows[i], rows[i + kN / 2]);
    }
    BARYON_UNROLL for (int i = 0; i < kN; ++i) rows[i] = shuffled[i];
  }
  BARYON_UNROLL for (int i = 0; i < kN; ++i) hn::StoreU(rows[i], d, to + i * to_stride);
}
#endif

template <int kBlocks, typename T>
void TransposeTiles(const MatrixTranspose& matrix, const T* from, T* to) {
  constexpr int64_t kRows = kBlocks * kSide<T>, kColumns = kSide<T>, kTile = 64 / sizeof(T);
  for (int64_t tile_row = 0; tile_row < matrix.rows; tile_row += kTile) {
    for (int64_t tile_column = 0; tile_column < matrix.columns; tile_column += kTile) {
      const int64_t end_column = std::min(tile_column + kTile, matrix.columns);
      const int64_t end_row = std::min(tile_row + kTile, matrix.rows);
      for (int64_t c = tile_column; c < end_column; c += kColumns) {
        const int64_t column = std::min(c, matrix.columns - kColumns);
        for (int64_t r = tile_row; r < end_row; r += kRows) {
          const int64_t row = std::min(r, matrix.rows - kRows);
          TransposeBlocks<kBlocks>(from + row * matrix.from_stride + column, matrix.from_stride,
                                   to + column * matrix.to_stride + row, matrix.to_stride);
        }
      }
    }
  }
}

#if HWY_TARGET != HWY_SCALAR
// kPlanes rows become the elements of one dense row for each column.
template <int kPlanes, typename T>
void InterleavePlanes(const MatrixTranspose& matrix, const T* from, T* to) {
  const hn::ScalableTag<T> d;
  const int64_t lanes = hn::Lanes(d), stride = matrix.from_stride;
  int64_t c = 0;
  for (; c + lanes <= matrix.columns; c += lanes) {
    const T* x = from + c;
    if constexpr (kPlanes == 2) {
      hn::StoreInterleaved2(hn::LoadU(d, x), hn::LoadU(d, x + stride), d, to + 2 * c);
    } else if constexpr (kPlanes == 3) {
      hn::StoreInterleaved3(hn::LoadU(d, x), hn::LoadU(d, x + stride), hn::LoadU(d, x + 2 * stride), d, to + 3 * c);
    } else {
      hn::StoreInterleaved4(hn::LoadU(d, x), hn::LoadU(d, x + stride), hn::LoadU(d, x + 2 * stride),
                            hn::LoadU(d, x + 3 * stride), d, to + 4 * c);
    }
  }
  MatrixTranspose rest = matrix;
  rest.columns -= c;
  TransposePlain(rest, from + c, to + kPlanes * c);
}

// Dense rows of kPlanes elements become kPlanes rows.
template <int kPlanes, typename T>
void SeparatePlanes(const MatrixTranspose& matrix, const T* from, T* to) {
  const hn::ScalableTag<T> d;
  const int64_t lanes = hn::Lanes(d), stride = matrix.to_stride;
  auto v0 = hn::Zero(d), v1 = v0, v2 = v0, v3 = v0;
  int64_t r = 0;
  for (; r + lanes <= matrix.rows; r += lanes) {
    if constexpr (kPlanes == 2) hn::LoadInterleaved2(d, from + 2 * r, v0, v1);
    if constexpr (kPlanes == 3) hn::LoadInterleaved3(d, from + 3 * r, v0, v1, v2);
    if constexpr (kPlanes == 4) hn::LoadInterleaved4(d, from + 4 * r, v0, v1, v2, v3);
    hn::StoreU(v0, d, to + r);
    hn::StoreU(v1, d, to + r + stride);
    if constexpr (kPlanes >= 3) hn::StoreU(v2, d, to + r + 2 * stride);
    if constexpr (kPlanes >= 4) hn::StoreU(v3, d, to + r + 3 * stride);
  }
  MatrixTranspose rest = matrix;
  rest.rows -= r;
  TransposePlain(rest, from + kPlanes * r, to + r);
}

#endif  // HWY_TARGET != HWY_SCALAR

template <typename T>
void TransposeOf(const MatrixTranspose& matrix, const T* from, T* to) {
#if HWY_TARGET != HWY_SCALAR
  const bool joins = matrix.rows == matrix.to_stride, separates = matrix.columns == matrix.from_stride;
  if (joins && matrix.rows == 2) return InterleavePlanes<2>(matrix, from, to);
  if (joins && matrix.rows == 3) return InterleavePlanes<3>(matrix, from, to);
  if (joins && matrix.rows == 4) return InterleavePlanes<4>(matrix, from, to);
  if (separates && matrix.columns == 2) return SeparatePlanes<2>(matrix, from, to);
  if (separates && matrix.columns == 3) return SeparatePlanes<3>(matrix, from, to);
  if (separates && matrix.columns == 4) return SeparatePlanes<4>(matrix, from, to);
#endif
  if (matrix.columns >= kSide<T>) {
    if (matrix.rows >= kMostBlocks * kSide<T>) return TransposeTiles<kMostBlocks>(matrix, from, to);
    if (matrix.rows >= kSide<T>) return TransposeTiles<1>(matrix, from, to);
  }
  TransposePlain(matrix, from, to);
}

void Transpose8Bits(const MatrixTranspose& matrix, const void* from, void* to) {
  TransposeOf(matrix, static_cast<const uint8_t*>(from), static_cast<uint8_t*>(to));
}
void Transpose16Bits(const MatrixTranspose& matrix, const void* from, void* to) {
  TransposeOf(matrix, static_cast<const uint16_t*>(from), static_cast<uint16_t*>(to));
}
void Transpose32Bits(const MatrixTranspose& matrix, const void* from, void* to) {
  TransposeOf(matrix, static_cast<const uint32_t*>(from), static_cast<uint32_t*>(to));
}
void Transpose64Bits(const MatrixTranspose& matrix, const void* from, void* to) {
  TransposeOf(matrix, static_cast<const uint64_t*>(from), static_cast<uint64_t*>(to));
}

}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace baryon::kernels {

HWY_EXPORT(Transpose8Bits);
HWY_EXPORT(Transpose16Bits);
HWY_EXPORT(Transpose32Bits);
HWY_EXPORT(Transpose64Bits);

void Transpose(const MatrixTranspose& matrix, int64_t element_size, const void* from, void* to) {
  switch (element_size) {
    case 1:
      return HWY_DYNAMIC_DISPATCH(Transpose8Bits)(matrix, from, to);
    case 2:
      return HWY_DYNAMIC_DISPATCH(Transpose16Bits)(matrix, from, to);
    case 8:
      return HWY_DYNAMIC_DISPATCH(Transpose64Bits)(matrix, from, to);
    default:
      return HWY_DYNAMIC_DISPATCH(Transpose32Bits)(matrix, from, to);
  }
}

}  // namespace baryon::kernels
#endif  // HWY_ONCE
