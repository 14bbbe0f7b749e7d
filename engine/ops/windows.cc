// Windows of signal processing, M points of a sum of cosines: _npi_hanning, _npi_hamming, _npi_blackman.
#include <algorithm>
#include <cmath>

#include "engine/graph/op_def.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

struct WindowAttrs {
  std::optional<int64_t> M;
  DType dtype = DType::kFloat32;
};

// a - b cos(2 pi t) + c cos(4 pi t) for t from 0 to 1.
struct Cosines {
  double a, b, c;
};
constexpr Cosines kHanning = {0.5, 0.5, 0}, kHamming = {0.54, 0.46, 0}, kBlackman = {0.42, 0.5, 0.08};

absl::StatusOr<TensorTypes> InferTypes(const WindowAttrs& attrs, const TensorTypes&) {
  if (!attrs.M.has_value()) return ExpectedGot("a number of points M", "None");
  return TensorTypes{{attrs.dtype, {std::max<int64_t>(*attrs.M, 0)}}};
}

void WriteWindow(const Cosines& window, const TensorView& y) {
  const int64_t points = y.num_elements();
  DispatchDType(y.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (int64_t i = 0; i < points; ++i) {
      const double angle = points == 1 ? 0 : 2 * M_PI * static_cast<double>(i) / static_cast<double>(points - 1);
      const double value = points == 1 ? 1 : window.a - window.b * std::cos(angle) + window.c * std::cos(2 * angle);
      y.data<T>()[i] = static_cast<T>(static_cast<ComputeType<T>>(value));
    }
  });
}

OpSpec<WindowAttrs> WindowSpec(const char* name, const Cosines& window) {
  OpSpec<WindowAttrs> spec;
  spec.names = {name};
  spec.attrs = {Attr("M", &WindowAttrs::M), NoneKeepsDefault(Attr("dtype", &WindowAttrs::dtype))};
  spec.ignored_attrs = {"ctx"};
  spec.infer_types = InferTypes;
  spec.compute = [window](const WindowAttrs&, OpContext& context) { WriteWindow(window, context.output(0)); };
  return spec;
}

const OpRegistration<WindowAttrs> kHanningWindow(WindowSpec("_npi_hanning", kHanning));
const OpRegistration<WindowAttrs> kHammingWindow(WindowSpec("_npi_hamming", kHamming));
const OpRegistration<WindowAttrs> kBlackmanWindow(WindowSpec("_npi_blackman", kBlackman));

}  // namespace
}  // namespace baryon
