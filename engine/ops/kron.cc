// The Kronecker product: every element of a times the whole of b, laid out like tiles. Along each axis the index of the
// result is (index of a) * (size of b) + (index of b), so the product is a broadcast multiplication of [a0, 1, a1, 1]
// and [1, b0, 1, b1].
#include <algorithm>

#include "engine/kernels/broadcast_binary.h"
#include "engine/ops/binary_kernel.h"
#include "engine/ops/numpy_dtype.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

Shape WithRank(Shape shape, int64_t rank) {
  while (shape.rank() < rank) shape.Insert(0, 1);
  return shape;
}

absl::StatusOr<TensorTypes> InferTypes(const NoAttrs&, const TensorTypes& inputs) {
  const int64_t rank = std::max(inputs[0].shape.rank(), inputs[1].shape.rank());
  const Shape a = WithRank(inputs[0].shape, rank), b = WithRank(inputs[1].shape, rank);
  Shape y;
  for (int64_t axis = 0; axis < rank; ++axis) y.Append(a[axis] * b[axis]);
  return TensorTypes{{PromotedDType(inputs[0].dtype, inputs[1].dtype), y}};
}

// The axes of `shape`, each in front of an axis of size 1 or, for the other operand, behind one.
Shape Interleaved(const Shape& shape, bool ones_behind) {
  Shape interleaved;
  for (int64_t size : shape) {
    interleaved.Append(ones_behind ? size : 1);
    interleaved.Append(ones_behind ? 1 : size);
  }
  return interleaved;
}

class KronKernel : public Kernel {
 public:
  KronKernel(const TensorTypes& inputs, const TensorType& output)
      : product_(Product(inputs[0], inputs[1], output)), grain_(BinaryGrain(kernels::BinaryFn::kMul)) {}

  void Compute(OpContext& context) const override {
    const void *a = context.input(0).raw_data(), *b = context.input(1).raw_data();
    void* y = context.output(0).raw_data();
    context.ParallelRanges(product_.num_elements(), grain_,
                           [&](int64_t begin, int64_t end) { product_.Run(a, b, y, begin, end); });
  }

 private:
  static kernels::BroadcastBinary Product(const TensorType& a, const TensorType& b, const TensorType& y) {
    const Shape a_shape = Interleaved(WithRank(a.shape, y.shape.rank()), /*ones_behind=*/true);
    const Shape b_shape = Interleaved(WithRank(b.shape, y.shape.rank()), /*ones_behind=*/false);
    return kernels::BroadcastBinary({kernels::BinaryFn::kMul, a.dtype, b.dtype, y.dtype, y.dtype}, a_shape.dims(),
                                    b_shape.dims(), BroadcastShapes(a_shape, b_shape)->dims());
  }

  const kernels::BroadcastBinary product_;
  const int64_t grain_;
};

const OpRegistration<NoAttrs> kKron({
    .names = {"_npi_kron"},
    .inputs = {"a", "b"},
    .infer_types = InferTypes,
    .prepare = [](const NoAttrs&, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
      return std::make_unique<KronKernel>(context.inputs(), context.outputs()[0]);
    },
});

}  // namespace
}  // namespace baryon
