// LAPACK counts in columns: what it sees of a row-major matrix is the transpose. So upper and lower change places, an
// LQ factorisation is the QR factorisation of the transpose, and u and v of a singular value decomposition change
// places.
#include "engine/kernels/lapack.h"

#include <algorithm>
#include <cstddef>

#include "engine/kernels/blas.h"

// The Fortran interface: everything by address, the lengths of texts behind.
extern "C" {
void dpotrf_(const char* uplo, const int* n, double* a, const int* lda, int* info, size_t);
void dpotri_(const char* uplo, const int* n, double* a, const int* lda, int* info, size_t);
void dgetrf_(const int* m, const int* n, double* a, const int* lda, int* pivots, int* info);
void dgetri_(const int* n, double* a, const int* lda, const int* pivots, double* work, const int* lwork, int* info);
void dgetrs_(const char* trans, const int* n, const int* columns, const double* a, const int* lda, const int* pivots,
             double* b, const int* ldb, int* info, size_t);
void dsyevd_(const char* job, const char* uplo, const int* n, double* a, const int* lda, double* values, double* work,
             const int* lwork, int* iwork, const int* liwork, int* info, size_t, size_t);
void dgeev_(const char* left, const char* right, const int* n, double* a, const int* lda, double* real,
            double* imaginary, double* vl, const int* ldvl, double* vr, const int* ldvr, double* work, const int* lwork,
            int* info, size_t, size_t);
void dgeqrf_(const int* m, const int* n, double* a, const int* lda, double* tau, double* work, const int* lwork,
             int* info);
void dorgqr_(const int* m, const int* n, const int* k, double* a, const int* lda, const double* tau, double* work,
             const int* lwork, int* info);
void dgelqf_(const int* m, const int* n, double* a, const int* lda, double* tau, double* work, const int* lwork,
             int* info);
void dorglq_(const int* m, const int* n, const int* k, double* a, const int* lda, const double* tau, double* work,
             const int* lwork, int* info);
void dgesvd_(const char* job_u, const char* job_v, const int* m, const int* n, double* a, const int* lda, double* s,
             double* u, const int* ldu, double* v, const int* ldv, double* work, const int* lwork, int* info, size_t,
             size_t);
}

namespace baryon::kernels {
namespace {

constexpr int64_t kBlock = 32;  // columns that blocked algorithms take at once

// The other triangle: that of the transpose.
const char* Triangle(bool lower) { return lower ? "U" : "L"; }

// LAPACK wants a leading dimension of 1 or more.
int Leading(int64_t n) { return static_cast<int>(std::max<int64_t>(n, 1)); }

}  // namespace

bool FactorCholesky(bool lower, int64_t n, double* a) {
  UseOneBlasThread();
  const int size = static_cast<int>(n), lda = Leading(n);
  int info = 0;
  dpotrf_(Triangle(lower), &size, a, &lda, &info, 1);
  return info == 0;
}

bool InvertCholesky(bool lower, int64_t n, double* a) {
  UseOneBlasThread();
  const int size = static_cast<int>(n), lda = Leading(n);
  int info = 0;
  dpotri_(Triangle(lower), &size, a, &lda, &info, 1);
  return info == 0;
}

bool FactorLu(int64_t n, double* a, int32_t* pivots) {
  UseOneBlasThread();
  const int size = static_cast<int>(n), lda = Leading(n);
  int info = 0;
  dgetrf_(&size, &size, a, &lda, pivots, &info);
  return info == 0;
}

int64_t InvertLuWork(int64_t n) { return Leading(n * kBlock); }

void InvertLu(int64_t n, double* lu, const int32_t* pivots, double* work) {
  UseOneBlasThread();
  const int size = static_cast<int>(n), lda = Leading(n), work_size = static_cast<int>(InvertLuWork(n));
  int info = 0;
  dgetri_(&size, lu, &lda, pivots, work, &work_size, &info);
}

void SolveLu(int64_t n, const double* lu, const int32_t* pivots, int64_t count, double* right) {
  UseOneBlasThread();
  const int size = static_cast<int>(n), lda = Leading(n), columns = static_cast<int>(count);
  int info = 0;
  dgetrs_("T", &size, &columns, lu, &lda, pivots, right, &lda, &info, 1);
}

// Doubles, then whole numbers of half their size.
int64_t SymmetricEigenWork(int64_t n) { return 1 + 6 * n + 2 * n * n + (3 + 5 * n + 1) / 2; }

bool SymmetricEigen(bool lower, bool vectors, int64_t n, double* a, double* values, double* work) {
  UseOneBlasThread();
  const int size = static_cast<int>(n), lda = Leading(n);
  const int doubles = static_cast<int>(1 + 6 * n + 2 * n * n), integers = static_cast<int>(3 + 5 * n);
  int info = 0;
  dsyevd_(vectors ? "V" : "N", Triangle(lower), &size, a, &lda, values, work, &doubles,
          reinterpret_cast<int*>(work + doubles), &integers, &info, 1, 1);
  return info == 0;
}

int64_t GeneralEigenWork(int64_t n) { return n * n + Leading(n * (kBlock + 4)); }

bool GeneralEigen(int64_t n, double* a, double* real, double* imaginary, double* vectors, double* work) {
  UseOneBlasThread();
  double* const transposed = work;
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < n; ++j) transposed[j * n + i] = a[i * n + j];
  }
  const int size = static_cast<int>(n), lda = Leading(n), work_size = Leading(n * (kBlock + 4));
  int info = 0;
  dgeev_("N", vectors == nullptr ? "N" : "V", &size, transposed, &lda, real, imaginary, nullptr, &lda,
         vectors == nullptr ? a : vectors, &lda, work + n * n, &work_size, &info, 1, 1);
  return info == 0;
}

int64_t FactorLqWork(int64_t m, int64_t) { return m + Leading(m * kBlock); }

void FactorLq(int64_t m, int64_t n, double* a, double* l, double* work) {
  UseOneBlasThread();
  const int rows = static_cast<int>(n), columns = static_cast<int>(m), lda = Leading(n);
  const int work_size = Leading(m * kBlock);
  double* const tau = work;
  int info = 0;
  dgeqrf_(&rows, &columns, a, &lda, tau, work + m, &work_size, &info);
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < m; ++j) l[i * m + j] = j <= i ? a[i * n + j] : 0;
  }
  dorgqr_(&rows, &columns, &columns, a, &lda, tau, work + m, &work_size, &info);
}

int64_t FactorQrWork(int64_t m, int64_t n) { return std::min(m, n) + Leading(n * kBlock); }

void FactorQr(int64_t m, int64_t n, double* a, double* q, double* r, double* work) {
  UseOneBlasThread();
  const int64_t k = std::min(m, n);
  const int rows = static_cast<int>(n), columns = static_cast<int>(m), reflectors = static_cast<int>(k);
  const int lda = Leading(n), ldq = Leading(k), work_size = Leading(n * kBlock);
  double* const tau = work;
  int info = 0;
  dgelqf_(&rows, &columns, a, &lda, tau, work + k, &work_size, &info);
  for (int64_t i = 0; i < k; ++i) {
    for (int64_t j = 0; j < n; ++j) r[i * n + j] = j >= i ? a[i * n + j] : 0;
  }
  for (int64_t i = 0; i < m; ++i) std::copy_n(a + i * n, k, q + i * k);
  dorglq_(&reflectors, &columns, &reflectors, q, &ldq, tau, work + k, &work_size, &info);
}

int64_t SingularValuesWork(int64_t m, int64_t n) {
  const int64_t k = std::min(m, n);
  return Leading(std::max(3 * k + std::max(m, n), 5 * k) + k * kBlock);
}

bool SingularValues(int64_t m, int64_t n, double* a, double* u, double* s, double* v, double* work) {
  UseOneBlasThread();
  const int rows = static_cast<int>(n), columns = static_cast<int>(m), lda = Leading(n), ldv = Leading(n);
  const int ldu = Leading(std::min(m, n)), work_size = static_cast<int>(SingularValuesWork(m, n));
  int info = 0;
  dgesvd_("S", "S", &rows, &columns, a, &lda, s, v, &ldv, u, &ldu, work, &work_size, &info, 1, 1);
  return info == 0;
}

}  // namespace baryon::kernels
