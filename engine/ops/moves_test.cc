#include "engine/ops/moves.h"

#include <cstring>

#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(MovesTest, ADenseMoveIsACopyWhateverTheDtype) {
  for (DType dtype : {DType::kFloat32, DType::kInt8, DType::kFloat64, DType::kFloat16}) {
    Tensor x = Tensor::Zeros({dtype, {100}});
    char* bytes = static_cast<char*>(x.mutable_raw_data());
    for (int64_t i = 0; i < x.size_bytes(); ++i) bytes[i] = static_cast<char>(i);
    const TensorTypes types = {x.type()};
    PreparedCache cache;
    const PrepareContext prepare(types, types, {nullptr}, 2, Numerics::kStrict, cache);
    const auto kernel = MakeMoveKernel(prepare, {DenseMove(100)});
    ThreadPool pool(2);
    Resources resources(pool, nullptr, 0);
    Tensor y = Tensor::Allocate(x.type());
    const TensorView in = x.view(), out = y.view();
    OpContext context({&in, 1}, {&out, 1}, resources);
    ASSERT_OK(kernel);
    (*kernel)->Compute(context);
    EXPECT_EQ(std::memcmp(x.raw_data(), y.raw_data(), x.size_bytes()), 0);
  }
}

}  // namespace
}  // namespace baryon
