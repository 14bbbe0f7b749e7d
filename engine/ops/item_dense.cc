#include "engine/ops/item_dense.h"

#include <numeric>
#include <utility>
#include <vector>

#include "engine/base/status_macros.h"
#include "engine/kernels/aligned_buffer.h"
#include "engine/kernels/strassen_gemm.h"
#include "engine/ops/packed_weight.h"

namespace baryon {
namespace {

using kernels::AlignedBuffer;
using kernels::StrassenGemmPlan;
using kernels::StrassenShape;
using kernels::TileRows;

// Two would save 12 % of the multiplications again, but their weights take thrice the memory of plain ones, and with
// the hundred rows of a sequence the time goes into reading them.
constexpr int kMostLevels = 1;

// Where the rows of the operands are, item after item as a StrassenGemmPlan asks for them.
struct ItemRowSource {
  const ItemDense& dense;
  const float* a;
  float* c;
  const float* residual;

  void operator()(const TileRows& rows) const {
    const int64_t item = rows.first / dense.rows.rows_per_item, first = rows.first % dense.rows.rows_per_item;
    for (int i = 0; i < rows.count; ++i) {
      const int64_t row = dense.rows.row(item, first + i);
      rows.a[i] = a + row * dense.k;
      rows.c[i] = c + row * dense.n;
      if (rows.residual != nullptr) rows.residual[i] = residual + row * dense.n;
    }
  }
};

class ItemDenseKernel : public Kernel {
 public:
  ItemDenseKernel(const ItemDense& dense, StrassenGemmPlan plan, std::shared_ptr<const AlignedBuffer> packed)
      : dense_(dense), plan_(std::move(plan)), packed_(std::move(packed)) {}

  void Compute(OpContext& context) const override {
    kernels::Epilogue epilogue;
    epilogue.bias = dense_.has_bias ? context.input(2).data<const float>() : nullptr;
    epilogue.has_residual = dense_.has_residual;
    epilogue.activation = dense_.activation;
    const ItemRowSource rows = {
        dense_, context.input(0).data<const float>(), context.output(0).data<float>(),
        dense_.has_residual ? context.input(context.num_inputs() - 1).data<const float>() : nullptr};
    context.ParallelFor(plan_.num_tasks(), [&](int task, int worker) {
      plan_.RunTask(task, packed_->data(), epilogue, rows, context.workspace(worker));
    });
  }

  int64_t workspace_bytes() const override { return plan_.workspace_bytes(); }
  std::string algorithm() const override { return plan_.ToString(); }
  int64_t num_multiplications() const override {
    return dense_.rows.items * dense_.rows.rows_per_item * dense_.k * dense_.n;
  }
  int64_t num_executed_multiplications() const override { return plan_.num_multiplications(); }
  int64_t packed_bytes() const override { return packed_->size() * static_cast<int64_t>(sizeof(float)); }
  bool packs_input(int i) const override { return i == 1; }

 private:
  const ItemDense dense_;
  const StrassenGemmPlan plan_;
  const std::shared_ptr<const AlignedBuffer> packed_;
};

}  // namespace

ItemRows::ItemRows(const Shape& data, int64_t batch_axis)
    : items(data[batch_axis]),
      rows_per_item(data.Product(0, batch_axis) * data.Product(batch_axis + 1, data.rank() - 1)),
      inner(data.Product(batch_axis + 1, data.rank() - 1)) {}

absl::StatusOr<std::unique_ptr<Kernel>> MakeItemDenseKernel(const ItemDense& dense, PrepareContext& context) {
  if (context.constant(1) == nullptr || context.numerics() == Numerics::kStrict) return nullptr;
  StrassenShape shape = {1, dense.rows.rows_per_item, 1, dense.k, dense.n};
  const int levels = StrassenGemmPlan::BestLevels(shape, kMostLevels);
  if (levels == 0) return nullptr;
  shape.items = dense.rows.items;
  StrassenGemmPlan plan(shape, levels, kernels::ActiveGemmTarget(), context.num_threads());
  const auto pack = [&](const float* weight, float* packed) {
    std::vector<int64_t> row_offsets(dense.k);
    std::iota(row_offsets.begin(), row_offsets.end(), 0);
    plan.Pack(weight, row_offsets, dense.k, packed);
  };
  BARYON_ASSIGN_OR_RETURN(std::shared_ptr<const AlignedBuffer> packed,
                          PackedWeight(context, 1, "dense " + plan.PackedForm(), plan.packed_size(), pack));
  return std::unique_ptr<Kernel>(std::make_unique<ItemDenseKernel>(dense, std::move(plan), std::move(packed)));
}

}  // namespace baryon
