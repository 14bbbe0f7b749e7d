// Operators on stacks of matrices [..., rows, columns], which are computed one by one in double precision.
#ifndef BARYON_ENGINE_OPS_MATRICES_H_
#define BARYON_ENGINE_OPS_MATRICES_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "engine/graph/op_def.h"

namespace baryon {

struct MatrixStack {
  int64_t count, rows, columns;
  int64_t size() const { return rows * columns; }  // of one
};

// `shape` has rank 2 or more, or fewer: then a vector is one row.
MatrixStack StackOf(const Shape& shape);

// INVALID_ARGUMENT unless `type` is a stack of matrices of a floating dtype; of square ones.
absl::Status CheckMatrices(absl::string_view input, const TensorType& type);
absl::Status CheckSquareMatrices(absl::string_view input, const TensorType& type);

// Elements [first, first + count) of an array, and back.
void LoadDoubles(const TensorView& from, int64_t first, int64_t count, double* to);
void StoreDoubles(const double* from, int64_t first, int64_t count, const TensorView& to);

// to [columns, rows] = from' for from [rows, columns].
void TransposeMatrix(const double* from, int64_t rows, int64_t columns, double* to);
// Zeros beside one triangle of the square matrix, or the mirror image of that triangle.
void ClearOtherTriangle(bool lower, int64_t n, double* matrix);
void MirrorTriangle(bool lower, int64_t n, double* matrix);

// A kernel that calls fn(context, i, memory) for each i in [0, count), on several threads; `memory` has room for so
// many doubles. The first error ends the request.
std::unique_ptr<Kernel> MakeMatrixKernel(int64_t count, int64_t doubles,
                                         std::function<absl::Status(OpContext&, int64_t i, double* memory)> fn);

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_MATRICES_H_
