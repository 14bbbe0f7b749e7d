// Anchors of a single-shot detector: the same boxes around every cell of a feature map, as shares of the picture.
// Every size comes with the first aspect ratio, then the first size with every other ratio.
#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/ops/function_kernel.h"
#include "engine/ops/shape_rules.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

struct PriorAttrs {
  FloatTuple sizes = {1}, ratios = {1};
  bool clip = false;
  FloatTuple steps = {-1, -1};      // y, x; not positive: the size of a cell
  FloatTuple offsets = {0.5, 0.5};  // of the centre in its cell; y, x

  int64_t boxes_per_cell() const { return static_cast<int64_t>(sizes.size() + ratios.size()) - 1; }
};

absl::Status Check(const PriorAttrs& attrs) {
  if (attrs.sizes.empty()) return ExpectedGot("one of \"sizes\" or more", "none");
  if (attrs.ratios.empty()) return ExpectedGot("one of \"ratios\" or more", "none");
  if (attrs.steps.size() != 2) return ExpectedGot("two \"steps\"", FormatAttr(attrs.steps));
  if (attrs.steps[0] * attrs.steps[1] < 0) return ExpectedGot("both \"steps\" or none", FormatAttr(attrs.steps));
  const bool inside =
      std::all_of(attrs.offsets.begin(), attrs.offsets.end(), [](double offset) { return offset >= 0 && offset <= 1; });
  if (attrs.offsets.size() == 2 && inside) return absl::OkStatus();
  return ExpectedGot("two \"offsets\" from 0 to 1", FormatAttr(attrs.offsets));
}

absl::StatusOr<TensorTypes> InferTypes(const PriorAttrs& attrs, const TensorTypes& inputs) {
  const TensorType& data = inputs[0];
  BARYON_RETURN_IF_ERROR(CheckRankAtLeast("data", data, 4));
  BARYON_RETURN_IF_ERROR(CheckFloating("data", data));
  const int64_t height = data.shape[2], width = data.shape[3];
  if (height == 0 || width == 0) return ExpectedGot("cells", data.ToString());
  const int64_t cells = width < 0 ? Shape::kUnknownDim : ScaledDim(height, width);
  return TensorTypes{{data.dtype, {1, ScaledDim(cells, attrs.boxes_per_cell()), 4}}};
}

struct HalfSize {
  float width, height;
};

std::vector<HalfSize> HalfSizes(const PriorAttrs& attrs, int64_t height, int64_t width) {
  std::vector<HalfSize> result;
  const auto add = [&](double size_attr, double ratio_attr) {
    const float size = static_cast<float>(size_attr), ratio = std::sqrt(static_cast<float>(ratio_attr));
    result.push_back({size * height / width * ratio / 2, size / ratio / 2});
  };
  for (double size : attrs.sizes) add(size, attrs.ratios[0]);
  for (size_t i = 1; i < attrs.ratios.size(); ++i) add(attrs.sizes[0], attrs.ratios[i]);
  return result;
}

// The centres of the cells along an axis.
std::vector<float> Centers(const PriorAttrs& attrs, int axis, int64_t cells) {
  const bool has_steps = attrs.steps[0] > 0 && attrs.steps[1] > 0;
  const float step = has_steps ? static_cast<float>(attrs.steps[axis]) : 1.0f / cells;
  const float offset = static_cast<float>(attrs.offsets[axis]);
  std::vector<float> centers(cells);
  for (int64_t i = 0; i < cells; ++i) centers[i] = (i + offset) * step;
  return centers;
}

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const PriorAttrs& attrs, PrepareContext& context) {
  const Shape& shape = context.inputs()[0].shape;
  const auto compute = [clip = attrs.clip, sizes = HalfSizes(attrs, shape[2], shape[3]),
                        rows = Centers(attrs, 0, shape[2]), columns = Centers(attrs, 1, shape[3])](OpContext& context) {
    DispatchFloating(context.output(0).dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      T* box = context.output(0).data<T>();
      for (float y : rows) {
        for (float x : columns) {
          for (const HalfSize& size : sizes) {
            const float corners[4] = {x - size.width, y - size.height, x + size.width, y + size.height};
            for (float corner : corners) *box++ = clip ? std::clamp(corner, 0.0f, 1.0f) : corner;
          }
        }
      }
    });
  };
  return std::make_unique<FunctionKernel>(0, compute);
}

const OpRegistration<PriorAttrs> kMultiBoxPrior({
    .names = {"_contrib_MultiBoxPrior", "_npx_multibox_prior"},
    .inputs = {"data"},
    .attrs = {Attr("sizes", &PriorAttrs::sizes), Attr("ratios", &PriorAttrs::ratios), Attr("clip", &PriorAttrs::clip),
              Attr("steps", &PriorAttrs::steps), Attr("offsets", &PriorAttrs::offsets)},
    .check = Check,
    .infer_types = InferTypes,
    .prepare = Prepare,
    .accepts_unknown_dims = true,
});

}  // namespace
}  // namespace baryon
