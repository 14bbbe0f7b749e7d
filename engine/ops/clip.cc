// Limits: x > a_max ? a_max : x < a_min ? a_min : x. NaN passes. For whole numbers the limits are cut to whole ones.
#include <cmath>
#include <utility>

#include "engine/kernels/elementwise.h"
#include "engine/ops/type_rules.h"
#include "engine/ops/unary_kernel.h"

namespace baryon {
namespace {

struct ClipAttrs {
  double a_min = 0, a_max = 0;
};

// Limits beyond all dtypes are as good as these.
int64_t ToWhole(float limit) {
  constexpr float kMost = 9.2e18f;
  return static_cast<int64_t>(std::max(-kMost, std::min(kMost, limit)));
}

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const ClipAttrs& attrs, PrepareContext& context) {
  const float lower = static_cast<float>(attrs.a_min), upper = static_cast<float>(attrs.a_max);
  const auto clip = [](auto x, auto low, auto high) { return x > high ? high : x < low ? low : x; };
  UnaryFunction function;
  function.of_real = [=](double x) { return clip(x, static_cast<double>(lower), static_cast<double>(upper)); };
  function.of_whole = [=, low = ToWhole(lower), high = ToWhole(upper)](int64_t x) { return clip(x, low, high); };
  function.of_rows = [=](const float* x, int64_t n, float* y) {
    kernels::ActivateFloats({kernels::Activation::kClip, lower, upper}, x, n, y);
  };
  return MakeUnaryKernel(context, std::move(function));
}

const OpRegistration<ClipAttrs> kClip({
    .names = {"clip", "_npi_clip"},
    .inputs = {"data"},
    .attrs = {RequiredAttr("a_min", &ClipAttrs::a_min), RequiredAttr("a_max", &ClipAttrs::a_max)},
    .check = [](const ClipAttrs& attrs) -> absl::Status {
      if (!std::isnan(attrs.a_min) && !std::isnan(attrs.a_max)) return absl::OkStatus();
      return ExpectedGot("limits that are numbers", absl::StrCat(attrs.a_min, " and ", attrs.a_max));
    },
    .infer_types = SameTypeAsInput<ClipAttrs>,
    .complete_types = AllTypesEqual<ClipAttrs>,
    .prepare = Prepare,
    .in_place = {0},
    .elementwise = true,
    .accepts_unknown_dims = true,
});

}  // namespace
}  // namespace baryon
