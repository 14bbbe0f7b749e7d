#include "server/services/top_classes.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace baryon {
namespace {

// Indices of the `count` best of `scores`.
std::vector<int64_t> BestOf(absl::Span<const float> scores, int64_t count) {
  std::vector<int64_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  count = std::min<int64_t>(count, order.size());
  const auto better = [&](int64_t a, int64_t b) {
    if (std::isnan(scores[a]) != std::isnan(scores[b])) return std::isnan(scores[b]);
    return scores[a] != scores[b] && !std::isnan(scores[a]) ? scores[a] > scores[b] : a < b;
  };
  std::partial_sort(order.begin(), order.begin() + count, order.end(), better);
  order.resize(count);
  return order;
}

}  // namespace

bool IsClassifier(const Signature& signature, const std::vector<std::string>& labels,
                  absl::Span<const Tensor> outputs) {
  if (outputs.size() != 1 || !IsFloating(outputs[0].dtype()) || outputs[0].shape().rank() != 2) return false;
  const int64_t classes = outputs[0].shape()[1];
  if (classes < 2) return false;
  if (!labels.empty()) return static_cast<int64_t>(labels.size()) == classes;
  return std::any_of(signature.inputs.begin(), signature.inputs.end(),
                     [](const TensorSpec& spec) { return !spec.optional && spec.type.shape.rank() == 4; });
}

std::vector<std::vector<ClassScore>> TopClasses(const Tensor& scores, const std::vector<std::string>& labels,
                                                int64_t count) {
  const Tensor floats = scores.Cast(DType::kFloat32);
  const int64_t classes = scores.shape()[1];
  std::vector<std::vector<ClassScore>> rows(scores.shape()[0]);
  for (size_t row = 0; row < rows.size(); ++row) {
    const absl::Span<const float> values = floats.span<float>().subspan(row * classes, classes);
    for (int64_t index : BestOf(values, count)) {
      const bool has_label = index < static_cast<int64_t>(labels.size());
      rows[row].push_back({index, has_label ? labels[index] : "", values[index]});
    }
  }
  return rows;
}

}  // namespace baryon
