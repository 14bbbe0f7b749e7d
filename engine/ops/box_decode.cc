// Boxes from what a network says about them relative to anchors.
#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/boxes.h"
#include "engine/ops/box_rules.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

using kernels::BoxFormat;

struct DecodeAttrs {
  double std0 = 1, std1 = 1, std2 = 1, std3 = 1;
  double clip = -1;                       // of the logarithms of the sizes
  BoxFormat format = BoxFormat::kCenter;  // of the anchors
};

absl::StatusOr<TensorTypes> InferTypes(const DecodeAttrs&, const TensorTypes& inputs) {
  const TensorType &data = inputs[0], &anchors = inputs[1];
  BARYON_RETURN_IF_ERROR(CheckBoxes("data", data));
  BARYON_RETURN_IF_ERROR(CheckBoxes("anchors", anchors));
  BARYON_RETURN_IF_ERROR(CheckRank("data", data, 3));
  const TensorType expected = {data.dtype, {1, data.shape[1], 4}};
  if (anchors.dtype != data.dtype || !MergeShapes(anchors.shape, expected.shape).has_value()) {
    return InputMismatch("anchors", expected, anchors);
  }
  return TensorTypes{data};
}

void Compute(const DecodeAttrs& attrs, OpContext& context) {
  constexpr int64_t kBoxesPerTask = 1 << 11;
  const int64_t boxes = context.output(0).num_elements() / 4, anchors = context.input(1).num_elements() / 4;
  DispatchFloating(context.output(0).dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    using V = ComputeType<T>;
    const T *codes = context.input(0).data<const T>(), *anchor = context.input(1).data<const T>();
    T* out = context.output(0).data<T>();
    const auto value = [](double attr) { return static_cast<V>(static_cast<float>(attr)); };
    const kernels::BoxCoding<V> coding = {{value(attrs.std0), value(attrs.std1), value(attrs.std2), value(attrs.std3)},
                                          value(attrs.clip)};
    context.ParallelRanges(boxes, kBoxesPerTask, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T* numbers = anchor + i % anchors * 4;
        V x = numbers[0], y = numbers[1], width = numbers[2], height = numbers[3];
        if (attrs.format == BoxFormat::kCorner) {
          width -= x, height -= y;
          x += width / 2, y += height / 2;
        }
        V corners[4];
        kernels::DecodeBox(coding, codes + i * 4, x, y, width, height, corners);
        for (int k = 0; k < 4; ++k) out[i * 4 + k] = corners[k];
      }
    });
  });
}

const OpRegistration<DecodeAttrs> kBoxDecode({
    .names = {"_contrib_box_decode"},
    .inputs = {"data", "anchors"},
    .attrs = {Attr("std0", &DecodeAttrs::std0), Attr("std1", &DecodeAttrs::std1), Attr("std2", &DecodeAttrs::std2),
              Attr("std3", &DecodeAttrs::std3), Attr("clip", &DecodeAttrs::clip),
              BoxFormatAttr("format", &DecodeAttrs::format)},
    .infer_types = InferTypes,
    .compute = Compute,
    .in_place = {0},
    .accepts_unknown_dims = true,
});

}  // namespace
}  // namespace baryon
