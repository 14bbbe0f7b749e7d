#include "engine/kernels/lapack.h"

#include <cmath>
#include <vector>

#include "engine/kernels/testing/kernel_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

using Matrix = std::vector<double>;

Matrix Random(int64_t size, uint32_t seed) {
  const std::vector<float> values = RandomFloats(size, seed);
  return {values.begin(), values.end()};
}

// a [m, k] b [k, n]
Matrix Product(const Matrix& a, const Matrix& b, int64_t m, int64_t k, int64_t n) {
  Matrix c(m * n, 0.0);
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t p = 0; p < k; ++p) {
      for (int64_t j = 0; j < n; ++j) c[i * n + j] += a[i * k + p] * b[p * n + j];
    }
  }
  return c;
}

Matrix Transposed(const Matrix& a, int64_t m, int64_t n) {
  Matrix t(m * n);
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) t[j * m + i] = a[i * n + j];
  }
  return t;
}

Matrix Identity(int64_t n) {
  Matrix identity(n * n, 0.0);
  for (int64_t i = 0; i < n; ++i) identity[i * n + i] = 1;
  return identity;
}

void ExpectEqual(const Matrix& got, const Matrix& want) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], want[i], 1e-10) << "element " << i;
}

// The triangle of a with its diagonal, zeros elsewhere.
Matrix Triangle(const Matrix& a, int64_t n, bool lower) {
  Matrix t = a;
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      if (lower ? j > i : j < i) t[i * n + j] = 0;
    }
  }
  return t;
}

Matrix PositiveDefinite(int64_t n) {
  const Matrix a = Random(n * n, 1);
  Matrix product = Product(a, Transposed(a, n, n), n, n, n);
  for (int64_t i = 0; i < n; ++i) product[i * n + i] += 0.5;
  return product;
}

TEST(LapackTest, CholeskyFactorsMultiplyToTheMatrixAndInvertIt) {
  for (int64_t n : {1, 3, 40}) {
    const Matrix a = PositiveDefinite(n);
    for (bool lower : {true, false}) {
      Matrix factor = a;
      ASSERT_TRUE(FactorCholesky(lower, n, factor.data()));
      const Matrix t = Triangle(factor, n, lower), other = Transposed(t, n, n);
      ExpectEqual(lower ? Product(t, other, n, n, n) : Product(other, t, n, n, n), a);
      ASSERT_TRUE(InvertCholesky(lower, n, factor.data()));
      Matrix inverse = Triangle(factor, n, lower), mirrored = Transposed(inverse, n, n);
      for (int64_t i = 0; i < n * n; ++i) inverse[i] += i % (n + 1) == 0 ? 0 : mirrored[i];
      ExpectEqual(Product(a, inverse, n, n, n), Identity(n));
    }
  }
  Matrix indefinite = {1, 2, 2, 1};
  EXPECT_FALSE(FactorCholesky(true, 2, indefinite.data()));
}

TEST(LapackTest, LuInvertsAndSolves) {
  for (int64_t n : {1, 2, 5, 40}) {
    const Matrix a = Random(n * n, 2), right = Random(3 * n, 3);
    Matrix lu = a, work(InvertLuWork(n)), solutions = right;
    std::vector<int32_t> pivots(n);
    ASSERT_TRUE(FactorLu(n, lu.data(), pivots.data()));
    SolveLu(n, lu.data(), pivots.data(), 3, solutions.data());
    ExpectEqual(Product(solutions, Transposed(a, n, n), 3, n, n), right);
    InvertLu(n, lu.data(), pivots.data(), work.data());
    ExpectEqual(Product(a, lu, n, n, n), Identity(n));
  }
  Matrix singular = {1, 2, 2, 4};
  int32_t pivots[2];
  EXPECT_FALSE(FactorLu(2, singular.data(), pivots));
}

TEST(LapackTest, LuKeepsTheDeterminant) {
  Matrix lu = {0, 2, 3, 4};
  int32_t pivots[2];
  ASSERT_TRUE(FactorLu(2, lu.data(), pivots));
  const int exchanges = (pivots[0] != 1) + (pivots[1] != 2);
  EXPECT_DOUBLE_EQ(lu[0] * lu[3] * (exchanges % 2 == 0 ? 1 : -1), -6);
}

TEST(LapackTest, SymmetricEigenvectorsAreRows) {
  for (int64_t n : {1, 2, 30}) {
    const Matrix a = PositiveDefinite(n);
    for (bool lower : {true, false}) {
      Matrix vectors = Triangle(a, n, lower), values(n), work(SymmetricEigenWork(n));
      ASSERT_TRUE(SymmetricEigen(lower, true, n, vectors.data(), values.data(), work.data()));
      Matrix scaled = vectors;
      for (int64_t i = 0; i < n * n; ++i) scaled[i] *= values[i / n];
      ExpectEqual(Product(vectors, a, n, n, n), scaled);
      Matrix only = a, again(n);
      ASSERT_TRUE(SymmetricEigen(lower, false, n, only.data(), again.data(), work.data()));
      ExpectEqual(again, values);
    }
  }
}

TEST(LapackTest, GeneralEigenvectorsAreRows) {
  const int64_t n = 3;
  Matrix a = {2, 1, 0, 0, 3, 4, 0, 0, 5}, real(n), imaginary(n), vectors(n * n), work(GeneralEigenWork(n));
  const Matrix kept = a;
  ASSERT_TRUE(GeneralEigen(n, a.data(), real.data(), imaginary.data(), vectors.data(), work.data()));
  Matrix scaled = vectors;
  for (int64_t i = 0; i < n * n; ++i) scaled[i] *= real[i / n];
  ExpectEqual(Product(vectors, Transposed(kept, n, n), n, n, n), scaled);
  ExpectEqual(imaginary, Matrix(n, 0.0));
  Matrix rotation = {0, -1, 1, 0};
  ASSERT_TRUE(GeneralEigen(2, rotation.data(), real.data(), imaginary.data(), nullptr, work.data()));
  EXPECT_DOUBLE_EQ(std::abs(imaginary[0]), 1);
}

TEST(LapackTest, LqAndQrHaveOrthonormalFactors) {
  for (auto [m, n] : {std::pair<int64_t, int64_t>{1, 1}, {2, 3}, {5, 5}, {20, 50}}) {
    const Matrix a = Random(m * n, 4);
    Matrix q = a, l(m * m), work(FactorLqWork(m, n));
    FactorLq(m, n, q.data(), l.data(), work.data());
    ExpectEqual(Product(l, q, m, m, n), a);
    ExpectEqual(Product(q, Transposed(q, m, n), m, n, m), Identity(m));
    ExpectEqual(l, Triangle(l, m, true));
  }
  for (auto [m, n] : {std::pair<int64_t, int64_t>{1, 1}, {2, 3}, {3, 2}, {5, 5}, {50, 20}, {20, 50}}) {
    const int64_t k = std::min(m, n);
    const Matrix a = Random(m * n, 5);
    Matrix destroyed = a, q(m * k), r(k * n), work(FactorQrWork(m, n));
    FactorQr(m, n, destroyed.data(), q.data(), r.data(), work.data());
    ExpectEqual(Product(q, r, m, k, n), a);
    ExpectEqual(Product(Transposed(q, m, k), q, k, m, k), Identity(k));
    for (int64_t i = 0; i < k; ++i) {
      for (int64_t j = 0; j < i; ++j) EXPECT_EQ(r[i * n + j], 0);
    }
  }
}

TEST(LapackTest, SingularValuesPutTheMatrixTogether) {
  for (auto [m, n] : {std::pair<int64_t, int64_t>{1, 1}, {2, 3}, {3, 2}, {12, 30}, {30, 12}}) {
    const int64_t k = std::min(m, n);
    const Matrix a = Random(m * n, 6);
    Matrix destroyed = a, u(m * k), s(k), v(k * n), work(SingularValuesWork(m, n));
    ASSERT_TRUE(SingularValues(m, n, destroyed.data(), u.data(), s.data(), v.data(), work.data()));
    Matrix scaled = v;
    for (int64_t i = 0; i < k * n; ++i) scaled[i] *= s[i / n];
    ExpectEqual(Product(u, scaled, m, k, n), a);
    ExpectEqual(Product(v, Transposed(v, k, n), k, n, k), Identity(k));
    for (int64_t i = 1; i < k; ++i) EXPECT_LE(s[i], s[i - 1]);
  }
}

}  // namespace
}  // namespace baryon::kernels
