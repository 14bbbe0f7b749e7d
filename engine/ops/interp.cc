// _npi_interp: a function given at ascending places xp by values fp, read linearly at x. Left of all places it is
// `left`, right of them `right`, by default the first and last value; with a period the places go round. All in
// float64.
#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/ops/function_kernel.h"
#include "engine/ops/matrices.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

struct InterpAttrs {
  std::optional<double> left, right, period;
  double x_scalar = 0;
  bool x_is_scalar = false;
};

absl::StatusOr<TensorTypes> InferTypes(const InterpAttrs& attrs, const TensorTypes& inputs) {
  const TensorType &xp = inputs[0], &fp = inputs[1];
  BARYON_RETURN_IF_ERROR(CheckRank("xp", xp, 1));
  if (xp.shape[0] == 0) return ExpectedGot("a place or more", xp.ToString());
  if (fp.shape != xp.shape) return InputMismatch("fp", {fp.dtype, xp.shape}, fp);
  if (attrs.period.has_value() && !(std::abs(*attrs.period) > 0))
    return ExpectedGot("a period other than 0", *attrs.period);
  return TensorTypes{{DType::kFloat64, attrs.x_is_scalar ? Shape{} : inputs[2].shape}};
}

// `x` brought into [0, period).
double Wrapped(double x, double period) {
  const double rest = std::fmod(x, period);
  return rest < 0 ? rest + period : rest;
}

// The places and values in ascending order; with a period brought into it, with one more on either side.
struct Table {
  double *places, *values;
  int64_t size;

  double At(double x, double left, double right) const {
    if (std::isnan(x)) return x;
    if (x < places[0]) return left;
    if (x > places[size - 1]) return right;
    const int64_t above = std::upper_bound(places, places + size, x) - places;
    if (above == size) return values[size - 1];
    const double share = (x - places[above - 1]) / (places[above] - places[above - 1]);
    return values[above - 1] + share * (values[above] - values[above - 1]);
  }
};

// Memory: two arrays of n + 2, two more, and an order.
int64_t TableDoubles(int64_t n) { return 5 * (n + 2); }

Table ReadTable(const OpContext& context, const std::optional<double>& period, double* memory) {
  const int64_t n = context.input(0).num_elements();
  Table table = {memory, memory + n + 2, n};
  if (!period.has_value()) {
    LoadDoubles(context.input(0), 0, n, table.places);
    LoadDoubles(context.input(1), 0, n, table.values);
    return table;
  }
  double *const places = memory + 2 * (n + 2), *const values = places + n + 2;
  int64_t* const order = reinterpret_cast<int64_t*>(values + n + 2);
  LoadDoubles(context.input(0), 0, n, places);
  LoadDoubles(context.input(1), 0, n, values);
  for (int64_t i = 0; i < n; ++i) places[i] = Wrapped(places[i], *period);
  std::iota(order, order + n, int64_t{0});
  std::sort(order, order + n,
            [&](int64_t a, int64_t b) { return places[a] < places[b] || (places[a] == places[b] && a < b); });
  for (int64_t i = 0; i < n; ++i) {
    table.places[i + 1] = places[order[i]];
    table.values[i + 1] = values[order[i]];
  }
  table.places[0] = table.places[n] - *period;
  table.values[0] = table.values[n];
  table.places[n + 1] = table.places[1] + *period;
  table.values[n + 1] = table.values[1];
  table.size = n + 2;
  return table;
}

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const InterpAttrs& attrs, PrepareContext& context) {
  const int64_t n = context.inputs()[0].shape.num_elements();
  InterpAttrs read = attrs;
  if (read.period.has_value()) read.period = std::abs(*read.period);
  const auto compute = [attrs = read, n](OpContext& context) {
    const Table table = ReadTable(context, attrs.period, reinterpret_cast<double*>(context.workspace()));
    const double left = attrs.left.value_or(table.values[0]),
                 right = attrs.right.value_or(table.values[table.size - 1]);
    double* const y = context.output(0).data<double>();
    for (int64_t i = 0; i < context.output(0).num_elements(); ++i) {
      double x = attrs.x_scalar;
      if (!attrs.x_is_scalar) LoadDoubles(context.input(2), i, 1, &x);
      y[i] = table.At(attrs.period.has_value() ? Wrapped(x, *attrs.period) : x, left, right);
    }
  };
  return std::make_unique<FunctionKernel>(TableDoubles(n) * static_cast<int64_t>(sizeof(double)), compute);
}

const OpRegistration<InterpAttrs> kInterp({
    .names = {"_npi_interp"},
    .inputs = {"xp", "fp", "x"},
    .attrs = {Attr("left", &InterpAttrs::left), Attr("right", &InterpAttrs::right),
              Attr("period", &InterpAttrs::period), Attr("x_scalar", &InterpAttrs::x_scalar),
              Attr("x_is_scalar", &InterpAttrs::x_is_scalar)},
    .num_inputs = [](const InterpAttrs& attrs) { return attrs.x_is_scalar ? 2 : 3; },
    .infer_types = InferTypes,
    .prepare = Prepare,
});

}  // namespace
}  // namespace baryon
