// _npi_einsum: products of arrays summed over axes, as a text says: "ij,jk->ik". A letter names an axis wherever it
// stands; axes of one letter are equally long or 1. Letters behind "->" stay, the others are summed over; without "->"
// those stay that stand once, in alphabetical order. "..." stands for any axes, which are matched from the last.
//
// Two operands are a product of matrices or many of them (Contraction); anything else goes through plain loops.
#include <algorithm>
#include <cctype>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/contraction.h"
#include "engine/kernels/strided_sum.h"
#include "engine/ops/function_kernel.h"
#include "engine/ops/product.h"
#include "engine/ops/shape_rules.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

using kernels::StridedSum;

struct EinsumAttrs {
  int64_t num_args = -1;
  std::string subscripts;
};

// A name for each axis of each operand and of the result: a letter, or a number for the axes of "...", -1 for the last
// of them, -2 for the one before it.
using Labels = std::vector<int>;
struct Equation {
  std::vector<Labels> operands;
  Labels result;
};

absl::Status BadSubscripts(const std::string& subscripts, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("subscripts \"", subscripts, "\": ", why));
}

// One operand's or the result's text. `ellipsis`: how many axes "..." stands for.
absl::StatusOr<Labels> ReadLabels(const std::string& subscripts, absl::string_view text, int64_t ellipsis) {
  Labels labels;
  bool seen = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (std::isalpha(static_cast<unsigned char>(text[i]))) {
      labels.push_back(text[i]);
    } else if (!seen && text.substr(i, 3) == "...") {
      for (int64_t axis = ellipsis; axis > 0; --axis) labels.push_back(static_cast<int>(-axis));
      seen = true;
      i += 2;
    } else {
      return BadSubscripts(subscripts, absl::StrCat("expected letters and one \"...\", got \"", text, "\""));
    }
  }
  return labels;
}

int64_t CountLetters(absl::string_view text) {
  return std::count_if(text.begin(), text.end(), [](unsigned char c) { return std::isalpha(c); });
}

// The result of texts without "->": the axes of "...", then letters that stand once.
Labels ImplicitResult(const std::vector<Labels>& operands, int64_t ellipsis) {
  std::map<int, int> counts;
  for (const Labels& labels : operands) {
    for (int label : labels) ++counts[label];
  }
  Labels result;
  for (int64_t axis = ellipsis; axis > 0; --axis) result.push_back(static_cast<int>(-axis));
  for (const auto& [label, count] : counts) {
    if (label > 0 && count == 1) result.push_back(label);
  }
  return result;
}

absl::StatusOr<Equation> ReadEquation(const EinsumAttrs& attrs, const TensorTypes& inputs) {
  std::string text = attrs.subscripts;
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  const std::vector<std::string> sides = absl::StrSplit(text, "->");
  if (sides.size() > 2) return BadSubscripts(attrs.subscripts, "expected one \"->\", got more");
  const std::vector<std::string> texts = absl::StrSplit(sides[0], ',');
  if (texts.size() != inputs.size()) {
    return BadSubscripts(attrs.subscripts, absl::StrCat("expected ", inputs.size(), " operands, got ", texts.size()));
  }
  Equation equation;
  int64_t ellipsis = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const int64_t rank = inputs[i].shape.rank(), rest = rank - CountLetters(texts[i]);
    const bool has_ellipsis = texts[i].find("...") != std::string::npos;
    BARYON_ASSIGN_OR_RETURN(Labels labels, ReadLabels(attrs.subscripts, texts[i], has_ellipsis ? rest : 0));
    if (static_cast<int64_t>(labels.size()) != rank) {
      return BadSubscripts(attrs.subscripts, absl::StrCat("expected an operand ", i, " of ", labels.size(),
                                                          " axes, got ", inputs[i].ToString()));
    }
    if (has_ellipsis) ellipsis = std::max(ellipsis, rest);
    equation.operands.push_back(std::move(labels));
  }
  if (sides.size() == 1) {
    equation.result = ImplicitResult(equation.operands, ellipsis);
  } else {
    BARYON_ASSIGN_OR_RETURN(equation.result, ReadLabels(attrs.subscripts, sides[1], ellipsis));
    const bool lost = ellipsis > 0 && sides[1].find("...") == std::string::npos;
    if (lost) return BadSubscripts(attrs.subscripts, "expected \"...\" behind \"->\"");
  }
  return equation;
}

// An axis of the sum: its size, and elements between neighbours in each operand and in the result.
struct Axis {
  int64_t size = 1;
  std::vector<int64_t> strides;
  int64_t result_stride = 0;
  bool summed = true;
};

struct Sum {
  std::vector<Axis> axes;  // those of the result first, in its order
  Shape result;
};

absl::StatusOr<Sum> ReadSum(const EinsumAttrs& attrs, const TensorTypes& inputs) {
  BARYON_RETURN_IF_ERROR(CheckNumArgs(attrs.num_args, inputs));
  if (inputs.size() > StridedSum::kMaxOperands) {
    return ExpectedGot(absl::StrCat("at most ", StridedSum::kMaxOperands, " operands"), inputs.size());
  }
  for (const TensorType& input : inputs) {
    if (input.dtype != inputs[0].dtype) return ExpectedGot(DTypeName(inputs[0].dtype), input.ToString());
  }
  BARYON_ASSIGN_OR_RETURN(const Equation equation, ReadEquation(attrs, inputs));
  std::map<int, Axis> axes;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto strides = RowMajorStrides(inputs[i].shape);
    for (size_t j = 0; j < equation.operands[i].size(); ++j) {
      Axis& axis = axes.emplace(equation.operands[i][j], Axis{1, std::vector<int64_t>(inputs.size())}).first->second;
      const int64_t size = inputs[i].shape[j];
      if (size == 1) continue;
      if (axis.size != 1 && axis.size != size) {
        return ExpectedGot(absl::StrCat("an axis ", j, " of ", axis.size, " in operand ", i), inputs[i].ToString());
      }
      axis.size = size;
      axis.strides[i] += strides[j];  // the diagonal, when a letter stands twice
    }
  }
  Sum sum;
  for (int label : equation.result) {
    const auto it = axes.find(label);
    if (it == axes.end()) return BadSubscripts(attrs.subscripts, "the result has a letter that no operand has");
    if (!it->second.summed) return BadSubscripts(attrs.subscripts, "a letter stands twice in the result");
    it->second.summed = false;
    sum.result.Append(it->second.size);
    sum.axes.push_back(it->second);
  }
  const auto strides = RowMajorStrides(sum.result);
  for (size_t i = 0; i < sum.axes.size(); ++i) sum.axes[i].result_stride = strides[i];
  for (const auto& [label, axis] : axes) {
    if (axis.summed) sum.axes.push_back(axis);
  }
  if (sum.axes.size() <= StridedSum::kMaxAxes) return sum;
  return ExpectedGot(absl::StrCat("at most ", StridedSum::kMaxAxes, " axes"), sum.axes.size());
}

absl::StatusOr<TensorTypes> InferTypes(const EinsumAttrs& attrs, const TensorTypes& inputs) {
  BARYON_ASSIGN_OR_RETURN(Sum sum, ReadSum(attrs, inputs));
  return TensorTypes{{inputs[0].dtype, std::move(sum.result)}};
}

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const EinsumAttrs& attrs, PrepareContext& context) {
  BARYON_ASSIGN_OR_RETURN(const Sum sum, ReadSum(attrs, context.inputs()));
  if (context.inputs().size() == 2) {
    std::vector<kernels::ContractionAxis> axes;
    for (const Axis& axis : sum.axes) axes.push_back({axis.size, axis.strides[0], axis.strides[1], axis.result_stride});
    return MakeProductKernel(context, std::move(axes), {0}, {1});
  }
  std::vector<StridedSum::Axis> axes;
  for (const Axis& axis : sum.axes) axes.push_back({axis.size, axis.strides, axis.result_stride, axis.summed});
  const StridedSum plain(std::move(axes), static_cast<int>(context.inputs().size()));
  const auto compute = [plain](OpContext& context) {
    constexpr int64_t kTermsWorthAThread = 1 << 14;
    const void* addresses[StridedSum::kMaxOperands];
    for (int i = 0; i < context.num_inputs(); ++i) addresses[i] = context.input(i).raw_data();
    const auto operands = absl::MakeConstSpan(addresses, context.num_inputs());
    const TensorView& out = context.output(0);
    context.ParallelRanges(
        plain.num_outputs(), kTermsWorthAThread / std::max<int64_t>(plain.num_terms(), 1) + 1,
        [&](int64_t begin, int64_t end) { plain.Run(out.dtype(), operands, 1, false, begin, end, out.raw_data()); });
  };
  return std::make_unique<FunctionKernel>(0, compute);
}

const OpRegistration<EinsumAttrs> kEinsum({
    .names = {"_npi_einsum"},
    .inputs = {"data"},
    .variadic = true,
    .attrs = {Attr("num_args", &EinsumAttrs::num_args), Attr("subscripts", &EinsumAttrs::subscripts)},
    .ignored_attrs = {"optimize"},
    .infer_types = InferTypes,
    .prepare = Prepare,
});

}  // namespace
}  // namespace baryon
