#include "engine/kernels/blas.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

template <typename T>
std::vector<T> Draw(int64_t count) {
  std::mt19937 generator(static_cast<uint32_t>(count));
  std::uniform_real_distribution<T> distribution(-1, 1);
  std::vector<T> values(count);
  for (T& value : values) value = distribution(generator);
  return values;
}

template <typename T>
void ExpectGemmAgrees(int64_t m, int64_t n, int64_t k, bool transpose_a, bool transpose_b, T beta) {
  const int64_t lda = (transpose_a ? m : k) + 2, ldb = (transpose_b ? k : n) + 3, ldc = n + 1;
  const std::vector<T> a = Draw<T>((transpose_a ? k : m) * lda + 1), b = Draw<T>((transpose_b ? n : k) * ldb + 1);
  const std::vector<T> before = Draw<T>(m * ldc + 1);
  std::vector<T> c = before;
  if (beta == 0) std::fill(c.begin(), c.end(), std::numeric_limits<T>::quiet_NaN());
  Gemm(transpose_a, transpose_b, m, n, k, a.data(), lda, b.data(), ldb, c.data(), ldc, T{2}, beta);
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      double want = beta == 0 ? 0 : double{beta} * before[i * ldc + j];
      for (int64_t l = 0; l < k; ++l) {
        want += 2.0 * a[transpose_a ? l * lda + i : i * lda + l] * b[transpose_b ? j * ldb + l : l * ldb + j];
      }
      EXPECT_NEAR(c[i * ldc + j], want, 1e-5) << m << " x " << n << " x " << k;
    }
  }
}

TEST(BlasTest, GemmAgreesWithTheFormulaForAllForms) {
  for (int64_t m : {1, 2, 17}) {
    for (int64_t n : {1, 3, 33}) {
      for (int64_t k : {0, 1, 20}) {
        for (int form = 0; form < 4; ++form) {
          ExpectGemmAgrees<float>(m, n, k, form & 1, form & 2, 0);
          ExpectGemmAgrees<float>(m, n, k, form & 1, form & 2, 0.5f);
          ExpectGemmAgrees<double>(m, n, k, form & 1, form & 2, 1);
        }
      }
    }
  }
}

TEST(BlasTest, NothingToComputeTouchesNothing) {
  Gemm(false, false, 0, 3, 2, static_cast<float*>(nullptr), 2, nullptr, 3, nullptr, 3);
  MultiplyByTriangle(false, true, false, 0, 0, 1, nullptr, 1, nullptr, 1);
  DivideByTriangle(false, true, false, 0, 0, 1, nullptr, 1, nullptr, 1);
}

TEST(BlasTest, TrianglesMultiplyAndDivide) {
  const std::vector<double> a = {2, 99, 3, 4}, original = {1, 2, 3, 4};  // the lower triangle: 2, 3, 4
  std::vector<double> b = original;
  MultiplyByTriangle(false, true, false, 2, 2, 1, a.data(), 2, b.data(), 2);
  EXPECT_EQ(b, (std::vector<double>{2, 4, 15, 22}));
  DivideByTriangle(false, true, false, 2, 2, 1, a.data(), 2, b.data(), 2);
  EXPECT_EQ(b, original);
  MultiplyByTriangle(true, true, true, 2, 2, 2, a.data(), 2, b.data(), 2);
  EXPECT_EQ(b, (std::vector<double>{4, 22, 12, 50}));
  DivideByTriangle(true, true, true, 2, 2, 0.5, a.data(), 2, b.data(), 2);
  EXPECT_EQ(b, original);
}

}  // namespace
}  // namespace baryon::kernels
