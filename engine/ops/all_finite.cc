// Questions that arrays answer as a whole: whether no element is infinite or NaN, and whether two arrays are close.
#include <algorithm>
#include <atomic>
#include <cmath>

#include "engine/kernels/convert_row.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

constexpr int64_t kElementsWorthAThread = 1 << 14;
constexpr int64_t kBlock = 512;

// Elements [begin, end) of `x` as doubles, which hold those of all floating dtypes; at most kBlock of them.
void ReadDoubles(const TensorView& x, int64_t begin, int64_t end, double* values) {
  kernels::RowConverterOf(x.dtype(), DType::kFloat64)(
      static_cast<const char*>(x.raw_data()) + begin * DTypeSize(x.dtype()), values, end - begin);
}

// Whether holds(begin, end) for all blocks of [0, count).
template <typename Holds>
bool HoldsForAllBlocks(OpContext& context, int64_t count, Holds holds) {
  std::atomic<bool> all{true};
  context.ParallelRanges(count, kElementsWorthAThread, [&](int64_t begin, int64_t end) {
    for (; begin < end && all.load(std::memory_order_relaxed); begin += kBlock) {
      if (!holds(begin, std::min(begin + kBlock, end))) all.store(false, std::memory_order_relaxed);
    }
  });
  return all;
}

// ---------------------------------------------------------------------------------------------------------------------
// Finite

struct AllFiniteAttrs {
  bool init_output = true;  // for gradients that come in several calls: keep a 0 that is there already
  int64_t num_arrays = -1;
};

absl::StatusOr<TensorTypes> InferAllFinite(const AllFiniteAttrs& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckNumArgs(attrs.num_arrays, inputs));
  for (const TensorType& input : inputs) BARYON_RETURN_IF_ERROR(CheckFloating("data", input));
  return TensorTypes{{DType::kFloat32, {1}}};
}

bool IsFinite(OpContext& context, const TensorView& x) {
  return HoldsForAllBlocks(context, x.num_elements(), [&](int64_t begin, int64_t end) {
    double values[kBlock];
    ReadDoubles(x, begin, end, values);
    return std::all_of(values, values + (end - begin), [](double value) { return std::isfinite(value); });
  });
}

void ComputeAllFinite(const AllFiniteAttrs&, OpContext& context) {
  bool finite = true;
  for (int i = 0; finite && i < context.num_inputs(); ++i) finite = IsFinite(context, context.input(i));
  *context.output(0).data<float>() = finite ? 1 : 0;
}

const OpRegistration<AllFiniteAttrs> kAllFinite({
    .names = {"all_finite"},
    .inputs = {"data"},
    .attrs = {Attr("init_output", &AllFiniteAttrs::init_output)},
    .infer_types = InferAllFinite,
    .compute = ComputeAllFinite,
});

const OpRegistration<AllFiniteAttrs> kMultiAllFinite({
    .names = {"multi_all_finite"},
    .inputs = {"data"},
    .variadic = true,
    .attrs = {Attr("num_arrays", &AllFiniteAttrs::num_arrays), Attr("init_output", &AllFiniteAttrs::init_output)},
    .infer_types = InferAllFinite,
    .compute = ComputeAllFinite,
});

// ---------------------------------------------------------------------------------------------------------------------
// Close: |a - b| <= atol + rtol |b| everywhere; equal infinities are close

struct AllCloseAttrs {
  double rtol = 1e-5, atol = 1e-8;
  bool equal_nan = true;
};

absl::StatusOr<TensorTypes> InferAllClose(const AllCloseAttrs&, const TensorTypes& inputs) {
  if (inputs[0] != inputs[1]) return InputMismatch("b", inputs[0], inputs[1]);
  return TensorTypes{{DType::kUInt8, {}}};
}

bool AreClose(const AllCloseAttrs& attrs, double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return attrs.equal_nan && std::isnan(a) && std::isnan(b);
  if (std::isinf(a) || std::isinf(b)) return a == b;
  return std::abs(a - b) <= attrs.atol + attrs.rtol * std::abs(b);
}

void ComputeAllClose(const AllCloseAttrs& attrs, OpContext& context) {
  const TensorView &a = context.input(0), &b = context.input(1);
  const bool close = HoldsForAllBlocks(context, a.num_elements(), [&](int64_t begin, int64_t end) {
    double a_values[kBlock], b_values[kBlock];
    ReadDoubles(a, begin, end, a_values);
    ReadDoubles(b, begin, end, b_values);
    return std::equal(a_values, a_values + (end - begin), b_values,
                      [&](double x, double y) { return AreClose(attrs, x, y); });
  });
  *context.output(0).data<uint8_t>() = close ? 1 : 0;
}

const OpRegistration<AllCloseAttrs> kAllClose({
    .names = {"_contrib_allclose"},
    .inputs = {"a", "b"},
    .attrs = {Attr("rtol", &AllCloseAttrs::rtol), Attr("atol", &AllCloseAttrs::atol),
              Attr("equal_nan", &AllCloseAttrs::equal_nan)},
    .infer_types = InferAllClose,
    .compute = ComputeAllClose,
});

}  // namespace
}  // namespace baryon
