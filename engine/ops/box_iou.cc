// The overlap, intersection over union, of every box of one array with every box of another.
#include <utility>

#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/boxes.h"
#include "engine/ops/box_rules.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

struct IouAttrs {
  kernels::BoxFormat format = kernels::BoxFormat::kCorner;
};

absl::StatusOr<TensorTypes> InferTypes(const IouAttrs&, const TensorTypes& inputs) {
  const TensorType &lhs = inputs[0], &rhs = inputs[1];
  BARYON_RETURN_IF_ERROR(CheckBoxes("lhs", lhs));
  BARYON_RETURN_IF_ERROR(CheckBoxes("rhs", rhs));
  if (lhs.dtype != rhs.dtype) return ExpectedGot(absl::StrCat("\"rhs\" of ", lhs.ToString()), rhs.ToString());
  TensorType output = {lhs.dtype, {}};
  for (const Shape* shape : {&lhs.shape, &rhs.shape}) {
    for (int64_t axis = 0; axis < shape->rank() - 1; ++axis) output.shape.Append((*shape)[axis]);
  }
  return TensorTypes{std::move(output)};
}

void Compute(const IouAttrs& attrs, OpContext& context) {
  constexpr int64_t kPairsPerTask = 1 << 12;
  const int64_t rows = context.input(0).num_elements() / 4, columns = context.input(1).num_elements() / 4;
  DispatchFloating(context.output(0).dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    using V = ComputeType<T>;
    const T *a = context.input(0).data<const T>(), *b = context.input(1).data<const T>();
    T* overlaps = context.output(0).data<T>();
    context.ParallelRanges(rows, kPairsPerTask / (columns + 1) + 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const kernels::Box<V> box = kernels::ReadBox<V>(a + i * 4, attrs.format);
        for (int64_t j = 0; j < columns; ++j) {
          overlaps[i * columns + j] = kernels::Overlap(box, kernels::ReadBox<V>(b + j * 4, attrs.format));
        }
      }
    });
  });
}

const OpRegistration<IouAttrs> kBoxIou({
    .names = {"_contrib_box_iou"},
    .inputs = {"lhs", "rhs"},
    .attrs = {BoxFormatAttr("format", &IouAttrs::format)},
    .infer_types = InferTypes,
    .compute = Compute,
    .accepts_unknown_dims = true,
});

}  // namespace
}  // namespace baryon
