// Division by the root of a sum of squares: y = x / sqrt(sum x² + eps), the sum over an instance, over its channels at
// each position, or over the positions of each channel.
#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/kernels/float_sums.h"
#include "engine/kernels/normalize.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

enum class Mode { kInstance, kChannel, kSpatial };

struct L2Attrs {
  double eps = 1e-10;
  Mode mode = Mode::kInstance;
  bool channels_last = false;
};

constexpr int64_t kStrip = 64;

// The array as [outer, size, inner], with the sums along the middle.
AxisSplit LinesOf(const L2Attrs& attrs, const Shape& shape) {
  const int64_t rank = shape.rank(), elements = shape.Product(1, rank);
  if (attrs.mode == Mode::kInstance) return {shape[0], elements, 1};
  const int64_t channels = shape[attrs.channels_last ? rank - 1 : 1];
  const int64_t positions = attrs.channels_last ? shape.Product(1, rank - 1) : shape.Product(2, rank);
  if (attrs.mode == Mode::kChannel) {
    return attrs.channels_last ? AxisSplit{shape[0] * positions, channels, 1}
                               : AxisSplit{shape[0], channels, positions};
  }
  return attrs.channels_last ? AxisSplit{shape[0], positions, channels} : AxisSplit{shape[0] * channels, positions, 1};
}

absl::StatusOr<TensorTypes> InferTypes(const L2Attrs& attrs, const TensorTypes& inputs) {
  const TensorType& data = inputs[0];
  BARYON_RETURN_IF_ERROR(CheckFloating("data", data));
  BARYON_RETURN_IF_ERROR(CheckRankAtLeast("data", data, attrs.mode == Mode::kInstance ? 2 : 3));
  TensorType norm = {data.dtype, {data.shape[0]}};  // hidden, and never computed
  return TensorTypes{data, norm};
}

void NormalizeRows(const float* x, int64_t rows, int64_t size, double eps, float* y) {
  for (int64_t row = 0; row < rows; ++row, x += size, y += size) {
    const double factor = 1 / std::sqrt(kernels::Sum(kernels::Term::kSquare, x, size) + eps);
    kernels::NormalizeRow(x, size, 0, static_cast<float>(factor), 0, /*relu=*/false, y);
  }
}

void NormalizeStrip(const float* x, int64_t size, int64_t stride, int64_t columns, double eps, float* y) {
  static constexpr float kZeros[kStrip] = {};
  double sums[kStrip] = {};
  float factors[kStrip];
  kernels::AddColumns(kernels::Term::kSquare, x, size, stride, columns, nullptr, sums);
  for (int64_t j = 0; j < columns; ++j) factors[j] = static_cast<float>(1 / std::sqrt(sums[j] + eps));
  kernels::NormalizeColumns(x, size, stride, columns, kZeros, factors, kZeros, /*relu=*/false, y, stride);
}

// A strip of any floating type in double precision.
template <typename T>
void NormalizePlainStrip(const T* x, int64_t size, int64_t stride, int64_t columns, double eps, T* y) {
  for (int64_t j = 0; j < columns; ++j) {
    const auto at = [&](int64_t i) { return static_cast<double>(ComputeType<T>(x[i * stride + j])); };
    double sum = 0;
    for (int64_t i = 0; i < size; ++i) sum += at(i) * at(i);
    const double factor = 1 / std::sqrt(sum + eps);
    for (int64_t i = 0; i < size; ++i) y[i * stride + j] = static_cast<T>(at(i) * factor);
  }
}

void Compute(const L2Attrs& attrs, OpContext& context) {
  constexpr int64_t kElementsWorthAThread = 1 << 15;
  const TensorView &x = context.input(0), &y = context.output(0);
  const AxisSplit lines = LinesOf(attrs, x.shape());
  const int64_t strips = (lines.inner + kStrip - 1) / kStrip;
  const int64_t strip_elements = std::max<int64_t>(lines.size * std::min(lines.inner, kStrip), 1);
  DispatchFloating(x.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* from = x.data<const T>();
    T* to = y.data<T>();
    context.ParallelRanges(
        lines.outer * strips, kElementsWorthAThread / strip_elements, [&](int64_t begin, int64_t end) {
          if constexpr (std::is_same_v<T, float>) {
            if (lines.inner == 1) {
              return NormalizeRows(from + begin * lines.size, end - begin, lines.size, attrs.eps,
                                   to + begin * lines.size);
            }
          }
          for (int64_t unit = begin; unit < end; ++unit) {
            const int64_t first = unit % strips * kStrip, at = unit / strips * lines.size * lines.inner + first;
            const int64_t columns = std::min(kStrip, lines.inner - first);
            if constexpr (std::is_same_v<T, float>) {
              NormalizeStrip(from + at, lines.size, lines.inner, columns, attrs.eps, to + at);
            } else {
              NormalizePlainStrip(from + at, lines.size, lines.inner, columns, attrs.eps, to + at);
            }
          }
        });
  });
}

const OpRegistration<L2Attrs> kL2Normalization({
    .names = {"L2Normalization"},
    .inputs = {"data"},
    .outputs = {"output", "norm"},
    .attrs = {Attr("eps", &L2Attrs::eps),
              EnumAttr("mode", &L2Attrs::mode,
                       {{"instance", Mode::kInstance}, {"channel", Mode::kChannel}, {"spatial", Mode::kSpatial}}),
              InternalAttr("channels_last", &L2Attrs::channels_last)},
    .num_visible_outputs = [](const L2Attrs&) { return 1; },
    .infer_types = InferTypes,
    .complete_types = AllTypesEqual<L2Attrs>,
    .compute = Compute,
    .in_place = {0},
    .accepts_unknown_dims = true,
    .to_channels_last =
        [](const L2Attrs& attrs, int) {
          return std::optional(L2Attrs{attrs.eps, attrs.mode, true});
        },
});

}  // namespace
}  // namespace baryon
