// Diagonals. diag takes them out of planes of two axes, or puts a vector onto one of a zero matrix; the operators of
// the NumPy namespace divide that work: _npi_diag (vector or matrix), _npi_diagonal (planes), _npi_diagflat (anything
// flattened onto a diagonal) and _npi_trace (its sum). Diagonal k lies k columns right of the main one.
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/moves.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

struct DiagAttrs {
  int64_t k = 0;
  int64_t axis1 = 0, axis2 = 1;
};

constexpr int64_t kMostOffset = int64_t{1} << 40;

absl::Status CheckOffset(const DiagAttrs& attrs) {
  if (std::abs(attrs.k) <= kMostOffset) return absl::OkStatus();
  return ExpectedGot(absl::StrCat("a diagonal within ", kMostOffset, " of the main one"), attrs.k);
}

// The diagonals of all planes of an array: the axes around them, and how elements follow on each.
struct Diagonals {
  Shape others;       // all axes but the two of the plane
  IntTuple strides;   // of these
  int64_t first = 0;  // the first element on the first diagonal
  int64_t step = 0;   // to the next one
  int64_t size = 0;   // elements on each
};

absl::StatusOr<Diagonals> DiagonalsOf(const DiagAttrs& attrs, const Shape& shape) {
  BARYON_ASSIGN_OR_RETURN(const IntTuple plane, ResolveAxes({attrs.axis1, attrs.axis2}, shape.rank()));
  const auto strides = RowMajorStrides(shape);
  const int64_t down = std::max<int64_t>(-attrs.k, 0), right = std::max<int64_t>(attrs.k, 0);
  Diagonals diagonals;
  for (int64_t axis = 0; axis < shape.rank(); ++axis) {
    if (axis == plane[0] || axis == plane[1]) continue;
    diagonals.others.Append(shape[axis]);
    diagonals.strides.push_back(strides[axis]);
  }
  diagonals.step = strides[plane[0]] + strides[plane[1]];
  diagonals.size = std::max<int64_t>(std::min(shape[plane[0]] - down, shape[plane[1]] - right), 0);
  if (diagonals.size > 0) diagonals.first = down * strides[plane[0]] + right * strides[plane[1]];
  return diagonals;
}

absl::StatusOr<TensorTypes> InferPlanes(const DiagAttrs& attrs, const TensorTypes& inputs) {
  BARYON_ASSIGN_OR_RETURN(Diagonals diagonals, DiagonalsOf(attrs, inputs[0].shape));
  diagonals.others.Append(diagonals.size);
  return TensorTypes{{inputs[0].dtype, std::move(diagonals.others)}};
}

absl::StatusOr<std::unique_ptr<Kernel>> PreparePlanes(const DiagAttrs& attrs, PrepareContext& context) {
  BARYON_ASSIGN_OR_RETURN(Diagonals diagonals, DiagonalsOf(attrs, context.inputs()[0].shape));
  const Shape& to = context.outputs()[0].shape;
  diagonals.strides.push_back(diagonals.step);
  return MakeMoveKernel(context,
                        {{.from = diagonals.first, .loops = LoopsOver(to, diagonals.strides, RowMajorStrides(to))}});
}

absl::StatusOr<TensorTypes> InferMatrix(const DiagAttrs& attrs, const TensorTypes& inputs) {
  const int64_t side = inputs[0].shape.num_elements() + std::abs(attrs.k);
  return TensorTypes{{inputs[0].dtype, {side, side}}};
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareMatrix(const DiagAttrs& attrs, PrepareContext& context) {
  const int64_t side = context.outputs()[0].shape[0];
  const int64_t first = attrs.k < 0 ? -attrs.k * side : attrs.k;
  const Move onto_diagonal = {.to = first, .loops = {{context.inputs()[0].shape.num_elements(), 1, side + 1}}};
  return MakeMoveKernel(context, {FillMove(side * side)}, {onto_diagonal});
}

// A vector becomes a matrix; anything else gives its diagonals.
template <bool kNumPy>
absl::StatusOr<TensorTypes> InferEither(const DiagAttrs& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckRankAtLeast("data", inputs[0], 1));
  if (inputs[0].shape.rank() == 1) return InferMatrix(attrs, inputs);
  if (kNumPy) BARYON_RETURN_IF_ERROR(CheckRank("data", inputs[0], 2));
  BARYON_ASSIGN_OR_RETURN(TensorTypes outputs, InferPlanes(attrs, inputs));
  if (!kNumPy && outputs[0].shape.back() == 0 && inputs[0].shape.num_elements() > 0) {
    return ExpectedGot(absl::StrCat("a diagonal of ", inputs[0].shape.ToString()), attrs.k);
  }
  return outputs;
}

absl::StatusOr<std::unique_ptr<Kernel>> PrepareEither(const DiagAttrs& attrs, PrepareContext& context) {
  return context.inputs()[0].shape.rank() == 1 ? PrepareMatrix(attrs, context) : PreparePlanes(attrs, context);
}

absl::StatusOr<TensorTypes> InferTrace(const DiagAttrs& attrs, const TensorTypes& inputs) {
  BARYON_ASSIGN_OR_RETURN(Diagonals diagonals, DiagonalsOf(attrs, inputs[0].shape));
  return TensorTypes{{inputs[0].dtype, std::move(diagonals.others)}};
}

class TraceKernel : public Kernel {
 public:
  explicit TraceKernel(Diagonals diagonals) : diagonals_(std::move(diagonals)) {}

  void Compute(OpContext& context) const override {
    DispatchDType(context.output(0).dtype(), [&](auto tag) { Sum<typename decltype(tag)::type>(context); });
  }

 private:
  template <typename T>
  void Sum(OpContext& context) const {
    const T* x = context.input(0).data<const T>();
    T* y = context.output(0).data<T>();
    for (int64_t i = 0; i < diagonals_.others.num_elements(); ++i) {
      const T* element = x + diagonals_.first + Offset(i);
      ComputeType<T> sum = 0;
      for (int64_t j = 0; j < diagonals_.size; ++j) sum += static_cast<ComputeType<T>>(element[j * diagonals_.step]);
      y[i] = static_cast<T>(sum);
    }
  }

  int64_t Offset(int64_t index) const {
    int64_t offset = 0;
    for (int64_t axis = diagonals_.others.rank() - 1; axis >= 0; --axis) {
      offset += index % diagonals_.others[axis] * diagonals_.strides[axis];
      index /= diagonals_.others[axis];
    }
    return offset;
  }

  const Diagonals diagonals_;
};

absl::StatusOr<std::unique_ptr<Kernel>> PrepareTrace(const DiagAttrs& attrs, PrepareContext& context) {
  BARYON_ASSIGN_OR_RETURN(Diagonals diagonals, DiagonalsOf(attrs, context.inputs()[0].shape));
  return std::make_unique<TraceKernel>(std::move(diagonals));
}

const OpRegistration<DiagAttrs> kDiag({
    .names = {"diag"},
    .inputs = {"data"},
    .attrs = {Attr("k", &DiagAttrs::k), Attr("axis1", &DiagAttrs::axis1), Attr("axis2", &DiagAttrs::axis2)},
    .check = CheckOffset,
    .infer_types = InferEither<false>,
    .prepare = PrepareEither,
});

const OpRegistration<DiagAttrs> kNumPyDiag({
    .names = {"_np_diag", "_npi_diag"},
    .inputs = {"data"},
    .attrs = {Attr("k", &DiagAttrs::k)},
    .check = CheckOffset,
    .infer_types = InferEither<true>,
    .prepare = PrepareEither,
});

const OpRegistration<DiagAttrs> kDiagonal({
    .names = {"_np_diagonal", "_npi_diagonal"},
    .inputs = {"data"},
    .attrs = {Attr("offset", &DiagAttrs::k), Attr("axis1", &DiagAttrs::axis1), Attr("axis2", &DiagAttrs::axis2)},
    .check = CheckOffset,
    .infer_types = InferPlanes,
    .prepare = PreparePlanes,
});

const OpRegistration<DiagAttrs> kDiagFlat({
    .names = {"_np_diagflat", "_npi_diagflat"},
    .inputs = {"data"},
    .attrs = {Attr("k", &DiagAttrs::k)},
    .check = CheckOffset,
    .infer_types = InferMatrix,
    .prepare = PrepareMatrix,
});

const OpRegistration<DiagAttrs> kTrace({
    .names = {"_np_trace", "_npi_trace"},
    .inputs = {"data"},
    .attrs = {Attr("offset", &DiagAttrs::k), Attr("axis1", &DiagAttrs::axis1), Attr("axis2", &DiagAttrs::axis2)},
    .check = CheckOffset,
    .infer_types = InferTrace,
    .prepare = PrepareTrace,
});

}  // namespace
}  // namespace baryon
