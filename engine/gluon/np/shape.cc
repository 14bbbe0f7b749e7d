#include "engine/gluon/np/shape.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/gluon/invoke.h"

namespace baryon::np {
namespace {

NDArrays AsMany(NDArrays outputs, size_t count) {
  if (outputs.size() == 1 && !outputs[0].ok()) outputs.resize(count, NDArray(outputs[0].status()));
  return outputs;
}

}  // namespace

NDArray Reshape(const NDArray& x, const IntTuple& shape) { return x.Reshape(shape); }

NDArray Transpose(const NDArray& x, const IntTuple& axes) { return x.Transpose(axes); }

NDArray SwapAxes(const NDArray& x, int64_t axis1, int64_t axis2) {
  return InvokeOne("SwapAxis", {{"dim1", AttrText(axis1)}, {"dim2", AttrText(axis2)}}, {x}, {.hint = "swapaxes"});
}

NDArray MoveAxis(const NDArray& x, int64_t source, int64_t destination) {
  const Attrs attrs = {{"source", AttrText(IntTuple{source})}, {"destination", AttrText(IntTuple{destination})}};
  return InvokeOne("_np_moveaxis", attrs, {x}, {.hint = "moveaxis"});
}

NDArray ExpandDims(const NDArray& x, int64_t axis) { return InvokeOne("expand_dims", {{"axis", AttrText(axis)}}, {x}); }

NDArray Squeeze(const NDArray& x, std::optional<IntTuple> axis) {
  return InvokeOne("_np_squeeze", {{"axis", AttrText(axis)}}, {x}, {.hint = "squeeze"});
}

NDArray Ravel(const NDArray& x) { return x.Reshape({-1}); }

NDArray BroadcastTo(const NDArray& x, const IntTuple& shape) {
  return InvokeOne("_npi_broadcast_to", {{"shape", AttrText(shape)}}, {x}, {.hint = "broadcast_to"});
}

NDArray Tile(const NDArray& x, const IntTuple& reps) { return InvokeOne("tile", {{"reps", AttrText(reps)}}, {x}); }

NDArray Repeat(const NDArray& x, int64_t repeats, std::optional<int64_t> axis) {
  return InvokeOne("repeat", {{"repeats", AttrText(repeats)}, {"axis", AttrText(axis)}}, {x});
}

NDArray Flip(const NDArray& x, int64_t axis) { return InvokeOne("reverse", {{"axis", AttrText(IntTuple{axis})}}, {x}); }

NDArray Concatenate(absl::Span<const NDArray> arrays, int64_t axis) {
  const Attrs attrs = {{"dim", AttrText(axis)}, {"num_args", AttrText(arrays.size())}};
  return InvokeOne("Concat", attrs, arrays);
}

NDArray Stack(absl::Span<const NDArray> arrays, int64_t axis) {
  return InvokeOne("stack", {{"axis", AttrText(axis)}, {"num_args", AttrText(arrays.size())}}, arrays);
}

NDArrays Split(const NDArray& x, int64_t sections, int64_t axis) {
  const Attrs attrs = {{"num_outputs", AttrText(sections)}, {"axis", AttrText(axis)}};
  return AsMany(Invoke("SliceChannel", attrs, {x}, {.hint = "split"}),
                static_cast<size_t>(std::max<int64_t>(sections, 1)));
}

NDArrays SplitAt(const NDArray& x, const IntTuple& indices, int64_t axis) {
  IntTuple begins = {0};
  begins.insert(begins.end(), indices.begin(), indices.end());
  return AsMany(Invoke("_split_v2", {{"indices", AttrText(begins)}, {"axis", AttrText(axis)}}, {x}, {.hint = "split"}),
                begins.size());
}

NDArray Where(const NDArray& condition, const NDArray& x, const NDArray& y) {
  return InvokeOne("_npi_where", {}, {condition, x, y}, {.hint = "where"});
}

NDArray Take(const NDArray& x, const NDArray& indices, std::optional<int64_t> axis) {
  return InvokeOne("take", {{"axis", AttrText(axis.value_or(0))}}, {axis.has_value() ? x : Ravel(x), indices});
}

}  // namespace baryon::np
