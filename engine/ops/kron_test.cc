#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(KronTest, TilesTheSecondArray) {
  OpTester("_npi_kron")
      .Input(Tensor::FromData<float>({2, 2}, {1, 2, 3, 4}))
      .Input(Tensor::FromData<float>({1, 2}, {1, 10}))
      .ExpectOutput(Tensor::FromData<float>({2, 4}, {1, 10, 2, 20, 3, 30, 4, 40}));
}

TEST(KronTest, LowerRanksGetAxesInFront) {
  OpTester("_npi_kron")
      .Input(Tensor::FromData<int32_t>({2}, {1, 2}))
      .Input(Tensor::FromData<int32_t>({2, 1}, {5, 7}))
      .ExpectOutput(Tensor::FromData<int32_t>({2, 2}, {5, 10, 7, 14}));
}

}  // namespace
}  // namespace baryon
