// y = condition ? x : y. The legacy operator takes arrays of one shape, or a vector that decides whole rows; NumPy's
// broadcasts, and has forms with numbers in place of arrays.
#include <utility>

#include "engine/kernels/select.h"
#include "engine/ops/moves.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

constexpr int64_t kElementsWorthAThread = 1 << 15;

// Input `input`, or, when that is kNumber, `number`.
struct Choice {
  static constexpr int kNumber = -1;
  int input;
  FillValue number = {};
};

class WhereKernel : public Kernel {
 public:
  // `condition` is input 0, seen with shape `condition_shape`.
  WhereKernel(const PrepareContext& context, const Shape& condition_shape, Choice if_true, Choice if_false)
      : if_true_(if_true),
        if_false_(if_false),
        runs_({condition_shape.dims(), DimsOf(context, if_true), DimsOf(context, if_false)},
              context.outputs()[0].shape.dims()) {}

  void Compute(OpContext& context) const override {
    const TensorView &condition = context.input(0), &y = context.output(0);
    const void *if_true = Data(context, if_true_), *if_false = Data(context, if_false_);
    context.ParallelRanges(y.num_elements(), kElementsWorthAThread, [&](int64_t begin, int64_t end) {
      kernels::Select(runs_, condition.dtype(), condition.raw_data(), y.dtype(), if_true, if_false, y.raw_data(), begin,
                      end);
    });
  }

 private:
  static absl::Span<const int64_t> DimsOf(const PrepareContext& context, const Choice& choice) {
    if (choice.input == Choice::kNumber) return {};
    return context.inputs()[choice.input].shape.dims();
  }
  static const void* Data(const OpContext& context, const Choice& choice) {
    return choice.input == Choice::kNumber ? &choice.number.bits : context.input(choice.input).raw_data();
  }

  const Choice if_true_, if_false_;
  const kernels::BroadcastRuns runs_;
};

absl::Status CheckSameDType(const TensorType& x, const TensorType& y) {
  if (x.dtype == y.dtype) return absl::OkStatus();
  return InputMismatch("y", {x.dtype, y.shape}, y);
}

// ---------------------------------------------------------------------------------------------------------------------
// Legacy

// A vector beside arrays of higher rank has one element for each row.
bool ChoosesRows(const TensorTypes& inputs) { return inputs[0].shape.rank() == 1 && inputs[1].shape.rank() > 1; }

absl::StatusOr<TensorTypes> InferLegacy(const NoAttrs&, const TensorTypes& inputs) {
  const TensorType &condition = inputs[0], &x = inputs[1], &y = inputs[2];
  BARYON_RETURN_IF_ERROR(CheckSameDType(x, y));
  const std::optional<Shape> shape = MergeShapes(x.shape, y.shape);
  if (!shape.has_value()) return InputMismatch("y", x, y);
  const Shape wanted = ChoosesRows(inputs) ? Shape{(*shape)[0]} : *shape;
  if (!MergeShapes(wanted, condition.shape).has_value()) {
    return InputMismatch("condition", {condition.dtype, wanted}, condition);
  }
  return TensorTypes{{x.dtype, *shape}};
}

absl::Status CompleteLegacy(const NoAttrs&, TensorTypes& inputs, TensorTypes& outputs) {
  TensorTypes values = {inputs[1], inputs[2]};
  BARYON_RETURN_IF_ERROR(AllTypesEqual(NoAttrs(), values, outputs));
  inputs[1] = values[0];
  inputs[2] = values[1];
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareLegacy(const NoAttrs&, PrepareContext& context) {
  Shape condition = context.inputs()[0].shape;
  if (ChoosesRows(context.inputs())) {
    while (condition.rank() < context.inputs()[1].shape.rank()) condition.Append(1);
  }
  return std::make_unique<WhereKernel>(context, condition, Choice{1}, Choice{2});
}

const OpRegistration<NoAttrs> kWhere({
    .names = {"where", "_sparse_where"},
    .inputs = {"condition", "x", "y"},
    .infer_types = InferLegacy,
    .complete_types = CompleteLegacy,
    .prepare = PrepareLegacy,
    .in_place = {1, 2},
    .accepts_unknown_dims = true,
});

// ---------------------------------------------------------------------------------------------------------------------
// NumPy

absl::StatusOr<Shape> Broadcast(const TensorTypes& inputs) {
  Shape shape;
  for (const TensorType& input : inputs) {
    std::optional<Shape> both = BroadcastShapes(shape, input.shape);
    if (!both.has_value())
      return ExpectedGot(absl::StrCat("a shape that broadcasts to ", shape.ToString()), input.shape.ToString());
    shape = *std::move(both);
  }
  return shape;
}

absl::StatusOr<TensorTypes> InferNumpy(const NoAttrs&, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckSameDType(inputs[1], inputs[2]));
  BARYON_ASSIGN_OR_RETURN(Shape shape, Broadcast(inputs));
  return TensorTypes{{inputs[1].dtype, std::move(shape)}};
}

const OpRegistration<NoAttrs> kNumpyWhere({
    .names = {"_npi_where"},
    .inputs = {"condition", "x", "y"},
    .infer_types = InferNumpy,
    .prepare = [](const NoAttrs&, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
      return std::make_unique<WhereKernel>(context, context.inputs()[0].shape, Choice{1}, Choice{2});
    },
    .in_place = {1, 2},
    .elementwise = true,
    .accepts_unknown_dims = true,
});

struct ScalarAttrs {
  double scalar = 0;
};

absl::StatusOr<TensorTypes> InferScalar(const ScalarAttrs&, const TensorTypes& inputs) {
  BARYON_ASSIGN_OR_RETURN(Shape shape, Broadcast(inputs));
  return TensorTypes{{inputs[1].dtype, std::move(shape)}};
}

// An array, input 1, and a number, which takes the place of x or of y.
OpSpec<ScalarAttrs> WithScalar(const char* name, const char* array, bool number_if_true) {
  return {
      .names = {name},
      .inputs = {"condition", array},
      .attrs = {Attr("scalar", &ScalarAttrs::scalar)},
      .ignored_attrs = {"is_int"},
      .infer_types = InferScalar,
      .prepare = [number_if_true](const ScalarAttrs& attrs,
                                  PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
        const Choice from_array = {1};
        const Choice number = {Choice::kNumber, FillValue::Of(context.outputs()[0].dtype, attrs.scalar)};
        return std::make_unique<WhereKernel>(context, context.inputs()[0].shape, number_if_true ? number : from_array,
                                             number_if_true ? from_array : number);
      },
      .in_place = {1},
      .elementwise = true,
      .accepts_unknown_dims = true,
  };
}

const OpRegistration<ScalarAttrs> kWhereLeftScalar(WithScalar("_npi_where_lscalar", "x", true));
const OpRegistration<ScalarAttrs> kWhereRightScalar(WithScalar("_npi_where_rscalar", "x", false));

struct TwoScalarsAttrs {
  double x = 0, y = 0;
};

const OpRegistration<TwoScalarsAttrs> kWhereTwoScalars({
    .names = {"_npi_where_scalar2"},
    .inputs = {"condition"},
    .attrs = {Attr("x", &TwoScalarsAttrs::x), Attr("y", &TwoScalarsAttrs::y)},
    .infer_types = [](const TwoScalarsAttrs&, const TensorTypes& inputs) -> absl::StatusOr<TensorTypes> {
      return TensorTypes{{DType::kFloat32, inputs[0].shape}};
    },
    .complete_types = AllShapesEqual<TwoScalarsAttrs>,
    .prepare = [](const TwoScalarsAttrs& attrs, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
      const Choice x = {Choice::kNumber, FillValue::Of(DType::kFloat32, attrs.x)};
      const Choice y = {Choice::kNumber, FillValue::Of(DType::kFloat32, attrs.y)};
      return std::make_unique<WhereKernel>(context, context.inputs()[0].shape, x, y);
    },
    .elementwise = true,
    .accepts_unknown_dims = true,
});

}  // namespace
}  // namespace baryon
