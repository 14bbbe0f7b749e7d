// Rows of a few hundred elements are widened to double or int64, computed there and narrowed again: one function serves
// all dtypes, and a conversion costs less than most functions. Float32, which networks are made of, has vector code
// where it matters.
#include "engine/ops/unary_kernel.h"

#include <algorithm>
#include <utility>

#include "engine/kernels/convert_row.h"

namespace baryon {
namespace {

constexpr int64_t kRow = 256;            // elements converted at a time
constexpr int64_t kVectorGrain = 16384;  // elements worth another thread
constexpr int64_t kScalarGrain = 2048;

char* At(const TensorView& view, int64_t i) {
  return static_cast<char*>(view.raw_data()) + i * DTypeSize(view.dtype());
}

class RowKernel : public Kernel {
 public:
  explicit RowKernel(std::function<void(const float*, int64_t, float*)> fn) : fn_(std::move(fn)) {}

  void Compute(OpContext& context) const override {
    const float* x = context.input(0).data<const float>();
    float* y = context.output(0).data<float>();
    context.ParallelRanges(context.output(0).num_elements(), kVectorGrain,
                           [&](int64_t begin, int64_t end) { fn_(x + begin, end - begin, y + begin); });
  }

 private:
  const std::function<void(const float*, int64_t, float*)> fn_;
};

// T: double or int64_t, in which the function is computed.
template <typename T>
class WideKernel : public Kernel {
 public:
  WideKernel(std::function<T(T)> fn, DType from, DType to)
      : fn_(std::move(fn)),
        widen_(kernels::RowConverterOf(from, DTypeOf<T>())),
        narrow_(kernels::RowConverterOf(DTypeOf<T>(), to)) {}

  void Compute(OpContext& context) const override {
    const TensorView &x = context.input(0), &y = context.output(0);
    context.ParallelRanges(y.num_elements(), kScalarGrain, [&](int64_t begin, int64_t end) {
      T row[kRow];
      for (int64_t i = begin; i < end; i += kRow) {
        const int64_t count = std::min(kRow, end - i);
        widen_(At(x, i), row, count);
        for (int64_t j = 0; j < count; ++j) row[j] = fn_(row[j]);
        narrow_(row, At(y, i), count);
      }
    });
  }

 private:
  const std::function<T(T)> fn_;
  const kernels::RowConverter widen_, narrow_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Kernel>> MakeUnaryKernel(const PrepareContext& context, UnaryFunction function) {
  const DType from = context.inputs()[0].dtype, to = context.outputs()[0].dtype;
  if (function.of_rows && from == DType::kFloat32 && to == DType::kFloat32) {
    return std::make_unique<RowKernel>(std::move(function.of_rows));
  }
  if (function.of_whole && !IsFloating(from) && !IsFloating(to)) {
    return std::make_unique<WideKernel<int64_t>>(std::move(function.of_whole), from, to);
  }
  return std::make_unique<WideKernel<double>>(std::move(function.of_real), from, to);
}

}  // namespace baryon
