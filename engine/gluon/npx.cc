#include "engine/gluon/npx.h"

namespace baryon::npx {

NDArray Relu(const NDArray& x) { return InvokeOne("relu", {}, {x}); }

NDArray Sigmoid(const NDArray& x) { return InvokeOne("sigmoid", {}, {x}); }

NDArray Activation(const NDArray& x, const std::string& act_type) {
  return InvokeOne("Activation", {{"act_type", act_type}}, {x});
}

NDArray Softmax(const NDArray& x, int64_t axis) { return InvokeOne("softmax", {{"axis", AttrText(axis)}}, {x}); }

NDArray LogSoftmax(const NDArray& x, int64_t axis) { return InvokeOne("log_softmax", {{"axis", AttrText(axis)}}, {x}); }

NDArray BatchFlatten(const NDArray& x) { return InvokeOne("Flatten", {}, {x}); }

NDArray OneHot(const NDArray& indices, int64_t depth, DType dtype) {
  return InvokeOne("one_hot", {{"depth", AttrText(depth)}, {"dtype", AttrText(dtype)}}, {indices});
}

NDArray Pick(const NDArray& x, const NDArray& indices, int64_t axis) {
  return InvokeOne("pick", {{"axis", AttrText(axis)}}, {x, indices});
}

NDArray TopK(const NDArray& x, int64_t k, int64_t axis, bool is_ascend) {
  const Attrs attrs = {{"k", AttrText(k)}, {"axis", AttrText(axis)}, {"is_ascend", AttrText(is_ascend)}};
  return InvokeOne("topk", attrs, {x});
}

NDArray BatchDot(const NDArray& a, const NDArray& b, bool transpose_a, bool transpose_b) {
  const Attrs attrs = {{"transpose_a", AttrText(transpose_a)}, {"transpose_b", AttrText(transpose_b)}};
  return InvokeOne("batch_dot", attrs, {a, b});
}

}  // namespace baryon::npx
