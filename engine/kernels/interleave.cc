// Squares of 4 x 4 turn in registers, as many side by side as a vector holds. The last ones of rows or columns that are
// no multiple of them overlap those before.
// Large matrices go block by block: the 16 lines that a block of 16 columns writes stay in the cache until its last
// row.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/interleave.cc"
#include <hwy/foreach_target.h>
//
#include <hwy/highway.h>

#include <algorithm>
#include <cstring>

#include "engine/kernels/interleave.h"
#include "engine/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {
namespace {

constexpr int64_t kBlock = 16;

constexpr int64_t kSquare = 4;

#if HWY_TARGET == HWY_SCALAR
constexpr int64_t kWide = kSquare;

template <int64_t kColumns>
void TransposeFour(const float* in, int64_t in_stride, float* out, int64_t out_stride) {
  for (int64_t j = 0; j < kColumns; ++j) {
    for (int64_t i = 0; i < kSquare; ++i) out[j * out_stride + i] = in[i * in_stride + j];
  }
}
#else
constexpr int64_t kWide = hn::MaxLanes(hn::ScalableTag<float>());

// Stores blocks of four lanes `step` elements apart.
template <class D, class V>
HWY_INLINE void StoreBlocks(D d, V blocks, float* out, int64_t step) {
  if constexpr (hn::MaxLanes(D()) == kSquare) {
    hn::StoreU(blocks, d, out);
  } else {
    const hn::Half<D> half;
    StoreBlocks(half, hn::LowerHalf(half, blocks), out, step);
    StoreBlocks(half, hn::UpperHalf(half, blocks), out + static_cast<int64_t>(hn::MaxLanes(half)) / kSquare * step,
                step);
  }
}

// Four rows of kColumns columns, a square for each block of four lanes.
template <int64_t kColumns>
HWY_INLINE void TransposeFour(const float* in, int64_t in_stride, float* out, int64_t out_stride) {
  const hn::CappedTag<float, kColumns> d;
  const hn::Repartition<double, decltype(d)> pairs;
  const auto a = hn::LoadU(d, in), b = hn::LoadU(d, in + in_stride);
  const auto c = hn::LoadU(d, in + 2 * in_stride), e = hn::LoadU(d, in + 3 * in_stride);
  const auto ab_low = hn::BitCast(pairs, hn::InterleaveLower(d, a, b));
  const auto ab_high = hn::BitCast(pairs, hn::InterleaveUpper(d, a, b));
  const auto ce_low = hn::BitCast(pairs, hn::InterleaveLower(d, c, e));
  const auto ce_high = hn::BitCast(pairs, hn::InterleaveUpper(d, c, e));
  const int64_t step = kSquare * out_stride;
  StoreBlocks(d, hn::BitCast(d, hn::InterleaveLower(pairs, ab_low, ce_low)), out, step);
  StoreBlocks(d, hn::BitCast(d, hn::InterleaveUpper(pairs, ab_low, ce_low)), out + out_stride, step);
  StoreBlocks(d, hn::BitCast(d, hn::InterleaveLower(pairs, ab_high, ce_high)), out + 2 * out_stride, step);
  StoreBlocks(d, hn::BitCast(d, hn::InterleaveUpper(pairs, ab_high, ce_high)), out + 3 * out_stride, step);
}
#endif

// Columns in steps of kColumns; there are as many or more, and four rows or more.
template <int64_t kColumns>
void TransposeBlocks(const float* in, int64_t rows, int64_t columns, int64_t in_stride, float* out,
                     int64_t out_stride) {
  for (int64_t row = 0; row < rows; row += kBlock) {
    const int64_t row_end = std::min(row + kBlock, rows);
    for (int64_t column = 0; column < columns; column += kColumns) {
      const int64_t first_column = std::min(column, columns - kColumns);
      for (int64_t i = row; i < row_end; i += kSquare) {
        const int64_t first_row = std::min(i, rows - kSquare);
        TransposeFour<kColumns>(in + first_row * in_stride + first_column, in_stride,
                                out + first_column * out_stride + first_row, out_stride);
      }
    }
  }
}

void TransposeMatrix(const float* in, int64_t rows, int64_t columns, int64_t in_stride, float* out,
                     int64_t out_stride) {
  if (rows >= kSquare && columns >= kWide) {
    TransposeBlocks<kWide>(in, rows, columns, in_stride, out, out_stride);
  } else if (rows >= kSquare && columns >= kSquare) {
    TransposeBlocks<kSquare>(in, rows, columns, in_stride, out, out_stride);
  } else {
    for (int64_t j = 0; j < columns; ++j) {
      for (int64_t i = 0; i < rows; ++i) out[j * out_stride + i] = in[i * in_stride + j];
    }
  }
}

// Three channels, one vector of pixels at a time; returns how many pixels are done.
int64_t InterleaveThree(const float* planes, int64_t plane_stride, int64_t count, float* out) {
  const hn::ScalableTag<float> d;
  const int64_t lanes = hn::Lanes(d);
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    hn::StoreInterleaved3(hn::LoadU(d, planes + i), hn::LoadU(d, planes + plane_stride + i),
                          hn::LoadU(d, planes + 2 * plane_stride + i), d, out + 3 * i);
  }
  return i;
}

}  // namespace
}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace baryon::kernels {

HWY_EXPORT(TransposeMatrix);
HWY_EXPORT(InterleaveThree);

void TransposeMatrix(const float* in, int64_t rows, int64_t columns, int64_t in_stride, float* out,
                     int64_t out_stride) {
  HWY_DYNAMIC_DISPATCH(TransposeMatrix)(in, rows, columns, in_stride, out, out_stride);
}

void InterleaveChannels(const float* planes, int64_t plane_stride, int64_t channels, int64_t count, float* out) {
  if (channels == 1) {
    std::memcpy(out, planes, count * sizeof(float));
    return;
  }
  int64_t i = channels == 3 ? HWY_DYNAMIC_DISPATCH(InterleaveThree)(planes, plane_stride, count, out) : 0;
  for (; i < count; ++i) {
    for (int64_t c = 0; c < channels; ++c) out[i * channels + c] = planes[c * plane_stride + i];
  }
}

}  // namespace baryon::kernels
#endif  // HWY_ONCE
