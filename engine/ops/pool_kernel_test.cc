#include "engine/ops/pool_kernel.h"

#include "gtest/gtest.h"

namespace baryon {
namespace {

kernels::PoolGeometry Geometry(kernels::PoolType type) {
  kernels::PoolGeometry geometry;
  geometry.type = type;
  geometry.windows = {{{{0, 1, 1}}, {{0, 1, 1}}, {{0, 1, 1}}}};
  return geometry;
}

TEST(PoolKernelTest, TakesVectorsWhereThereAreSome) {
  using kernels::PoolType;
  EXPECT_EQ(MakePoolKernel(Geometry(PoolType::kMax), DType::kFloat32, true)->algorithm(), "channel vectors");
  EXPECT_EQ(MakePoolKernel(Geometry(PoolType::kLp), DType::kFloat32, true)->algorithm(), "plain loops");
  EXPECT_EQ(MakePoolKernel(Geometry(PoolType::kMax), DType::kFloat32, false)->algorithm(), "plain loops");
  EXPECT_EQ(MakePoolKernel(Geometry(PoolType::kMax), DType::kFloat16, true)->algorithm(), "plain loops");
}

}  // namespace
}  // namespace baryon
