#include "engine/ops/matrices.h"

#include <algorithm>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "engine/base/status_macros.h"
#include "engine/kernels/convert_row.h"
#include "engine/ops/function_kernel.h"
#include "engine/ops/type_rules.h"

namespace baryon {

MatrixStack StackOf(const Shape& shape) {
  const int64_t rank = shape.rank();
  if (rank < 2) return {1, 1, rank == 0 ? 1 : shape[0]};
  return {shape.Product(0, rank - 2), shape[rank - 2], shape[rank - 1]};
}

absl::Status CheckMatrices(absl::string_view input, const TensorType& type) {
  BARYON_RETURN_IF_ERROR(CheckFloating(input, type));
  return CheckRankAtLeast(input, type, 2);
}

absl::Status CheckSquareMatrices(absl::string_view input, const TensorType& type) {
  BARYON_RETURN_IF_ERROR(CheckMatrices(input, type));
  if (type.shape.back() == type.shape[type.shape.rank() - 2]) return absl::OkStatus();
  return ExpectedGot(absl::StrCat("\"", input, "\" of square matrices"), type.ToString());
}

void LoadDoubles(const TensorView& from, int64_t first, int64_t count, double* to) {
  const char* source = static_cast<const char*>(from.raw_data()) + first * DTypeSize(from.dtype());
  kernels::RowConverterOf(from.dtype(), DType::kFloat64)(source, to, count);
}

void StoreDoubles(const double* from, int64_t first, int64_t count, const TensorView& to) {
  char* target = static_cast<char*>(to.raw_data()) + first * DTypeSize(to.dtype());
  kernels::RowConverterOf(DType::kFloat64, to.dtype())(from, target, count);
}

void TransposeMatrix(const double* from, int64_t rows, int64_t columns, double* to) {
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) to[j * rows + i] = from[i * columns + j];
  }
}

void ClearOtherTriangle(bool lower, int64_t n, double* matrix) {
  for (int64_t i = 0; i < n; ++i) {
    double* row = matrix + i * n;
    lower ? std::fill(row + i + 1, row + n, 0.0) : std::fill(row, row + i, 0.0);
  }
}

void MirrorTriangle(bool lower, int64_t n, double* matrix) {
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < i; ++j) {
      double &below = matrix[i * n + j], &above = matrix[j * n + i];
      (lower ? above : below) = lower ? below : above;
    }
  }
}

std::unique_ptr<Kernel> MakeMatrixKernel(int64_t count, int64_t doubles,
                                         std::function<absl::Status(OpContext&, int64_t i, double* memory)> fn) {
  const auto compute = [count, fn = std::move(fn)](OpContext& context) {
    absl::Mutex mutex;
    absl::Status first;
    const auto run = [&](int64_t i, int worker) {
      absl::Status status = fn(context, i, reinterpret_cast<double*>(context.workspace(worker)));
      if (status.ok()) return;
      absl::MutexLock lock(&mutex);
      if (first.ok()) first = std::move(status);
    };
    if (count == 1) {
      run(0, 0);
    } else {
      const int tasks = static_cast<int>(std::min<int64_t>(count, 4 * context.num_threads()));
      context.ParallelFor(tasks, [&](int task, int worker) {
        for (int64_t i = count * task / tasks; i < count * (task + 1) / tasks; ++i) run(i, worker);
      });
    }
    if (!first.ok()) context.Fail(std::move(first));
  };
  return std::make_unique<FunctionKernel>(doubles * static_cast<int64_t>(sizeof(double)), compute);
}

}  // namespace baryon
