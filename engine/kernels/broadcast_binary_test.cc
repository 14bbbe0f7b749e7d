#include "engine/kernels/broadcast_binary.h"

#include <vector>

#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

using Dims = std::vector<int64_t>;

std::vector<float> Numbers(int64_t n, int seed) {
  std::vector<float> x(n);
  for (int64_t i = 0; i < n; ++i) x[i] = static_cast<float>((i * 37 + seed) % 101) - 50;
  return x;
}

// a - b for [planes, rows, columns] and operands that have each of these axes or repeat along it.
void ExpectDifferences(const Dims& a_dims, const Dims& b_dims) {
  const Dims y_dims = {std::max(a_dims[0], b_dims[0]), std::max(a_dims[1], b_dims[1]), std::max(a_dims[2], b_dims[2])};
  const auto a = Numbers(a_dims[0] * a_dims[1] * a_dims[2], 1), b = Numbers(b_dims[0] * b_dims[1] * b_dims[2], 5);
  const auto at = [](const std::vector<float>& x, const Dims& dims, int64_t i, int64_t j, int64_t k) {
    return x[((dims[0] == 1 ? 0 : i) * dims[1] + (dims[1] == 1 ? 0 : j)) * dims[2] + (dims[2] == 1 ? 0 : k)];
  };
  std::vector<float> want;
  for (int64_t i = 0; i < y_dims[0]; ++i) {
    for (int64_t j = 0; j < y_dims[1]; ++j) {
      for (int64_t k = 0; k < y_dims[2]; ++k) want.push_back(at(a, a_dims, i, j, k) - at(b, b_dims, i, j, k));
    }
  }
  const auto f32 = DType::kFloat32;
  const BroadcastBinary sub({BinaryFn::kSub, f32, f32, f32, f32}, a_dims, b_dims, y_dims);
  const int64_t n = sub.num_elements();
  std::vector<float> y(n, 77);
  sub.Run(a.data(), b.data(), y.data(), 0, n / 3);  // in parts, as threads do
  sub.Run(a.data(), b.data(), y.data(), n / 3, n);
  EXPECT_EQ(y, want);
}

TEST(BroadcastBinaryTest, AgreesWithPlainLoopsForShortAndLongRuns) {
  for (int64_t columns : {1, 3, 31, 32, 1000}) {
    for (int mask = 0; mask < 64; ++mask) {
      const auto dim = [&](int bit, int64_t size) { return mask & (1 << bit) ? size : 1; };
      ExpectDifferences({dim(0, 4), dim(1, 50), dim(2, columns)}, {dim(3, 4), dim(4, 50), dim(5, columns)});
    }
  }
}

TEST(BroadcastBinaryTest, ConvertsOperandsAndResult) {
  const std::vector<int8_t> a = {100, -100, 3};
  const std::vector<Half> b = {Half(0.5f), Half(2), Half(0.25f)};
  std::vector<double> y(3);
  BroadcastBinary({BinaryFn::kMul, DType::kInt8, DType::kFloat16, DType::kFloat32, DType::kFloat64}, {3}, {3}, {3})
      .Run(a.data(), b.data(), y.data(), 0, 3);
  EXPECT_EQ(y, (std::vector<double>{50, -200, 0.75}));
}

TEST(BroadcastBinaryTest, ResultsOfNarrowTypesWrapAround) {
  const std::vector<uint8_t> a = {250, 1}, b = {10};
  std::vector<uint8_t> y(2);
  const DType u8 = DType::kUInt8;
  BroadcastBinary({BinaryFn::kAdd, u8, u8, u8, u8}, {2}, {1}, {2}).Run(a.data(), b.data(), y.data(), 0, 2);
  EXPECT_EQ(y, (std::vector<uint8_t>{4, 11}));
}

TEST(BroadcastBinaryTest, OverwritesAnOperand) {
  std::vector<float> a = Numbers(3000, 1), want = a;
  for (size_t i = 0; i < want.size(); ++i) want[i] *= static_cast<float>(i % 3 + 1);
  const std::vector<float> b = {1, 2, 3};
  const auto f32 = DType::kFloat32;
  BroadcastBinary({BinaryFn::kMul, f32, f32, f32, f32}, {1000, 3}, {3}, {1000, 3})
      .Run(a.data(), b.data(), a.data(), 0, 3000);
  EXPECT_EQ(a, want);
}

TEST(BroadcastBinaryTest, EmptyArraysAreLeftAlone) {
  const auto f32 = DType::kFloat32;
  const BroadcastBinary add({BinaryFn::kAdd, f32, f32, f32, f32}, {0, 3}, {3}, {0, 3});
  EXPECT_EQ(add.num_elements(), 0);
  add.Run(nullptr, nullptr, nullptr, 0, 0);
}

}  // namespace
}  // namespace baryon::kernels
