// What reductions have in common: which axes go, the shape that stays, and running kernels::Reduce on all threads.
#ifndef BARYON_ENGINE_OPS_REDUCTION_H_
#define BARYON_ENGINE_OPS_REDUCTION_H_

#include <optional>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "engine/graph/attrs.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/reduce.h"
#include "engine/tensor/shape.h"

namespace baryon {

// For each axis whether it is reduced.
using AxisMask = absl::InlinedVector<bool, 8>;

// How an attribute `axis` that names no axes, (), is meant: legacy operators reduce all axes then, NumPy's none.
enum class EmptyAxes { kAll, kNone };

// The axes that an `axis` attribute names; all of them when it is absent. Errors: an axis beyond the rank or named
// twice; a rank beyond what the kernels take.
absl::StatusOr<AxisMask> ReducedAxes(const std::optional<IntTuple>& axis, int64_t rank, EmptyAxes empty);

// The shape without the reduced axes, or with 1 for them. Dimensions may be unknown.
Shape ReducedShape(const Shape& shape, const AxisMask& reduced, bool keepdims);
// The same for legacy operators, which have no rank 0: [1] instead.
Shape LegacyReducedShape(const Shape& shape, const AxisMask& reduced, bool keepdims);

// The axes, counted channels-last, of a reduction whose axes are `reduced` counted channels-first: [N, C, H, W] becomes
// [N, H, W, C]. Nothing when the axes that stay would come in another order.
std::optional<IntTuple> AxesChannelsLast(const AxisMask& reduced, bool keepdims);

// Where axis `axis` of channels-first data of `rank` axes is in channels-last data.
int64_t AxisChannelsLast(int64_t axis, int64_t rank);

kernels::ReduceGeometry GeometryOf(const Shape& shape, const AxisMask& reduced);

// Calls fn(begin, end) for ranges of the units of `geometry`, on as many threads as the work is worth.
void ForUnits(OpContext& context, const kernels::ReduceGeometry& geometry,
              absl::FunctionRef<void(int64_t begin, int64_t end)> fn);

}  // namespace baryon

#endif  // BARYON_ENGINE_OPS_REDUCTION_H_
