#include "engine/gluon/np/reduce.h"

#include "engine/gluon/invoke.h"
#include "engine/gluon/np/math.h"

namespace baryon::np {
namespace {

NDArray Reduce(const char* op, const char* hint, const NDArray& x, const Axes& axis, bool keepdims) {
  return InvokeOne(op, {{"axis", AttrText(axis.value())}, {"keepdims", AttrText(keepdims)}}, {x}, {.hint = hint});
}

NDArray Search(const char* op, const char* hint, const NDArray& x, std::optional<int64_t> axis, bool keepdims) {
  return InvokeOne(op, {{"axis", AttrText(axis)}, {"keepdims", AttrText(keepdims)}}, {x}, {.hint = hint});
}

}  // namespace

NDArray Sum(const NDArray& x, const Axes& axis, bool keepdims) { return Reduce("_np_sum", "sum", x, axis, keepdims); }
NDArray Mean(const NDArray& x, const Axes& axis, bool keepdims) {
  return Reduce("_npi_mean", "mean", x, axis, keepdims);
}
NDArray Prod(const NDArray& x, const Axes& axis, bool keepdims) {
  return Reduce("_np_prod", "prod", x, axis, keepdims);
}
NDArray Max(const NDArray& x, const Axes& axis, bool keepdims) { return Reduce("_np_max", "max", x, axis, keepdims); }
NDArray Min(const NDArray& x, const Axes& axis, bool keepdims) { return Reduce("_np_min", "min", x, axis, keepdims); }
NDArray Any(const NDArray& x, const Axes& axis, bool keepdims) { return Reduce("_np_any", "any", x, axis, keepdims); }
NDArray All(const NDArray& x, const Axes& axis, bool keepdims) { return Reduce("_np_all", "all", x, axis, keepdims); }
NDArray Var(const NDArray& x, const Axes& axis, bool keepdims) { return Reduce("_npi_var", "var", x, axis, keepdims); }
NDArray Std(const NDArray& x, const Axes& axis, bool keepdims) { return Reduce("_npi_std", "std", x, axis, keepdims); }

NDArray Argmax(const NDArray& x, std::optional<int64_t> axis, bool keepdims) {
  return Search("_npi_argmax", "argmax", x, axis, keepdims);
}
NDArray Argmin(const NDArray& x, std::optional<int64_t> axis, bool keepdims) {
  return Search("_npi_argmin", "argmin", x, axis, keepdims);
}
NDArray Cumsum(const NDArray& x, std::optional<int64_t> axis) {
  return InvokeOne("_np_cumsum", {{"axis", AttrText(axis)}}, {x}, {.hint = "cumsum"});
}

bool ArrayEqual(const NDArray& a, const NDArray& b) {
  return a.shape() == b.shape() && All(a == b).Item<bool>().value_or(false);
}

bool AllClose(const NDArray& a, const NDArray& b, double rtol, double atol) {
  const NDArray close = LogicalOr(Abs(a - b) <= Abs(b) * rtol + atol, a == b);
  return a.shape() == b.shape() && All(close).Item<bool>().value_or(false);
}

}  // namespace baryon::np
