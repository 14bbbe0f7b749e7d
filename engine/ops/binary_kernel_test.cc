#include "engine/ops/binary_kernel.h"

#include "gtest/gtest.h"

namespace baryon {
namespace {

using kernels::BinaryFn;

// fn of an input of `dtype` and 2, in whole numbers, for inputs 0, 1, ..., n - 1.
std::vector<int32_t> WithTwo(BinaryFn fn, bool number_first, int64_t n, int num_threads) {
  const TensorTypes types = {{DType::kInt32, {n}}};
  PreparedCache cache;
  const PrepareContext prepare(types, types, {}, num_threads, Numerics::kStrict, cache);
  const BinaryOperand number = BinaryOperand::Number(DType::kInt32, 2), input = BinaryOperand::Input(0);
  const auto kernel = number_first ? MakeBinaryKernel(prepare, fn, DType::kInt32, number, input)
                                   : MakeBinaryKernel(prepare, fn, DType::kInt32, input, number);
  std::vector<int32_t> x(n), y(n);
  for (int64_t i = 0; i < n; ++i) x[i] = static_cast<int32_t>(i);
  const Shape shape = {n};
  const TensorView input_view(DType::kInt32, &shape, x.data()), output_view(DType::kInt32, &shape, y.data());
  ThreadPool pool(num_threads);
  Resources resources(pool, nullptr, 0);
  OpContext context({&input_view, 1}, {&output_view, 1}, resources);
  (*kernel)->Compute(context);
  return y;
}

TEST(BinaryKernelTest, NumbersStandOnEitherSide) {
  EXPECT_EQ(WithTwo(BinaryFn::kSub, /*number_first=*/true, 4, 1), (std::vector<int32_t>{2, 1, 0, -1}));
  EXPECT_EQ(WithTwo(BinaryFn::kSub, /*number_first=*/false, 4, 1), (std::vector<int32_t>{-2, -1, 0, 1}));
}

TEST(BinaryKernelTest, RealFunctionsOfWholeNumbersAreTruncated) {
  EXPECT_EQ(WithTwo(BinaryFn::kHypot, /*number_first=*/false, 4, 1), (std::vector<int32_t>{2, 2, 2, 3}));
}

TEST(BinaryKernelTest, ThreadsShareTheWork) {
  const std::vector<int32_t> y = WithTwo(BinaryFn::kAdd, /*number_first=*/false, 200001, 3);
  for (int32_t i = 0; i < 200001; ++i) ASSERT_EQ(y[i], i + 2);
}

}  // namespace
}  // namespace baryon
