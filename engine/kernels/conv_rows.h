// Convolutions whose output rows are computed a few at a time, wherever the caller wants them: for layers that run in
// one with the layer behind them, see conv_depthwise.h. Results are those of the whole convolution, to the bit.
#ifndef BARYON_ENGINE_KERNELS_CONV_ROWS_H_
#define BARYON_ENGINE_KERNELS_CONV_ROWS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/types/span.h"
#include "engine/kernels/conv.h"
#include "engine/kernels/conv_geometry.h"

namespace baryon::kernels {

// Immutable; threads may share it, each with its own workspace.
class ConvRowsPlan {
 public:
  virtual ~ConvRowsPlan() = default;

  virtual std::string ToString() const = 0;  // "avx512 6x64"

  // As ConvPlan's. Weights have the channels last, [filters, kernel[1], kernel[2], channels].
  virtual std::string PackedForm() const = 0;
  virtual int64_t packed_size() const = 0;
  virtual void Pack(const float* weight, float* packed) const = 0;

  virtual int64_t workspace_bytes() const = 0;  // 64-byte aligned
  // Rows [first, first + rows.size()) of the image's output, each densely packed, [out[2], filters], and at an address
  // of its own. Of `operands` neither `out` nor `residual` is looked at.
  virtual void RunRows(int64_t image, int64_t first, absl::Span<float* const> rows, const ConvOperands& operands,
                       char* workspace) const = 0;
};

// The plan for at most `most_rows` rows at a time of an ordinary convolution over two axes, without groups, whose data
// is densely packed. `channels_first`: of the data.
std::unique_ptr<ConvRowsPlan> MakeConvRowsPlan(const ConvGeometry& geometry, bool channels_first, int64_t most_rows);

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_CONV_ROWS_H_
