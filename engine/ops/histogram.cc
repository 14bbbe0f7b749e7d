// _histogram: how many elements fall between bounds.
#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "engine/graph/op_def.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

struct HistogramAttrs {
  std::optional<int64_t> bin_cnt;  // equally wide bins over `range`; None: the bounds are the second input
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
int64_t BinOf(double x, double low, double high, const double* bounds, int64_t bins) {
  if (!(x >= low && x <= high)) return -1;
  int64_t bin = std::min(static_cast<int64_t>((x - low) * static_cast<double>(bins) / (high - low)), bins - 1);
  if (x < bounds[bin]) --bin;
  if (x >= bounds[bin + 1] && bin != bins - 1) ++bin;
  return bin;
}

// The same for bounds of any distance, in ascending order.
int64_t BinBetween(double x, const double* bounds, int64_t bins) {
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
  std::vector<double> edges(bins + 1);
  for (int64_t i = 0; i <= bins; ++i) {
    bounds[i] = static_cast<T>(static_cast<C>((high * i + static_cast<double>(bins - i) * low) / bins));
    edges[i] = static_cast<double>(static_cast<C>(bounds[i]));
  }
  const T* x = data.data<const T>();
  for (int64_t i = 0; i < data.num_elements(); ++i) {
    const int64_t bin = BinOf(static_cast<double>(static_cast<C>(x[i])), low, high, edges.data(), bins);
    if (bin >= 0) ++counts[bin];
  }
}

template <typename T>
void CountBetween(const TensorView& data, const TensorView& given, int64_t* counts, T* bounds) {
  using C = ComputeType<T>;
  const int64_t bins = given.num_elements() - 1;
  const T* edge = given.data<const T>();
  std::copy_n(edge, bins + 1, bounds);
  std::vector<double> edges;
  for (int64_t i = 0; i <= bins; ++i) edges.push_back(static_cast<double>(static_cast<C>(edge[i])));
  const T* x = data.data<const T>();
  for (int64_t i = 0; i < data.num_elements(); ++i) {
    const int64_t bin = BinBetween(static_cast<double>(static_cast<C>(x[i])), edges.data(), bins);
    if (bin >= 0) ++counts[bin];
  }
}

void ComputeHistogram(const HistogramAttrs& attrs, OpContext& context) {
  const TensorView& data = context.input(0);
  // Either output may have no reader; both are computed anyway, in memory of their own then.
  const int64_t bins = context.output(0).shape()[0];
  std::vector<int64_t> counts(bins);
  DispatchDType(data.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    std::unique_ptr<T[]> bounds(new T[bins + 1]);
    if (attrs.bin_cnt.has_value()) {
      CountInRange<T>(attrs, data, counts.data(), bounds.get());
    } else {
      CountBetween<T>(data, context.input(1), counts.data(), bounds.get());
    }
    if (context.output(1).has_data()) std::copy_n(bounds.get(), bins + 1, context.output(1).data<T>());
  });
  if (context.output(0).has_data()) std::copy(counts.begin(), counts.end(), context.output(0).data<int64_t>());
}

const OpRegistration<HistogramAttrs> kHistogram({
    .names = {"_histogram", "_npi_histogram"},
    .inputs = {"data", "bins"},
    .outputs = {"output0", "output1"},
    .attrs = {Attr("bin_cnt", &HistogramAttrs::bin_cnt), Attr("range", &HistogramAttrs::range)},
    .check = CheckBins,
    .num_inputs = [](const HistogramAttrs& attrs) { return attrs.bin_cnt.has_value() ? 1 : 2; },
    .infer_types = InferHistogram,
    .compute = ComputeHistogram,
});

}  // namespace
}  // namespace baryon
