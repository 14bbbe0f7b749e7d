// _while_loop: a loop that goes on while a condition on its variables holds, for at most `max_iterations` steps. A step
// is a subgraph that gives rows of the stacked outputs and the next variables. Rows of steps that are not taken are 0.
#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/ops/subgraph_kernel.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

struct WhileAttrs {
  int64_t num_args = -1, num_outputs = 1, num_out_data = 0, max_iterations = 0;
  IntTuple cond_input_locs, func_input_locs;  // which inputs of the operator the subgraphs read
  IntTuple func_var_locs;                     // which inputs of the step the variables are

  size_t num_variables() const { return func_var_locs.size(); }
  // The operator's input that is variable i.
  int64_t VariableInput(size_t i) const { return func_input_locs[func_var_locs[i]]; }
};

absl::Status Check(const WhileAttrs& attrs) {
  BARYON_RETURN_IF_ERROR(CheckNumOutputs(attrs.num_outputs));
  BARYON_RETURN_IF_ERROR(
      CheckLocations("func_var_locs", attrs.func_var_locs, static_cast<int64_t>(attrs.func_input_locs.size())));
  if (attrs.max_iterations < 0) return ExpectedGot("\"max_iterations\" of 0 or more", attrs.max_iterations);
  const int64_t variables = static_cast<int64_t>(attrs.num_variables());
  if (attrs.num_out_data >= 0 && attrs.num_out_data + variables == attrs.num_outputs) return absl::OkStatus();
  return ExpectedGot(absl::StrCat(attrs.num_outputs, " outputs"),
                     absl::StrCat(attrs.num_out_data, " arrays and ", variables, " variables"));
}

absl::Status CompleteConditionTypes(const WhileAttrs& attrs, absl::Span<const std::shared_ptr<const Graph>> subgraphs,
                                    TensorTypes& inputs, TensorTypes& condition) {
  const int64_t count = static_cast<int64_t>(inputs.size());
  BARYON_RETURN_IF_ERROR(CheckNumArgs(attrs.num_args, inputs.size(), 2));
  BARYON_RETURN_IF_ERROR(CheckLocations("cond_input_locs", attrs.cond_input_locs, count));
  BARYON_RETURN_IF_ERROR(CheckLocations("func_input_locs", attrs.func_input_locs, count));
  BARYON_RETURN_IF_ERROR(CompleteSubgraphTypes(*subgraphs[0], attrs.cond_input_locs, inputs, condition));
  return CheckCondition(condition[0]);
}

absl::Status Complete(const WhileAttrs& attrs, absl::Span<const std::shared_ptr<const Graph>> subgraphs,
                      TensorTypes& inputs, TensorTypes& outputs) {
  TensorTypes condition(1), step_outputs = outputs;
  BARYON_RETURN_IF_ERROR(CompleteConditionTypes(attrs, subgraphs, inputs, condition));
  const size_t num_out_data = static_cast<size_t>(attrs.num_out_data);
  for (size_t i = 0; i < num_out_data; ++i) step_outputs[i] = StepType(outputs[i]);
  BARYON_RETURN_IF_ERROR(CompleteSubgraphTypes(*subgraphs[1], attrs.func_input_locs, inputs, step_outputs));
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (i < num_out_data) {
      BARYON_RETURN_IF_ERROR(MergeType(StackedType(step_outputs[i], attrs.max_iterations), outputs[i]));
    } else {
      TensorType& variable = inputs[attrs.VariableInput(i - num_out_data)];
      BARYON_RETURN_IF_ERROR(MergeType(step_outputs[i], variable));
      BARYON_RETURN_IF_ERROR(MergeType(variable, outputs[i]));
    }
  }
  return absl::OkStatus();
}

class WhileKernel : public SubgraphKernel {
 public:
  WhileKernel(const WhileAttrs& attrs, const PrepareContext& context, std::vector<SubgraphCall> calls,
              TensorType condition)
      : SubgraphKernel(context, std::move(calls), kTensorAlignment + LoopStates::Bytes(VariableTypes(attrs, context))),
        attrs_(attrs),
        condition_(std::move(condition)),
        variables_(VariableTypes(attrs, context)) {}

  void Compute(OpContext& context) const override {
    Operands operands = OperandsOf(context);
    void* condition = operands.memory;
    char* variables = operands.memory + kTensorAlignment;
    const size_t num_out_data = static_cast<size_t>(attrs_.num_out_data);
    const auto row_bytes = [&](size_t i) {
      return context.output(static_cast<int>(i)).size_bytes() / std::max<int64_t>(attrs_.max_iterations, 1);
    };
    int64_t step = 0;
    for (; step < attrs_.max_iterations; ++step) {
      absl::Status status = Call(0, operands, absl::MakeConstSpan(&condition, 1), context);
      if (status.ok() && !IsTrue(condition_, condition)) break;
      for (size_t i = 0; i < variables_.count(); ++i) {
        operands.outputs[num_out_data + i] = variables_.Next(variables, step, i);
      }
      if (status.ok()) {
        status = Call(1, operands, absl::MakeConstSpan(operands.outputs, context.num_outputs()), context);
      }
      if (!status.ok()) return context.Fail(std::move(status));
      for (size_t i = 0; i < variables_.count(); ++i) {
        operands.inputs[attrs_.VariableInput(i)] = operands.outputs[num_out_data + i];
      }
      for (size_t i = 0; i < num_out_data; ++i) {
        operands.outputs[i] = static_cast<char*>(operands.outputs[i]) + row_bytes(i);
      }
    }
    for (size_t i = 0; i < num_out_data; ++i) {
      std::memset(operands.outputs[i], 0, (attrs_.max_iterations - step) * row_bytes(i));
    }
    for (size_t i = 0; i < variables_.count(); ++i) {
      const TensorView& last = context.output(static_cast<int>(num_out_data + i));
      std::memcpy(last.raw_data(), operands.inputs[attrs_.VariableInput(i)], last.size_bytes());
    }
  }

 private:
  static TensorTypes VariableTypes(const WhileAttrs& attrs, const PrepareContext& context) {
    TensorTypes types;
    for (size_t i = 0; i < attrs.num_variables(); ++i) types.push_back(context.inputs()[attrs.VariableInput(i)]);
    return types;
  }

  const WhileAttrs attrs_;
  const TensorType condition_;
  const LoopStates variables_;
};

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const WhileAttrs& attrs, PrepareContext& context) {
  TensorTypes inputs = context.inputs(), condition(1);
  BARYON_RETURN_IF_ERROR(CompleteConditionTypes(attrs, context.subgraphs(), inputs, condition));
  IntTuple varying;
  for (size_t i = 0; i < attrs.num_variables(); ++i) varying.push_back(attrs.VariableInput(i));
  std::vector<SubgraphCall> calls(2);
  BARYON_ASSIGN_OR_RETURN(calls[0], PrepareCall(context, 0, attrs.cond_input_locs, varying));
  BARYON_ASSIGN_OR_RETURN(calls[1], PrepareCall(context, 1, attrs.func_input_locs, varying));
  return std::make_unique<WhileKernel>(attrs, context, std::move(calls), condition[0]);
}

const OpRegistration<WhileAttrs> kWhileLoop({
    .names = {"_while_loop", "_npx_while_loop"},
    .inputs = {"data"},
    .variadic = true,
    .attrs = {Attr("num_args", &WhileAttrs::num_args), RequiredAttr("num_outputs", &WhileAttrs::num_outputs),
              RequiredAttr("num_out_data", &WhileAttrs::num_out_data),
              RequiredAttr("max_iterations", &WhileAttrs::max_iterations),
              RequiredAttr("cond_input_locs", &WhileAttrs::cond_input_locs),
              RequiredAttr("func_input_locs", &WhileAttrs::func_input_locs),
              RequiredAttr("func_var_locs", &WhileAttrs::func_var_locs)},
    .check = Check,
    .num_outputs = [](const WhileAttrs& attrs, int) { return static_cast<int>(attrs.num_outputs); },
    .num_subgraphs = 2,
    .complete_subgraph_types = Complete,
    .prepare = Prepare,
});

}  // namespace
}  // namespace baryon
