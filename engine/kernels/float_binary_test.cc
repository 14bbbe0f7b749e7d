#include "engine/kernels/float_binary.h"

#include <limits>
#include <vector>

#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

constexpr BinaryFn kVectorFns[] = {
    BinaryFn::kAdd,  BinaryFn::kSub,       BinaryFn::kMul,        BinaryFn::kDiv,       BinaryFn::kMax,
    BinaryFn::kMin,  BinaryFn::kEqual,     BinaryFn::kNotEqual,   BinaryFn::kGreater,   BinaryFn::kGreaterEqual,
    BinaryFn::kLess, BinaryFn::kLessEqual, BinaryFn::kLogicalAnd, BinaryFn::kLogicalOr, BinaryFn::kLogicalXor,
};

bool Same(double a, double b) { return a == b || (a != a && b != b); }

// The loops in double precision are the reference: a single operation on floats rounds the same either way.
float Want(BinaryFn fn, double a, double b) {
  double y;
  BinaryLoopsOf<double>(fn).both(&a, &b, &y, 1);
  return static_cast<float>(y);
}

TEST(FloatBinaryTest, AgreesWithDoublesForEveryLengthAndPairOfValues) {
  const std::vector<float> values = {
      0, -0.0f, 1, -2.5f, 3, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()};
  for (BinaryFn fn : kVectorFns) {
    const BinaryLoops<float> loops = FloatLoopsOf(fn);
    for (int64_t n = 1; n <= 70; ++n) {
      std::vector<float> a(n), b(n), y(n + 1, 77);
      for (int64_t i = 0; i < n; ++i) {
        a[i] = values[i % 7];
        b[i] = values[(i / 7 + n) % 7];
      }
      loops.both(a.data(), b.data(), y.data(), n);
      for (int64_t i = 0; i < n; ++i) EXPECT_TRUE(Same(y[i], Want(fn, a[i], b[i]))) << a[i] << " " << b[i];
      loops.fixed_a(&a[n / 2], b.data(), y.data(), n);
      for (int64_t i = 0; i < n; ++i) EXPECT_TRUE(Same(y[i], Want(fn, a[n / 2], b[i]))) << b[i];
      loops.fixed_b(a.data(), &b[n / 2], y.data(), n);
      for (int64_t i = 0; i < n; ++i) EXPECT_TRUE(Same(y[i], Want(fn, a[i], b[n / 2]))) << a[i];
      EXPECT_EQ(y[n], 77) << "written beyond the row";
    }
  }
}

TEST(FloatBinaryTest, WorksInPlace) {
  std::vector<float> x(37, 3);
  FloatLoopsOf(BinaryFn::kAdd).both(x.data(), x.data(), x.data(), 37);
  EXPECT_EQ(x, std::vector<float>(37, 6));
}

TEST(FloatBinaryTest, LeavesOtherFunctionsToPlainLoops) { EXPECT_EQ(FloatLoopsOf(BinaryFn::kPower).both, nullptr); }

}  // namespace
}  // namespace baryon::kernels
