// The products of OpenBLAS. Only kernels see it. It runs on one thread everywhere: threads are the business of
// ThreadPool, and two pools would share the same cores.
#ifndef BARYON_ENGINE_KERNELS_BLAS_H_
#define BARYON_ENGINE_KERNELS_BLAS_H_

#include <cstdint>

namespace baryon::kernels {

// Makes OpenBLAS compute on the calling thread alone. Whoever calls it calls this first.
void UseOneBlasThread();

// c[m, n] = alpha op(a) op(b) + beta c for row-major matrices whose rows are lda, ldb and ldc elements apart: op(a) is
// a[m, k], or the transpose of a[k, m]; op(b) is b[k, n], or the transpose of b[n, k]. With beta 0 c is not read. Sizes
// and distances are below 2^31. Thread-safe, no errors.
void Gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const float* a, int64_t lda,
          const float* b, int64_t ldb, float* c, int64_t ldc, float alpha = 1, float beta = 0);
void Gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const double* a, int64_t lda,
          const double* b, int64_t ldb, double* c, int64_t ldc, double alpha = 1, double beta = 0);

// Products with and divisions by a triangular matrix a, of which only the lower or upper triangle is read:
// b[m, n] = alpha op(a) b, or alpha b op(a) with `right_side`; op(a) is a, its transpose, or the inverse of either.
void MultiplyByTriangle(bool right_side, bool lower, bool transpose, int64_t m, int64_t n, double alpha,
                        const double* a, int64_t lda, double* b, int64_t ldb);
void DivideByTriangle(bool right_side, bool lower, bool transpose, int64_t m, int64_t n, double alpha, const double* a,
                      int64_t lda, double* b, int64_t ldb);

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_BLAS_H_
