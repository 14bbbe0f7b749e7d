// float32 to float32 takes the vector kernels: rows when the axis is the last, else strips of columns. Other types go
// line by line.
#include "engine/ops/softmax_compute.h"

#include <algorithm>

namespace baryon {
namespace {

constexpr int64_t kElementsWorthAThread = 1 << 13;
constexpr int64_t kStrip = 64;

int64_t Grain(int64_t elements_per_task) { return kElementsWorthAThread / std::max<int64_t>(elements_per_task, 1); }

void RunColumns(const kernels::SoftmaxFormula& formula, const AxisSplit& split, const float* x, float* y,
                OpContext& context) {
  const int64_t strips = (split.inner + kStrip - 1) / kStrip;
  context.ParallelRanges(split.outer * strips, Grain(split.size * kStrip), [&](int64_t begin, int64_t end) {
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t first = unit % strips * kStrip, at = unit / strips * split.size * split.inner + first;
      kernels::SoftmaxColumns(formula, x + at, split.size, split.inner, std::min(kStrip, split.inner - first), y + at);
    }
  });
}

}  // namespace

void RunSoftmax(const kernels::SoftmaxFormula& formula, const AxisSplit& split, const TensorView& x,
                const TensorView& y, OpContext& context) {
  if (x.dtype() == DType::kFloat32 && y.dtype() == DType::kFloat32) {
    const float* from = x.data<const float>();
    float* to = y.data<float>();
    if (split.inner != 1) return RunColumns(formula, split, from, to, context);
    context.ParallelRanges(split.outer, Grain(split.size), [&](int64_t begin, int64_t end) {
      kernels::SoftmaxRows(formula, from + begin * split.size, end - begin, split.size, to + begin * split.size);
    });
    return;
  }
  const int64_t in_size = DTypeSize(x.dtype()), out_size = DTypeSize(y.dtype());
  context.ParallelRanges(split.outer * split.inner, Grain(split.size), [&](int64_t begin, int64_t end) {
    for (int64_t line = begin; line < end; ++line) {
      const int64_t at = line / split.inner * split.size * split.inner + line % split.inner;
      kernels::SoftmaxLine(formula, x.dtype(), static_cast<const char*>(x.raw_data()) + at * in_size, split.size,
                           split.inner, y.dtype(), static_cast<char*>(y.raw_data()) + at * out_size);
    }
  });
}

}  // namespace baryon
