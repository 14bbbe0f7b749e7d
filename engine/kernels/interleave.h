// Between channels-first and channels-last data.
#ifndef BARYON_ENGINE_KERNELS_INTERLEAVE_H_
#define BARYON_ENGINE_KERNELS_INTERLEAVE_H_

#include <cstdint>

namespace baryon::kernels {

// out[column * out_stride + row] = in[row * in_stride + column]: channels-first to channels-last with the channels as
// rows, and back with the pixels as rows. In and out do not overlap.
void TransposeMatrix(const float* in, int64_t rows, int64_t columns, int64_t in_stride, float* out, int64_t out_stride);

// out[i * channels + c] = planes[c * plane_stride + i] for i < count: the same for a dense row of pixels of few
// channels, of which three are fastest.
void InterleaveChannels(const float* planes, int64_t plane_stride, int64_t channels, int64_t count, float* out);

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_INTERLEAVE_H_
