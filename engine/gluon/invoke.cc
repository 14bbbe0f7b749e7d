#include "engine/gluon/invoke.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/gluon/compute.h"
#include "engine/gluon/naming.h"
#include "engine/gluon/trace.h"
#include "engine/graph/op_registry.h"
#include "engine/graph/run_op.h"

namespace baryon {
namespace {

absl::StatusOr<NDArrays> RunNow(absl::string_view op, const Attrs& attrs, absl::Span<const NDArray> inputs) {
  const OpDef* def = FindOp(op);
  if (def == nullptr) return absl::UnimplementedError("unknown operator");
  BARYON_ASSIGN_OR_RETURN(const BoundAttrs bound, def->bind(attrs, /*from_file=*/false));
  BARYON_RETURN_IF_ERROR(CheckNumInputs(*def, bound.get(), static_cast<int>(inputs.size())));
  std::vector<Tensor> tensors;
  for (const NDArray& input : inputs) {
    BARYON_ASSIGN_OR_RETURN(tensors.emplace_back(), input.AsTensor());
  }
  BARYON_ASSIGN_OR_RETURN(std::vector<Tensor> results, RunOp(*def, bound, tensors, ComputePool()));
  return NDArrays(std::make_move_iterator(results.begin()), std::make_move_iterator(results.end()));
}

absl::StatusOr<NDArrays> WriteDown(Trace& trace, absl::string_view op, const Attrs& attrs,
                                   absl::Span<const NDArray> inputs, OpName name) {
  const std::string hint = name.hint.empty() ? absl::AsciiStrToLower(op) : std::string(name.hint);
  return trace.AddOperator(op, gluon::OperatorScope::NameOf(name.name, hint), attrs, inputs);
}

// Arrays made of constants alone are computed while tracing too: they are constants of the graph.
bool IsTraced(absl::Span<const NDArray> inputs) {
  return inputs.empty() || std::any_of(inputs.begin(), inputs.end(), [](const NDArray& x) { return x.is_traced(); });
}

}  // namespace

NDArrays Invoke(absl::string_view op, const Attrs& attrs, absl::Span<const NDArray> inputs, OpName name) {
  for (const NDArray& input : inputs) {
    if (!input.ok()) return {input};
  }
  Trace* const trace = Trace::Current();
  absl::StatusOr<NDArrays> outputs =
      trace != nullptr && IsTraced(inputs) ? WriteDown(*trace, op, attrs, inputs, name) : RunNow(op, attrs, inputs);
  if (!outputs.ok()) return {NDArray(Annotate(outputs.status(), op))};
  return *std::move(outputs);
}

NDArray InvokeOne(absl::string_view op, const Attrs& attrs, absl::Span<const NDArray> inputs, OpName name) {
  return std::move(Invoke(op, attrs, inputs, name)[0]);
}

}  // namespace baryon
