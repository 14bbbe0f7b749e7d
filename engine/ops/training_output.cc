// The ends of networks as they are trained: losses whose answer at inference is their data, or its sigmoid, and marks
// for the gradient that do nothing at inference.
#include <cmath>
#include <utility>

#include "engine/kernels/elementwise.h"
#include "engine/ops/type_rules.h"
#include "engine/ops/unary_kernel.h"

namespace baryon {
namespace {

OpSpec<NoAttrs> IdentitySpec(std::vector<std::string> names, std::vector<std::string> ignored = {}) {
  return {
      .names = std::move(names),
      .inputs = {"data"},
      .ignored_attrs = std::move(ignored),
      .infer_types = SameTypeAsInput<NoAttrs>,
      .complete_types = AllTypesEqual<NoAttrs>,
      .view = true,
      .elementwise = true,
      .accepts_unknown_dims = true,
  };
}

OpSpec<NoAttrs> MakeLossSpec() {
  OpSpec<NoAttrs> spec = IdentitySpec({"make_loss"});
  spec.outputs = {"loss"};
  return spec;
}

const OpRegistration<NoAttrs> kMarks[] = {
    IdentitySpec({"BlockGrad", "stop_gradient", "_npx_stop_gradient"}),
    MakeLossSpec(),
    IdentitySpec({"MakeLoss"}, {"grad_scale", "valid_thresh", "normalization"}),
    IdentitySpec({"_contrib_gradientmultiplier"}, {"scalar", "is_int"}),
    IdentitySpec({"cast_storage"}, {"stype"}),
};

absl::Status CompleteLoss(const NoAttrs& attrs, TensorTypes& inputs, TensorTypes& outputs) {
  TensorTypes data = {inputs[0]};
  BARYON_RETURN_IF_ERROR(AllTypesEqual(attrs, data, outputs));
  inputs[0] = data[0];
  return absl::OkStatus();
}

OpSpec<NoAttrs> LossSpec(std::string name, std::vector<std::string> ignored, UnaryFunction function) {
  return {
      .names = {std::move(name)},
      .inputs = {"data", Label("label")},
      .ignored_attrs = std::move(ignored),
      .infer_types = [](const NoAttrs&, const TensorTypes& inputs) -> absl::StatusOr<TensorTypes> {
        BARYON_RETURN_IF_ERROR(CheckFloating("data", inputs[0]));
        return TensorTypes{inputs[0]};
      },
      .complete_types = CompleteLoss,
      .prepare = [function](const NoAttrs&, PrepareContext& context) { return MakeUnaryKernel(context, function); },
      .in_place = {0},
      .accepts_unknown_dims = true,
  };
}

UnaryFunction Same() {
  return {[](double x) { return x; }};
}
UnaryFunction Logistic() {
  return {
      [](double x) { return 1 / (1 + std::exp(-x)); }, nullptr,
      [](const float* x, int64_t n, float* y) { kernels::ActivateFloats({kernels::Activation::kSigmoid}, x, n, y); }};
}

const OpRegistration<NoAttrs> kLosses[] = {
    LossSpec("LinearRegressionOutput", {"grad_scale"}, Same()),
    LossSpec("MAERegressionOutput", {"grad_scale"}, Same()),
    LossSpec("LogisticRegressionOutput", {"grad_scale"}, Logistic()),
    LossSpec("SVMOutput", {"margin", "regularization_coefficient", "use_linear"}, Same()),
};

// Its running mean, an auxiliary state, serves the penalty only.
const OpRegistration<NoAttrs> kKlSparseReg({
    .names = {"IdentityAttachKLSparseReg"},
    .inputs = {"data", Aux("moving_avg")},
    .ignored_attrs = {"sparseness_target", "penalty", "momentum"},
    .infer_types = SameTypeAsInput<NoAttrs>,
    .complete_types = [](const NoAttrs& attrs, TensorTypes& inputs, TensorTypes& outputs) -> absl::Status {
      BARYON_RETURN_IF_ERROR(CompleteLoss(attrs, inputs, outputs));
      if (inputs[0].shape.rank() >= 2 && !inputs[1].shape.has_rank()) inputs[1].shape = {inputs[0].shape[1]};
      if (inputs[1].dtype == DType::kUnknown) inputs[1].dtype = inputs[0].dtype;
      return absl::OkStatus();
    },
    .prepare = [](const NoAttrs&, PrepareContext& context) { return MakeUnaryKernel(context, Same()); },
    .accepts_unknown_dims = true,
});

struct DropoutAttrs {
  double p = 0.5;
  std::string mode = "training";
};

// Identity at inference. `always` asks for noise in the answers: Monte Carlo dropout, which no request would get twice.
const OpRegistration<DropoutAttrs> kDropout({
    .names = {"Dropout", "_npx_dropout"},
    .inputs = {"data"},
    .attrs = {Attr("p", &DropoutAttrs::p), Attr("mode", &DropoutAttrs::mode)},
    .ignored_attrs = {"axes", "cudnn_off"},
    .check = [](const DropoutAttrs& attrs) -> absl::Status {
      if (attrs.mode != "training" && attrs.mode != "always") return ExpectedGot("mode training or always", attrs.mode);
      if (attrs.p < 0 || attrs.p > 1) return ExpectedGot("p in [0, 1]", attrs.p);
      if (attrs.mode == "training" || attrs.p == 0) return absl::OkStatus();
      return absl::UnimplementedError("expected mode training, got always: random answers are not supported");
    },
    .infer_types = SameTypeAsInput<DropoutAttrs>,
    .complete_types = AllTypesEqual<DropoutAttrs>,
    .view = true,
    .elementwise = true,
    .accepts_unknown_dims = true,
});

}  // namespace
}  // namespace baryon
