// Factorisations of dense matrices, by the LAPACK inside OpenBLAS. Only kernels see it. Matrices are row-major, dense
// and in double precision. `work` is scratch memory of as many doubles as the function's ...Work says, 8-byte aligned.
// Sizes are below 2^31. Pure, thread-safe.
#ifndef BARYON_ENGINE_KERNELS_LAPACK_H_
#define BARYON_ENGINE_KERNELS_LAPACK_H_

#include <cstdint>

namespace baryon::kernels {

// a [n, n] = L L' with `lower`, else U' U. Reads and overwrites that triangle alone. False when a is not positive
// definite.
bool FactorCholesky(bool lower, int64_t n, double* a);
// The inverse of L L' or U' U, whose factor is in that triangle of a; overwrites that triangle. False when the factor
// has a zero on its diagonal.
bool InvertCholesky(bool lower, int64_t n, double* a);

// The LU factorisation of a in place, for the functions below, with its row exchanges in `pivots` [n], counted
// from 1: i + 1 and pivots[i] changed places. The determinant is the product of the diagonal that a is left with, its
// sign changed for each exchange of different rows. False when that diagonal has a zero.
bool FactorLu(int64_t n, double* a, int32_t* pivots);
// The inverse from FactorLu's results, in place; the diagonal has no zero.
int64_t InvertLuWork(int64_t n);
void InvertLu(int64_t n, double* lu, const int32_t* pivots, double* work);
// Overwrites the rows b of `right` [count, n] with the solutions x of a x = b; the diagonal has no zero.
void SolveLu(int64_t n, const double* lu, const int32_t* pivots, int64_t count, double* right);

// Eigenvalues of the symmetric a [n, n], of which one triangle is read, in ascending order; with `vectors` the rows of
// a become the eigenvectors, of length 1, else a is destroyed. False when the iteration does not converge.
int64_t SymmetricEigenWork(int64_t n);
bool SymmetricEigen(bool lower, bool vectors, int64_t n, double* a, double* values, double* work);

// Eigenvalues and right eigenvectors of any a [n, n], which is destroyed. `real` and `imaginary` [n]; row j of
// `vectors` [n, n], unless it is nullptr, is the vector of value j; conjugate pairs share two rows, real and imaginary
// part. False when the iteration does not converge.
int64_t GeneralEigenWork(int64_t n);
bool GeneralEigen(int64_t n, double* a, double* real, double* imaginary, double* vectors, double* work);

// a [m, n] = l q with m <= n: q [m, n] has orthonormal rows and overwrites a, l [m, m] is lower triangular.
int64_t FactorLqWork(int64_t m, int64_t n);
void FactorLq(int64_t m, int64_t n, double* a, double* l, double* work);
// a [m, n] = q r with k = min(m, n): q [m, k] has orthonormal columns, r [k, n] is upper triangular. Destroys a.
int64_t FactorQrWork(int64_t m, int64_t n);
void FactorQr(int64_t m, int64_t n, double* a, double* q, double* r, double* work);

// a [m, n] = u diag(s) v with k = min(m, n): u [m, k], s [k] in descending order, v [k, n]. Destroys a. False when the
// iteration does not converge.
int64_t SingularValuesWork(int64_t m, int64_t n);
bool SingularValues(int64_t m, int64_t n, double* a, double* u, double* s, double* v, double* work);

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_LAPACK_H_
