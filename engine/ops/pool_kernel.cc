// Float32 data with the channels last has a vector kernel; the rest, and lp pooling, runs element by element.
#include "engine/ops/pool_kernel.h"

#include <algorithm>
#include <string>
#include <utility>

namespace baryon {
namespace {

// Of elements. Few: a copy of every other pixel is memory traffic alone, and each thread has in its cache what it wrote
// itself in the step before.
constexpr int64_t kReadsPerTask = 1 << 14;

class PoolKernel : public Kernel {
 public:
  PoolKernel(kernels::PoolGeometry geometry, DType dtype, bool channels_last)
      : geometry_(std::move(geometry)), dtype_(dtype), channels_last_(channels_last) {}

  void Compute(OpContext& context) const override {
    const TensorView &in = context.input(0), &out = context.output(0);
    // A window reads on average what the input holds for each output, or more where windows overlap.
    const int64_t outputs = geometry_.batch * geometry_.channels * geometry_.out_pixels();
    const int64_t reads = std::max<int64_t>(WindowSize() * outputs, 1);
    if (HasVectorKernel()) {
      const int64_t rows = geometry_.out_rows(), grain = std::max<int64_t>(kReadsPerTask * rows / reads, 1);
      context.ParallelRanges(rows, grain, [&](int64_t begin, int64_t end) {
        kernels::PoolChannelsLast(geometry_, in.data<const float>(), begin, end, out.data<float>());
      });
      return;
    }
    DispatchFloating(dtype_, [&](auto tag) {
      using T = typename decltype(tag)::type;
      const int64_t grain = std::max<int64_t>(kReadsPerTask / 16 * outputs / reads, 1);
      context.ParallelRanges(outputs, grain, [&](int64_t begin, int64_t end) {
        kernels::PoolPlain<T>(geometry_, channels_last_, in.data<const T>(), begin, end, out.data<T>());
      });
    });
  }

  std::string algorithm() const override { return HasVectorKernel() ? "channel vectors" : "plain loops"; }

 private:
  bool HasVectorKernel() const {
    return dtype_ == DType::kFloat32 && channels_last_ && geometry_.type != kernels::PoolType::kLp;
  }

  // Of the largest window, which most are like.
  int64_t WindowSize() const {
    int64_t size = 1;
    for (const auto& axis : geometry_.windows) {
      int64_t most = 1;
      for (const kernels::PoolWindow& window : axis) most = std::max(most, window.end - window.begin);
      size *= most;
    }
    return size;
  }

  const kernels::PoolGeometry geometry_;
  const DType dtype_;
  const bool channels_last_;
};

}  // namespace

std::unique_ptr<Kernel> MakePoolKernel(kernels::PoolGeometry geometry, DType dtype, bool channels_last) {
  return std::make_unique<PoolKernel>(std::move(geometry), dtype, channels_last);
}

}  // namespace baryon
