// Local response normalisation across channels (AlexNet): x (knorm + alpha / nsize sum x²)^-beta.
#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/kernels/local_response_norm.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

struct LrnAttrs {
  int64_t nsize = 0;
  double alpha = 1e-4;
  double beta = 0.75;
  double knorm = 2;
  bool channels_last = false;
};

constexpr int64_t kWidestWindow = 1 << 20;

absl::Status CheckAttrs(const LrnAttrs& attrs) {
  const bool sound = attrs.nsize >= 1 && attrs.nsize % 2 == 1 && attrs.nsize < kWidestWindow;
  return sound ? absl::OkStatus() : ExpectedGot("an odd nsize below 2^20", attrs.nsize);
}

absl::StatusOr<TensorTypes> InferTypes(const LrnAttrs&, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckFloating("data", inputs[0]));
  BARYON_RETURN_IF_ERROR(CheckRank("data", inputs[0], 4));
  return TensorTypes{inputs[0], inputs[0]};
}

class LrnKernel : public Kernel {
 public:
  LrnKernel(const LrnAttrs& attrs, const Shape& shape)
      : attrs_(attrs),
        formula_{attrs.nsize, static_cast<float>(attrs.alpha), static_cast<float>(attrs.beta),
                 static_cast<float>(attrs.knorm)},
        outer_(shape[0]),
        channels_(shape[attrs.channels_last ? 3 : 1]),
        pixels_(attrs.channels_last ? shape[1] * shape[2] : shape[2] * shape[3]) {}

  int64_t workspace_bytes() const override { return (channels_ + attrs_.nsize) * sizeof(float); }

  void Compute(OpContext& context) const override {
    const int64_t strips = (pixels_ + kStrip - 1) / kStrip;
    context.ParallelFor(static_cast<int>(outer_ * strips), [&](int task, int worker) {
      const int64_t begin = task % strips * kStrip, end = std::min(pixels_, begin + kStrip);
      const int64_t at = task / strips * channels_ * pixels_;
      DispatchFloating(context.input(0).dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        const T* x = context.input(0).data<const T>() + at;
        T* y = context.output(0).data<T>() + at;
        if constexpr (std::is_same_v<T, float>) {
          float* squares = reinterpret_cast<float*>(context.workspace(worker));
          kernels::LocalResponseNorm(formula_, x, channels_, channel_stride(), pixel_stride(), begin, end, squares, y);
        } else {
          for (int64_t pixel = begin; pixel < end; ++pixel) {
            PlainPixel(x + pixel * pixel_stride(), y + pixel * pixel_stride());
          }
        }
      });
    });
  }

 private:
  static constexpr int64_t kStrip = 256;

  int64_t channel_stride() const { return attrs_.channels_last ? 1 : pixels_; }
  int64_t pixel_stride() const { return attrs_.channels_last ? channels_ : 1; }

  template <typename T>
  void PlainPixel(const T* x, T* y) const {
    const auto at = [&](int64_t c) { return static_cast<double>(ComputeType<T>(x[c * channel_stride()])); };
    const int64_t reach = attrs_.nsize / 2;
    for (int64_t c = 0; c < channels_; ++c) {
      double sum = 0;
      for (int64_t i = std::max<int64_t>(c - reach, 0); i <= std::min(channels_ - 1, c + reach); ++i)
        sum += at(i) * at(i);
      const double base = attrs_.knorm + attrs_.alpha / static_cast<double>(attrs_.nsize) * sum;
      y[c * channel_stride()] = static_cast<T>(at(c) * std::pow(base, -attrs_.beta));
    }
  }

  const LrnAttrs attrs_;
  const kernels::LocalResponseNormFormula formula_;
  const int64_t outer_, channels_, pixels_;
};

const OpRegistration<LrnAttrs> kLrn({
    .names = {"LRN"},
    .inputs = {"data"},
    .outputs = {"output", "tmp_norm"},
    .attrs = {RequiredAttr("nsize", &LrnAttrs::nsize), Attr("alpha", &LrnAttrs::alpha), Attr("beta", &LrnAttrs::beta),
              Attr("knorm", &LrnAttrs::knorm), InternalAttr("channels_last", &LrnAttrs::channels_last)},
    .check = CheckAttrs,
    .num_visible_outputs = [](const LrnAttrs&) { return 1; },
    .infer_types = InferTypes,
    .complete_types = AllTypesEqual<LrnAttrs>,
    .prepare = [](const LrnAttrs& attrs, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
      return std::make_unique<LrnKernel>(attrs, context.inputs()[0].shape);
    },
    .accepts_unknown_dims = true,
    .to_channels_last = [](const LrnAttrs& attrs, int) -> std::optional<LrnAttrs> {
      LrnAttrs changed = attrs;
      changed.channels_last = true;
      return changed;
    },
});

}  // namespace
}  // namespace baryon
