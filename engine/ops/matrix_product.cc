// Products of two arrays: dot and batch_dot of MXNet, gemm and gemm2 of its linear algebra, dot, matmul and tensordot
// of NumPy. Each is a rule that names the axes; see product.h.
#include <algorithm>
#include <string>
#include <utility>

#include "engine/ops/product.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

constexpr int64_t kMostAxes = 12;

// `count` letters from `first` on.
std::string Letters(char first, int64_t count) {
  std::string letters;
  for (int64_t i = 0; i < count; ++i) letters += static_cast<char>(first + i);
  return letters;
}

absl::Status CheckOperands(const TensorTypes& inputs) {
  for (const TensorType& input : inputs) {
    if (input.dtype != inputs[0].dtype) return ExpectedGot(DTypeName(inputs[0].dtype), input.ToString());
    if (input.shape.rank() > kMostAxes)
      return ExpectedGot(absl::StrCat("at most ", kMostAxes, " axes"), input.ToString());
  }
  return absl::OkStatus();
}

// What the rule of an operator says of two shapes.
template <typename A>
using LetterRule = absl::StatusOr<AxisLetters> (*)(const A&, const Shape& a, const Shape& b);

template <typename A>
OpSpec<A> ProductSpec(std::vector<std::string> names, std::vector<InputDef> inputs, std::vector<AttrDef<A>> attrs,
                      LetterRule<A> rule, bool broadcasts = false) {
  OpSpec<A> spec;
  spec.names = std::move(names);
  spec.inputs = std::move(inputs);
  spec.attrs = std::move(attrs);
  spec.infer_types = [rule, broadcasts](const A& a, const TensorTypes& inputs) -> absl::StatusOr<TensorTypes> {
    BARYON_RETURN_IF_ERROR(CheckOperands(inputs));
    BARYON_ASSIGN_OR_RETURN(const AxisLetters letters, rule(a, inputs[0].shape, inputs[1].shape));
    BARYON_ASSIGN_OR_RETURN(Shape shape, ProductShape(letters, inputs[0].shape, inputs[1].shape, broadcasts));
    return TensorTypes{{inputs[0].dtype, std::move(shape)}};
  };
  spec.prepare = [rule](const A& a, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
    const Shape &left = context.inputs()[0].shape, &right = context.inputs()[1].shape;
    BARYON_ASSIGN_OR_RETURN(const AxisLetters letters, rule(a, left, right));
    return MakeProductKernel(context, ProductAxes(letters, left, right), {0}, {1});
  };
  return spec;
}

// ---------------------------------------------------------------------------------------------------------------------
// MXNet

struct TransposeAttrs {
  bool transpose_a = false, transpose_b = false;
};

template <typename A>
std::vector<AttrDef<A>> TransposeDefs() {
  return {Attr("transpose_a", &A::transpose_a), Attr("transpose_b", &A::transpose_b)};
}

// The last axis of a, or the first when transposed, meets the first of b, or the last.
absl::StatusOr<AxisLetters> DotLetters(const TransposeAttrs& attrs, const Shape& a, const Shape& b) {
  if (a.rank() == 0 || b.rank() == 0) return ExpectedGot("arrays of rank 1 or more", a.ToString());
  AxisLetters letters;
  const std::string rows = Letters('a', a.rank() - 1), columns = Letters('n', b.rank() - 1);
  letters.a = attrs.transpose_a ? absl::StrCat("z", rows) : absl::StrCat(rows, "z");
  letters.b = attrs.transpose_b ? absl::StrCat(columns, "z") : absl::StrCat("z", columns);
  letters.c = absl::StrCat(rows, columns);
  return letters;
}

OpSpec<TransposeAttrs> DotSpec() {
  auto spec =
      ProductSpec<TransposeAttrs>({"dot", "_sparse_dot"}, {"lhs", "rhs"}, TransposeDefs<TransposeAttrs>(), DotLetters);
  spec.ignored_attrs = {"forward_stype"};
  // A product of two vectors has one element and, in MXNet's older shapes, one axis.
  spec.infer_types = [rule = spec.infer_types](const TransposeAttrs& attrs,
                                               const TensorTypes& inputs) -> absl::StatusOr<TensorTypes> {
    BARYON_ASSIGN_OR_RETURN(TensorTypes outputs, rule(attrs, inputs));
    if (outputs[0].shape.rank() == 0) outputs[0].shape = {1};
    return outputs;
  };
  return spec;
}
const OpRegistration<TransposeAttrs> kDot(DotSpec());

// [..., m, k] and [..., k, n], the last two swapped when transposed.
absl::StatusOr<AxisLetters> BatchLetters(const TransposeAttrs& attrs, const Shape& a, const Shape& b) {
  if (a.rank() < 2 || a.rank() != b.rank()) {
    return ExpectedGot("arrays of one rank, 2 or more", absl::StrCat(a.ToString(), " and ", b.ToString()));
  }
  const std::string batch = Letters('a', a.rank() - 2);
  return AxisLetters{absl::StrCat(batch, attrs.transpose_a ? "zx" : "xz"),
                     absl::StrCat(batch, attrs.transpose_b ? "yz" : "zy"), absl::StrCat(batch, "xy")};
}

OpSpec<TransposeAttrs> BatchDotSpec() {
  auto spec = ProductSpec<TransposeAttrs>({"batch_dot", "_npx_batch_dot"}, {"lhs", "rhs"},
                                          TransposeDefs<TransposeAttrs>(), BatchLetters);
  spec.ignored_attrs = {"forward_stype"};
  return spec;
}
const OpRegistration<TransposeAttrs> kBatchDot(BatchDotSpec());

struct GemmAttrs {
  bool transpose_a = false, transpose_b = false;
  double alpha = 1, beta = 1;
  int64_t axis = -2;  // of the rows of all matrices; the columns are the last
};

absl::StatusOr<AxisLetters> GemmLetters(const GemmAttrs& attrs, const Shape& a, const Shape& b) {
  BARYON_ASSIGN_OR_RETURN(AxisLetters letters, BatchLetters({attrs.transpose_a, attrs.transpose_b}, a, b));
  BARYON_ASSIGN_OR_RETURN(const int64_t axis, ResolveAxis(attrs.axis, a.rank()));
  if (axis == a.rank() - 1) return ExpectedGot("an axis before the last", attrs.axis);
  // The letter of the rows moves to where the rows are.
  for (std::string* names : {&letters.a, &letters.b, &letters.c}) {
    const char rows = (*names)[names->size() - 2];
    names->erase(names->size() - 2, 1);
    names->insert(axis, 1, rows);
  }
  return letters;
}

OpSpec<GemmAttrs> Gemm2Spec() {
  auto spec =
      ProductSpec<GemmAttrs>({"_linalg_gemm2", "linalg_gemm2"}, {"A", "B"}, TransposeDefs<GemmAttrs>(), GemmLetters);
  spec.attrs.push_back(Attr("alpha", &GemmAttrs::alpha));
  spec.attrs.push_back(Attr("axis", &GemmAttrs::axis));
  spec.prepare = [](const GemmAttrs& attrs, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
    const Shape &a = context.inputs()[0].shape, &b = context.inputs()[1].shape;
    BARYON_ASSIGN_OR_RETURN(const AxisLetters letters, GemmLetters(attrs, a, b));
    const int added = context.inputs().size() > 2 ? 2 : -1;
    return MakeProductKernel(context, ProductAxes(letters, a, b), {0}, {1}, attrs.alpha, added, attrs.beta);
  };
  return spec;
}
const OpRegistration<GemmAttrs> kGemm2(Gemm2Spec());

OpSpec<GemmAttrs> GemmSpec() {
  auto spec = Gemm2Spec();
  spec.names = {"_linalg_gemm", "linalg_gemm"};
  spec.inputs = {"A", "B", "C"};
  spec.attrs.push_back(Attr("beta", &GemmAttrs::beta));
  spec.infer_types = [rule = spec.infer_types](const GemmAttrs& attrs,
                                               const TensorTypes& inputs) -> absl::StatusOr<TensorTypes> {
    BARYON_RETURN_IF_ERROR(CheckFloating("A", inputs[0]));
    BARYON_ASSIGN_OR_RETURN(TensorTypes outputs, rule(attrs, inputs));
    if (inputs[2] != outputs[0]) return InputMismatch("C", outputs[0], inputs[2]);
    return outputs;
  };
  return spec;
}
const OpRegistration<GemmAttrs> kGemm(GemmSpec());

// ---------------------------------------------------------------------------------------------------------------------
// NumPy

absl::StatusOr<AxisLetters> NumpyDotLetters(const NoAttrs&, const Shape& a, const Shape& b) {
  if (a.rank() == 0 || b.rank() == 0) {
    const std::string left = Letters('a', a.rank()), right = Letters('n', b.rank());
    return AxisLetters{left, right, left + right};
  }
  const std::string rows = Letters('a', a.rank() - 1), columns = Letters('n', b.rank() - 1);
  std::string right = columns;
  right.insert(std::max<int64_t>(b.rank() - 2, 0), 1, 'z');
  return AxisLetters{absl::StrCat(rows, "z"), right, absl::StrCat(rows, columns)};
}
const OpRegistration<NoAttrs> kNumpyDot(ProductSpec<NoAttrs>({"_np_dot", "_npi_dot"}, {"a", "b"}, {}, NumpyDotLetters));

// Batch axes are matched from the last; vectors are rows on the left and columns on the right.
absl::StatusOr<AxisLetters> MatmulLetters(const NoAttrs&, const Shape& a, const Shape& b) {
  if (a.rank() == 0 || b.rank() == 0) return ExpectedGot("arrays of rank 1 or more", "a number");
  const auto batch = [](const Shape& shape) {
    std::string names;
    for (int64_t i = 0; i < shape.rank() - 2; ++i) names.insert(names.begin(), static_cast<char>('a' + i));
    return names;
  };
  const std::string left = batch(a), right = batch(b);
  AxisLetters letters;
  letters.a = absl::StrCat(left, a.rank() > 1 ? "xz" : "z");
  letters.b = absl::StrCat(right, b.rank() > 1 ? "zy" : "z");
  letters.c = absl::StrCat(left.size() > right.size() ? left : right, a.rank() > 1 ? "x" : "", b.rank() > 1 ? "y" : "");
  return letters;
}
OpSpec<NoAttrs> MatmulSpec() {
  auto spec = ProductSpec<NoAttrs>({"_npi_matmul"}, {"a", "b"}, {}, MatmulLetters, /*broadcasts=*/true);
  spec.outputs = {"out"};
  return spec;
}
const OpRegistration<NoAttrs> kMatmul(MatmulSpec());

struct TensordotAttrs {
  IntTuple a_axes_summed, b_axes_summed;
};

absl::StatusOr<AxisLetters> TensordotLetters(const TensordotAttrs& attrs, const Shape& a, const Shape& b) {
  if (attrs.a_axes_summed.size() != attrs.b_axes_summed.size()) {
    return ExpectedGot("as many axes of a as of b", FormatAttr(attrs.b_axes_summed));
  }
  AxisLetters letters = {Letters('a', a.rank()), Letters('n', b.rank()), ""};
  std::string left = letters.a, right = letters.b;
  for (size_t i = 0; i < attrs.a_axes_summed.size(); ++i) {
    BARYON_ASSIGN_OR_RETURN(const int64_t of_a, ResolveAxis(attrs.a_axes_summed[i], a.rank()));
    BARYON_ASSIGN_OR_RETURN(const int64_t of_b, ResolveAxis(attrs.b_axes_summed[i], b.rank()));
    letters.b[of_b] = letters.a[of_a];
    left[of_a] = right[of_b] = ' ';
  }
  letters.c = left + right;
  letters.c.erase(std::remove(letters.c.begin(), letters.c.end(), ' '), letters.c.end());
  return letters;
}
const OpRegistration<TensordotAttrs> kTensordot(
    ProductSpec<TensordotAttrs>({"_npi_tensordot"}, {"a", "b"},
                                {RequiredAttr("a_axes_summed", &TensordotAttrs::a_axes_summed),
                                 RequiredAttr("b_axes_summed", &TensordotAttrs::b_axes_summed)},
                                TensordotLetters));

struct TensordotCountAttrs {
  int64_t axes = 0;
};

// The last `axes` of a with the first of b.
absl::StatusOr<AxisLetters> TensordotCountLetters(const TensordotCountAttrs& attrs, const Shape& a, const Shape& b) {
  if (attrs.axes < 0 || attrs.axes > std::min(a.rank(), b.rank())) {
    return ExpectedGot(absl::StrCat("axes of 0 to ", std::min(a.rank(), b.rank())), attrs.axes);
  }
  TensordotAttrs lists;
  for (int64_t i = 0; i < attrs.axes; ++i) {
    lists.a_axes_summed.push_back(a.rank() - attrs.axes + i);
    lists.b_axes_summed.push_back(i);
  }
  return TensordotLetters(lists, a, b);
}
const OpRegistration<TensordotCountAttrs> kTensordotCount(
    ProductSpec<TensordotCountAttrs>({"_npi_tensordot_int_axes"}, {"a", "b"},
                                     {RequiredAttr("axes", &TensordotCountAttrs::axes)}, TensordotCountLetters));

}  // namespace
}  // namespace baryon
