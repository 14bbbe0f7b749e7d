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

void TransposeMatrix(const float* in, int64_t rows, int64_t columns, int64_t in_stride, float* out,
                     int64_t out_stride) {
  for (int64_t row = 0; row < rows; row += kBlock) {
    const int64_t row_end = std::min(row + kBlock, rows);
    for (int64_t column = 0; column < columns; column += kBlock) {
      const int64_t column_end = std::min(column + kBlock, columns);
      for (int64_t j = column; j < column_end; ++j) {
        for (int64_t i = row; i < row_end; ++i) out[j * out_stride + i] = in[i * in_stride + j];
      }
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
