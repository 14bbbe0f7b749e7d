// Counts: _histogram of how many elements fall between bounds, _npi_bincount of how often each whole number occurs.
#include <algorithm>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

struct HistogramAttrs {
  std::optional<int64_t> bin_cnt;   // equally wide bins over `range`; None: the bounds are the second input
  std::optional<FloatTuple> range;
};

constexpr int64_t kMostBins = 1 << 26;

absl::Status CheckBins(const HistogramAttrs& attrs) {
  if (!attrs.bin_cnt.has_value() && !attrs.range.has_value()) return absl::OkStatus();
  const int64_t bins = attrs.bin_cnt.value_or(0);
  if (bins < 1 || bins > kMostBins) return ExpectedGot(absl::StrCat("bin_cnt of 1 to ", kMostBins), bins);
  if (attrs.range.has_value() && attrs.range->size() == 2 && (*attrs.range)[0] <= (*attrs.range)[1]) {
    return absl::OkStatus();
  }
  return ExpectedGot("a range (low, high) beside bin_cnt", FormatAttr(attrs.range));
}

absl::StatusOr<TensorTypes> InferHistogram(const HistogramAttrs& attrs, const TensorTypes& inputs) {
  int64_t bins = attrs.bin_cnt.value_or(0);
  if (!attrs.bin_cnt.has_value()) {
    const TensorType& bounds = inputs[1];
    if (bounds.shape.rank() != 1 || bounds.shape[0] < 2 || bounds.dtype != inputs[0].dtype) {
      return ExpectedGot(absl::StrCat("two or more bounds of ", DTypeName(inputs[0].dtype)), bounds.ToString());
    }
    bins = bounds.shape[0] - 1;
  }
  return TensorTypes{{DType::kInt64, {bins}}, {inputs[0].dtype, {bins + 1}}};
}

// The bin of x, or -1. The division finds it but for rounding, which the bounds themselves decide. The last bin
// includes its upper bound.
template <typename T>
int64_t BinOf(T x, double low, double high, const T* bounds, int64_t bins) {
  if (!(x >= low && x <= high)) return -1;
  int64_t bin = std::min(static_cast<int64_t>((x - low) * static_cast<double>(bins) / (high - low)), bins - 1);
  if (x < bounds[bin]) --bin;
  if (x >= bounds[bin + 1] && bin != bins - 1) ++bin;
  return bin;
}

// The same for bounds of any distance, in ascending order.
template <typename T>
int64_t BinBetween(T x, const T* bounds, int64_t bins) {
  if (!(x >= bounds[0] && x <= bounds[bins])) return -1;
  return std::min<int64_t>(std::upper_bound(bounds, bounds + bins + 1, x) - bounds - 1, bins - 1);
}

template <typename T>
void CountInRange(const HistogramAttrs& attrs, const TensorView& data, int64_t* counts, T* bounds) {
  using C = ComputeType<T>;
  const int64_t bins = *attrs.bin_cnt;
  double low = (*attrs.range)[0], high = (*attrs.range)[1];
  if (low == high) {
    low -= 0.5;
    high += 0.5;
  }
  std::vector<C> edges(bins + 1);
  for (int64_t i = 0; i <= bins; ++i) {
    bounds[i] = static_cast<T>(static_cast<C>((high * i + static_cast<double>(bins - i) * low) / bins));
    edges[i] = bounds[i];
  }
  const T* x = data.data<const T>();
  for (int64_t i = 0; i < data.num_elements(); ++i) {
    const int64_t bin = BinOf<C>(x[i], low, high, edges.data(), bins);
    if (bin >= 0) ++counts[bin];
  }
}

template <typename T>
void CountBetween(const TensorView& data, const TensorView& given, int64_t* counts, T* bounds) {
  using C = ComputeType<T>;
  const int64_t bins = given.num_elements() - 1;
  const T* edge = given.data<const T>();
  std::copy_n(edge, bins + 1, bounds);
  const std::vector<C> edges(edge, edge + bins + 1);
  const T* x = data.data<const T>();
  for (int64_t i = 0; i < data.num_elements(); ++i) {
    const int64_t bin = BinBetween<C>(x[i], edges.data(), bins);
    if (bin >= 0) ++counts[bin];
  }
}

}  // namespace
}  // namespace baryon
