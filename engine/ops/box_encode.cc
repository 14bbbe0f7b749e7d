// Boxes as a network should say them: relative to anchors, as shifts of the centre and logarithms of the sizes, each
// minus its mean and divided by its deviation. Anchors that are no samples of an object get 0, and a mask of 0.
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/ops/box_rules.h"
#include "engine/ops/indexing.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

absl::StatusOr<TensorTypes> InferTypes(const NoAttrs&, const TensorTypes& inputs) {
  const TensorType &anchors = inputs[2], &refs = inputs[3];
  BARYON_RETURN_IF_ERROR(CheckBoxes("anchors", anchors));
  BARYON_RETURN_IF_ERROR(CheckBoxes("refs", refs));
  BARYON_RETURN_IF_ERROR(CheckRank("anchors", anchors, 3));
  BARYON_RETURN_IF_ERROR(CheckRank("refs", refs, 3));
  const int64_t batch = anchors.shape[0];
  const TensorType of_anchor = {anchors.dtype, {batch, anchors.shape[1]}}, of_side = {anchors.dtype, {4}};
  if (inputs[0] != of_anchor) return InputMismatch("samples", of_anchor, inputs[0]);
  if (inputs[1] != of_anchor) return InputMismatch("matches", of_anchor, inputs[1]);
  const TensorType objects = {anchors.dtype, {batch, refs.shape[1], 4}};
  if (refs != objects) return InputMismatch("refs", objects, refs);
  if (inputs[4] != of_side) return InputMismatch("means", of_side, inputs[4]);
  if (inputs[5] != of_side) return InputMismatch("stds", of_side, inputs[5]);
  return TensorTypes{anchors, anchors};
}

// The centre and the size of a box of corners.
template <typename V, typename T>
struct Placement {
  explicit Placement(const T* corners) {
    width = static_cast<V>(corners[2]) - static_cast<V>(corners[0]);
    height = static_cast<V>(corners[3]) - static_cast<V>(corners[1]);
    x = static_cast<V>(corners[0]) + width / 2;
    y = static_cast<V>(corners[1]) + height / 2;
  }
  V x, y, width, height;
};

template <typename T>
void Encode(OpContext& context, int64_t anchor, int64_t object) {
  using V = ComputeType<T>;
  const Placement<V, T> at(context.input(2).data<const T>() + anchor * 4);
  const Placement<V, T> box(context.input(3).data<const T>() + object * 4);
  const T *means = context.input(4).data<const T>(), *stds = context.input(5).data<const T>();
  const V code[4] = {(box.x - at.x) / at.width, (box.y - at.y) / at.height, std::log(box.width / at.width),
                     std::log(box.height / at.height)};
  T* target = context.output(0).data<T>() + anchor * 4;
  for (int k = 0; k < 4; ++k) target[k] = (code[k] - static_cast<V>(means[k])) / static_cast<V>(stds[k]);
}

template <typename T>
absl::Status EncodeAll(OpContext& context) {
  const int64_t batch = context.input(2).shape()[0], anchors = context.input(2).shape()[1];
  const int64_t objects = context.input(3).shape()[1];
  const T* samples = context.input(0).data<const T>();
  for (int64_t i = 0; i < batch * anchors; ++i) {
    const bool is_sample = static_cast<ComputeType<T>>(samples[i]) > 0.5f;
    if (is_sample) {
      int64_t object;
      BARYON_RETURN_IF_ERROR(ResolveIndices(context.input(1), i, 1, IndexMode::kRaise, objects, &object));
      Encode<T>(context, i, i / anchors * objects + object);
    }
    for (int k = 0; k < 4; ++k) {
      if (!is_sample) context.output(0).data<T>()[i * 4 + k] = static_cast<T>(0);
      if (context.output(1).has_data()) context.output(1).data<T>()[i * 4 + k] = static_cast<T>(is_sample ? 1 : 0);
    }
  }
  return absl::OkStatus();
}

void Compute(const NoAttrs&, OpContext& context) {
  DispatchFloating(context.output(0).dtype(), [&](auto tag) {
    absl::Status status = EncodeAll<typename decltype(tag)::type>(context);
    if (!status.ok()) context.Fail(std::move(status));
  });
}

const OpRegistration<NoAttrs> kBoxEncode({
    .names = {"_contrib_box_encode"},
    .inputs = {"samples", "matches", "anchors", "refs", "means", "stds"},
    .outputs = {"output0", "output1"},
    .infer_types = InferTypes,
    .compute = Compute,
});

}  // namespace
}  // namespace baryon
