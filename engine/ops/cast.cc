// Conversions of dtype: Cast; amp_cast, which leaves whole numbers alone; amp_multicast, which brings floats of several
// widths to one.
#include <algorithm>
#include <utility>

#include "engine/kernels/convert_row.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

// Converts input i to output i, for each i.
class CastKernel : public Kernel {
 public:
  explicit CastKernel(const PrepareContext& context) {
    for (size_t i = 0; i < context.outputs().size(); ++i) {
      converters_.push_back(kernels::RowConverterOf(context.inputs()[i].dtype, context.outputs()[i].dtype));
    }
  }

  void Compute(OpContext& context) const override {
    constexpr int64_t kGrain = 16384;
    for (int i = 0; i < context.num_outputs(); ++i) {
      const TensorView &x = context.input(i), &y = context.output(i);
      if (!y.has_data()) continue;
      const char* from = static_cast<const char*>(x.raw_data());
      char* to = static_cast<char*>(y.raw_data());
      context.ParallelRanges(y.num_elements(), kGrain, [&](int64_t begin, int64_t end) {
        converters_[i](from + begin * DTypeSize(x.dtype()), to + begin * DTypeSize(y.dtype()), end - begin);
      });
    }
  }

 private:
  std::vector<kernels::RowConverter> converters_;
};

template <typename A>
absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const A&, PrepareContext& context) {
  return std::make_unique<CastKernel>(context);
}

struct CastAttrs {
  DType dtype = DType::kFloat32;
};

OpSpec<CastAttrs> CastSpec(std::vector<std::string> names, bool floats_only) {
  return {
      .names = std::move(names),
      .inputs = {"data"},
      .attrs = {RequiredAttr("dtype", &CastAttrs::dtype)},
      .infer_types = [floats_only](const CastAttrs& attrs, const TensorTypes& inputs) -> absl::StatusOr<TensorTypes> {
        const bool keeps = floats_only && inputs[0].dtype != DType::kUnknown && !IsFloating(inputs[0].dtype);
        return TensorTypes{{keeps ? inputs[0].dtype : attrs.dtype, inputs[0].shape}};
      },
      .complete_types = AllShapesEqual<CastAttrs>,
      .prepare = Prepare<CastAttrs>,
      .elementwise = true,
      .accepts_unknown_dims = true,
  };
}

const OpRegistration<CastAttrs> kCast(CastSpec({"Cast", "cast", "_npi_cast", "_npx_cast"}, false));
const OpRegistration<CastAttrs> kAmpCast(CastSpec({"amp_cast"}, true));

struct MulticastAttrs {
  int64_t num_outputs = 0;
  bool cast_narrow = false;
};

absl::StatusOr<TensorTypes> InferMulticast(const MulticastAttrs& attrs, const TensorTypes& inputs) {
  if (attrs.num_outputs != static_cast<int64_t>(inputs.size())) {
    return ExpectedGot(absl::StrCat(attrs.num_outputs, " inputs"), inputs.size());
  }
  DType common = inputs[0].dtype;
  for (const TensorType& input : inputs) {
    BARYON_RETURN_IF_ERROR(CheckFloating("data", input));
    const bool narrower = DTypeSize(input.dtype) < DTypeSize(common);
    if (narrower == attrs.cast_narrow && DTypeSize(input.dtype) != DTypeSize(common)) common = input.dtype;
  }
  TensorTypes outputs = inputs;
  for (TensorType& output : outputs) output.dtype = common;
  return outputs;
}

const OpRegistration<MulticastAttrs> kMulticast({
    .names = {"amp_multicast"},
    .inputs = {"data"},
    .variadic = true,
    .attrs = {RequiredAttr("num_outputs", &MulticastAttrs::num_outputs),
              Attr("cast_narrow", &MulticastAttrs::cast_narrow)},
    .check = [](const MulticastAttrs& attrs) -> absl::Status {
      if (attrs.num_outputs >= 1) return absl::OkStatus();
      return ExpectedGot("num_outputs of 1 or more", attrs.num_outputs);
    },
    .num_outputs = [](const MulticastAttrs&, int num_inputs) { return num_inputs; },
    .infer_types = InferMulticast,
    .prepare = Prepare<MulticastAttrs>,
});

}  // namespace
}  // namespace baryon
