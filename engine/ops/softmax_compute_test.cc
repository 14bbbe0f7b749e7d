#include "engine/ops/softmax_compute.h"

#include <vector>

#include "engine/base/thread_pool.h"
#include "engine/tensor/tensor.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

// Every layout of [3, 200, 70] and of its float64 copy gives lines that add up to 1, on any number of threads.
TEST(SoftmaxComputeTest, LinesAlongAnyAxisAddUpToOne) {
  const Shape shape = {3, 200, 70};
  Tensor x = Tensor::Allocate({DType::kFloat32, shape});
  for (int64_t i = 0; i < x.num_elements(); ++i) x.mutable_data<float>()[i] = static_cast<float>(i * 37 % 11);
  for (DType dtype : {DType::kFloat32, DType::kFloat64}) {
    const Tensor from = x.Cast(dtype);
    for (int threads : {1, 3}) {
      ThreadPool pool(threads);
      for (int64_t axis = 0; axis < 3; ++axis) {
        Tensor y = Tensor::Allocate({dtype, shape});
        Resources resources(pool, nullptr, 0);
        OpContext context({}, {}, resources);
        const AxisSplit split = SplitAtAxis(shape, axis);
        RunSoftmax({}, split, from.view(), y.view(), context);
        const Tensor result = y.Cast(DType::kFloat64);
        for (int64_t line = 0; line < split.outer * split.inner; ++line) {
          double sum = 0;
          const int64_t first = line / split.inner * split.size * split.inner + line % split.inner;
          for (int64_t i = 0; i < split.size; ++i) sum += result.data<double>()[first + i * split.inner];
          ASSERT_NEAR(sum, 1, 1e-5) << "axis " << axis;
        }
      }
    }
  }
}

}  // namespace
}  // namespace baryon
