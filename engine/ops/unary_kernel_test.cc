#include "engine/ops/unary_kernel.h"

#include <cstdint>
#include <memory>

#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

// `function` of a row that does not fill the kernel's buffers evenly.
Tensor Map(const UnaryFunction& function, const Tensor& x, DType to) {
  const TensorTypes inputs = {x.type()}, outputs = {{to, x.shape()}};
  PreparedCache cache;
  const PrepareContext prepare(inputs, outputs, {nullptr}, 2, Numerics::kStrict, cache);
  const auto kernel = MakeUnaryKernel(prepare, function);
  EXPECT_OK(kernel);
  ThreadPool pool(2);
  Resources resources(pool, nullptr, 0);
  Tensor y = Tensor::Allocate(outputs[0]);
  const TensorView in = x.view(), out = y.view();
  OpContext context({&in, 1}, {&out, 1}, resources);
  (*kernel)->Compute(context);
  return y;
}

TEST(UnaryKernelTest, OtherDtypesAreComputedInDouble) {
  constexpr int64_t kCount = 5001;
  Tensor x = Tensor::Allocate({DType::kInt32, {kCount}});
  for (int64_t i = 0; i < kCount; ++i) x.mutable_data<int32_t>()[i] = static_cast<int32_t>(i);
  const Tensor y = Map({[](double v) { return v / 2; }}, x, DType::kFloat64);
  for (int64_t i = 0; i < kCount; ++i) ASSERT_EQ(y.data<double>()[i], static_cast<double>(i) / 2);
}

TEST(UnaryKernelTest, WholeNumbersUseTheWholeForm) {
  UnaryFunction function = {[](double) { return 0.0; }};
  function.of_whole = [](int64_t v) { return v + 1; };
  const Tensor y = Map(function, Tensor::FromData<int64_t>({1}, {int64_t{1} << 62}), DType::kInt64);
  EXPECT_EQ(y.data<int64_t>()[0], (int64_t{1} << 62) + 1);
}

TEST(UnaryKernelTest, FloatsUseTheVectorForm) {
  UnaryFunction function = {[](double) { return 0.0; }};
  function.of_rows = [](const float* x, int64_t n, float* y) {
    for (int64_t i = 0; i < n; ++i) y[i] = x[i] * 3;
  };
  EXPECT_EQ(Map(function, Tensor::FromData<float>({1}, {2}), DType::kFloat32).data<float>()[0], 6);
  EXPECT_EQ(Map(function, Tensor::FromData<double>({1}, {2}), DType::kFloat64).data<double>()[0], 0);
}

}  // namespace
}  // namespace baryon
