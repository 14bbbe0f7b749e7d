// Matrix times vector goes to GEMV, which reads the matrix once and packs nothing.
#include "engine/kernels/blas.h"

#include <cblas.h>

#include <algorithm>

namespace baryon::kernels {
namespace {

CBLAS_TRANSPOSE Op(bool transpose) { return transpose ? CblasTrans : CblasNoTrans; }

void CallGemm(CBLAS_TRANSPOSE op_a, CBLAS_TRANSPOSE op_b, blasint m, blasint n, blasint k, float alpha, const float* a,
              blasint lda, const float* b, blasint ldb, float beta, float* c, blasint ldc) {
  cblas_sgemm(CblasRowMajor, op_a, op_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
void CallGemm(CBLAS_TRANSPOSE op_a, CBLAS_TRANSPOSE op_b, blasint m, blasint n, blasint k, double alpha,
              const double* a, blasint lda, const double* b, blasint ldb, double beta, double* c, blasint ldc) {
  cblas_dgemm(CblasRowMajor, op_a, op_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}
void CallGemv(CBLAS_TRANSPOSE op, blasint rows, blasint columns, float alpha, const float* a, blasint lda,
              const float* x, blasint step_x, float beta, float* y, blasint step_y) {
  cblas_sgemv(CblasRowMajor, op, rows, columns, alpha, a, lda, x, step_x, beta, y, step_y);
}
void CallGemv(CBLAS_TRANSPOSE op, blasint rows, blasint columns, double alpha, const double* a, blasint lda,
              const double* x, blasint step_x, double beta, double* y, blasint step_y) {
  cblas_dgemv(CblasRowMajor, op, rows, columns, alpha, a, lda, x, step_x, beta, y, step_y);
}

// c = beta c, where nothing is added to it.
template <typename T>
void Scale(int64_t m, int64_t n, T* c, int64_t ldc, T beta) {
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) c[i * ldc + j] = beta == 0 ? 0 : beta * c[i * ldc + j];
  }
}

template <typename T>
void GemmOf(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const T* a, int64_t lda, const T* b,
            int64_t ldb, T* c, int64_t ldc, T alpha, T beta) {
  if (m == 0 || n == 0) return;
  if (k == 0) return Scale(m, n, c, ldc, beta);
  UseOneBlasThread();
  if (n == 1) {  // c = op(a) b, b being a row when it is transposed
    return CallGemv(Op(transpose_a), transpose_a ? k : m, transpose_a ? m : k, alpha, a, lda, b, transpose_b ? 1 : ldb,
                    beta, c, ldc);
  }
  if (m == 1) {  // c = op(b)' a
    return CallGemv(Op(!transpose_b), transpose_b ? n : k, transpose_b ? k : n, alpha, b, ldb, a, transpose_a ? lda : 1,
                    beta, c, 1);
  }
  CallGemm(Op(transpose_a), Op(transpose_b), m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

}  // namespace

void UseOneBlasThread() {
  static const bool done = [] {
    openblas_set_num_threads(1);
    return true;
  }();
  (void)done;
}

void Gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const float* a, int64_t lda,
          const float* b, int64_t ldb, float* c, int64_t ldc, float alpha, float beta) {
  GemmOf(transpose_a, transpose_b, m, n, k, a, lda, b, ldb, c, ldc, alpha, beta);
}

void Gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const double* a, int64_t lda,
          const double* b, int64_t ldb, double* c, int64_t ldc, double alpha, double beta) {
  GemmOf(transpose_a, transpose_b, m, n, k, a, lda, b, ldb, c, ldc, alpha, beta);
}

void MultiplyByTriangle(bool right_side, bool lower, bool transpose, int64_t m, int64_t n, double alpha,
                        const double* a, int64_t lda, double* b, int64_t ldb) {
  if (m == 0 || n == 0) return;
  UseOneBlasThread();
  cblas_dtrmm(CblasRowMajor, right_side ? CblasRight : CblasLeft, lower ? CblasLower : CblasUpper, Op(transpose),
              CblasNonUnit, m, n, alpha, a, lda, b, ldb);
}

void DivideByTriangle(bool right_side, bool lower, bool transpose, int64_t m, int64_t n, double alpha, const double* a,
                      int64_t lda, double* b, int64_t ldb) {
  if (m == 0 || n == 0) return;
  UseOneBlasThread();
  cblas_dtrsm(CblasRowMajor, right_side ? CblasRight : CblasLeft, lower ? CblasLower : CblasUpper, Op(transpose),
              CblasNonUnit, m, n, alpha, a, lda, b, ldb);
}

}  // namespace baryon::kernels
