// y = x0 + x1 + ... for any number of arrays of one type, from left to right, rounded to the dtype at each step. Blocks
// of the output stay in the cache while one array after the other is added.
#include <algorithm>
#include <cstring>

#include "engine/kernels/broadcast_binary.h"
#include "engine/ops/binary_kernel.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

struct AddNAttrs {
  int64_t num_args = -1;
};

absl::StatusOr<TensorTypes> InferTypes(const AddNAttrs& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckNumArgs(attrs.num_args, inputs));
  TensorType type = inputs[0];
  for (const TensorType& input : inputs) {
    const std::optional<Shape> shape = MergeShapes(type.shape, input.shape);
    if (!shape.has_value() || input.dtype != type.dtype) return ExpectedGot(type.ToString(), input.ToString());
    type.shape = *shape;
  }
  return TensorTypes{type};
}

class AddNKernel : public Kernel {
 public:
  explicit AddNKernel(const TensorType& type)
      : add_({kernels::BinaryFn::kAdd, type.dtype, type.dtype, type.dtype, type.dtype}, type.shape.dims(),
             type.shape.dims(), type.shape.dims()),
        element_size_(DTypeSize(type.dtype)) {}

  void Compute(OpContext& context) const override {
    constexpr int64_t kBlock = 1 << 12;
    context.ParallelRanges(add_.num_elements(), BinaryGrain(kernels::BinaryFn::kAdd), [&](int64_t begin, int64_t end) {
      for (; begin < end; begin += kBlock) SumBlock(context, begin, std::min(begin + kBlock, end));
    });
  }

 private:
  void SumBlock(OpContext& context, int64_t begin, int64_t end) const {
    const void* first = context.input(0).raw_data();
    void* y = context.output(0).raw_data();
    if (context.num_inputs() == 1) {
      std::memmove(static_cast<char*>(y) + begin * element_size_,
                   static_cast<const char*>(first) + begin * element_size_, (end - begin) * element_size_);
    }
    for (int i = 1; i < context.num_inputs(); ++i) {
      add_.Run(i == 1 ? first : y, context.input(i).raw_data(), y, begin, end);
    }
  }

  const kernels::BroadcastBinary add_;
  const int64_t element_size_;
};

const OpRegistration<AddNAttrs> kAddN({
    .names = {"add_n", "ElementWiseSum", "_sparse_add_n", "_sparse_ElementWiseSum"},
    .inputs = {"args"},
    .variadic = true,
    .attrs = {Attr("num_args", &AddNAttrs::num_args)},
    .infer_types = InferTypes,
    .complete_types = AllTypesEqual<AddNAttrs>,
    .prepare = [](const AddNAttrs&, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
      return std::make_unique<AddNKernel>(context.outputs()[0]);
    },
    .in_place = {0},
    .elementwise = true,
    .accepts_unknown_dims = true,
});

}  // namespace
}  // namespace baryon
