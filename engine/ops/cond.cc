// _cond: one of two branches, as a condition says. Condition and branches are subgraphs on some of the inputs each;
// both branches give outputs of the same types, and only the chosen one is computed.
#include <memory>
#include <utility>
#include <vector>

#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/ops/subgraph_kernel.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

struct CondAttrs {
  int64_t num_args = -1, num_outputs = 1;
  IntTuple cond_input_locs, then_input_locs, else_input_locs;
};

absl::Status CompleteConditionTypes(const CondAttrs& attrs, absl::Span<const std::shared_ptr<const Graph>> subgraphs,
                                    TensorTypes& inputs, TensorTypes& condition) {
  const int64_t count = static_cast<int64_t>(inputs.size());
  BARYON_RETURN_IF_ERROR(CheckNumArgs(attrs.num_args, inputs.size(), 3));
  BARYON_RETURN_IF_ERROR(CheckLocations("cond_input_locs", attrs.cond_input_locs, count));
  BARYON_RETURN_IF_ERROR(CheckLocations("then_input_locs", attrs.then_input_locs, count));
  BARYON_RETURN_IF_ERROR(CheckLocations("else_input_locs", attrs.else_input_locs, count));
  BARYON_RETURN_IF_ERROR(CompleteSubgraphTypes(*subgraphs[0], attrs.cond_input_locs, inputs, condition));
  return CheckCondition(condition[0]);
}

absl::Status Complete(const CondAttrs& attrs, absl::Span<const std::shared_ptr<const Graph>> subgraphs,
                      TensorTypes& inputs, TensorTypes& outputs) {
  TensorTypes condition(1);
  BARYON_RETURN_IF_ERROR(CompleteConditionTypes(attrs, subgraphs, inputs, condition));
  BARYON_RETURN_IF_ERROR(CompleteSubgraphTypes(*subgraphs[1], attrs.then_input_locs, inputs, outputs));
  return CompleteSubgraphTypes(*subgraphs[2], attrs.else_input_locs, inputs, outputs);
}

class CondKernel : public SubgraphKernel {
 public:
  CondKernel(const PrepareContext& context, std::vector<SubgraphCall> calls, TensorType condition)
      : SubgraphKernel(context, std::move(calls), kTensorAlignment), condition_(std::move(condition)) {}

  void Compute(OpContext& context) const override {
    const Operands operands = OperandsOf(context);
    void* condition = operands.memory;
    absl::Status status = Call(0, operands, absl::MakeConstSpan(&condition, 1), context);
    if (status.ok()) {
      status = Call(IsTrue(condition_, condition) ? 1 : 2, operands,
                    absl::MakeConstSpan(operands.outputs, context.num_outputs()), context);
    }
    if (!status.ok()) context.Fail(std::move(status));
  }

 private:
  const TensorType condition_;
};

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const CondAttrs& attrs, PrepareContext& context) {
  TensorTypes inputs = context.inputs(), condition(1);
  BARYON_RETURN_IF_ERROR(CompleteConditionTypes(attrs, context.subgraphs(), inputs, condition));
  std::vector<SubgraphCall> calls(3);
  const IntTuple* locations[] = {&attrs.cond_input_locs, &attrs.then_input_locs, &attrs.else_input_locs};
  for (size_t i = 0; i < calls.size(); ++i) {
    BARYON_ASSIGN_OR_RETURN(calls[i], PrepareCall(context, i, *locations[i]));
  }
  return std::make_unique<CondKernel>(context, std::move(calls), condition[0]);
}

const OpRegistration<CondAttrs> kCond({
    .names = {"_cond", "_npx_cond"},
    .inputs = {"data"},
    .variadic = true,
    .attrs = {Attr("num_args", &CondAttrs::num_args), RequiredAttr("num_outputs", &CondAttrs::num_outputs),
              RequiredAttr("cond_input_locs", &CondAttrs::cond_input_locs),
              RequiredAttr("then_input_locs", &CondAttrs::then_input_locs),
              RequiredAttr("else_input_locs", &CondAttrs::else_input_locs)},
    .check = [](const CondAttrs& attrs) { return CheckNumOutputs(attrs.num_outputs); },
    .num_outputs = [](const CondAttrs& attrs, int) { return static_cast<int>(attrs.num_outputs); },
    .num_subgraphs = 3,
    .complete_subgraph_types = Complete,
    .prepare = Prepare,
});

}  // namespace
}  // namespace baryon
