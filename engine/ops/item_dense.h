// Dense layers over items (sequences) of many rows, by Strassen's method: kernels/strassen_gemm.h.
#ifndef BARYON_ENGINE_OPS_ITEM_DENSE_H_
#define BARYON_ENGINE_OPS_ITEM_DENSE_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/activation.h"
#include "engine/tensor/shape.h"

namespace baryon {

// Rows of data [..., columns] whose axis `batch_axis` counts items, the other axes but the last the rows of an item.
// Row r of item n is row (r / inner * items + n) * inner + r % inner of the whole.
struct ItemRows {
  int64_t items = 1, rows_per_item = 0, inner = 1;

  ItemRows(const Shape& data, int64_t batch_axis);
  int64_t row(int64_t item, int64_t r) const { return (r / inner * items + item) * inner + r % inner; }
};

// What FullyConnected does to data [..., k], without flattening; input 1 is the weight [n, k], then come the bias and
// the residual, where there are such.
struct ItemDense {
  ItemRows rows;
  int64_t k, n;
  bool has_bias, has_residual;
  kernels::ActivationSpec activation;
};

// The kernel, or nullptr where an ordinary product is as fast, would be more exact than the numerics ask for, or where
// the weight is no constant. Depends on an item's rows, not on the number of items: with more of them an item's results
// keep their bits. Errors: those of packing the weight.
absl::StatusOr<std::unique_ptr<Kernel>> MakeItemDenseKernel(const ItemDense& dense, PrepareContext& context);

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_ITEM_DENSE_H_
