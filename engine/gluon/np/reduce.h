// Sums and the like along axes: numpy's of the same names.
#ifndef BARYON_ENGINE_GLUON_NP_REDUCE_H_
#define BARYON_ENGINE_GLUON_NP_REDUCE_H_

#include <cstdint>
#include <optional>

#include "engine/gluon/ndarray.h"

namespace baryon::np {

// Axes of a reduction: Sum(x), Sum(x, 1), Sum(x, {0, 2}). Negative ones count from the end.
class Axes {
 public:
  Axes() = default;                                           // all of them
  Axes(int axis) : axes_(IntTuple{axis}) {}                   // NOLINT: Sum(x, 1)
  Axes(std::initializer_list<int64_t> axes) : axes_(axes) {}  // NOLINT
  explicit Axes(IntTuple axes) : axes_(std::move(axes)) {}
  const std::optional<IntTuple>& value() const { return axes_; }

 private:
  std::optional<IntTuple> axes_;
};

// With `keepdims` the axes stay, with size 1.
NDArray Sum(const NDArray& x, const Axes& axis = {}, bool keepdims = false);
NDArray Mean(const NDArray& x, const Axes& axis = {}, bool keepdims = false);
NDArray Prod(const NDArray& x, const Axes& axis = {}, bool keepdims = false);
NDArray Max(const NDArray& x, const Axes& axis = {}, bool keepdims = false);
NDArray Min(const NDArray& x, const Axes& axis = {}, bool keepdims = false);
NDArray Any(const NDArray& x, const Axes& axis = {}, bool keepdims = false);
NDArray All(const NDArray& x, const Axes& axis = {}, bool keepdims = false);
NDArray Var(const NDArray& x, const Axes& axis = {}, bool keepdims = false);
NDArray Std(const NDArray& x, const Axes& axis = {}, bool keepdims = false);

// Where the largest (smallest) element is, the first of equal ones, as int64; without an axis, in the flattened array.
NDArray Argmax(const NDArray& x, std::optional<int64_t> axis = std::nullopt, bool keepdims = false);
NDArray Argmin(const NDArray& x, std::optional<int64_t> axis = std::nullopt, bool keepdims = false);
NDArray Cumsum(const NDArray& x, std::optional<int64_t> axis = std::nullopt);

// True when shapes agree and all elements are equal (within atol + rtol * |b|). False for arrays with errors.
bool ArrayEqual(const NDArray& a, const NDArray& b);
bool AllClose(const NDArray& a, const NDArray& b, double rtol = 1e-5, double atol = 1e-8);

}  // namespace baryon::np

#endif  // BARYON_ENGINE_GLUON_NP_REDUCE_H_
