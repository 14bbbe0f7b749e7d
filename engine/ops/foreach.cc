// _foreach: a loop over axis 0 of its data arrays. The body, a subgraph, gets a row of each, the states that the step
// before it left, and other inputs that stay the same; it gives rows of the stacked outputs and the next states.
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

struct ForeachAttrs {
  int64_t num_args = -1, num_outputs = 1, num_out_data = 0;
  // For data array, state and other input i: which input of the body it is. The operator's own inputs are in this
  // order.
  IntTuple in_data_locs, in_state_locs, remain_locs;

  size_t num_data() const { return in_data_locs.size(); }
  size_t num_states() const { return in_state_locs.size(); }
  size_t num_inputs() const { return num_data() + num_states() + remain_locs.size(); }
};

absl::Status Check(const ForeachAttrs& attrs) {
  BARYON_RETURN_IF_ERROR(CheckNumOutputs(attrs.num_outputs));
  const int64_t states = static_cast<int64_t>(attrs.num_states());
  if (attrs.num_out_data < 0 || attrs.num_out_data + states != attrs.num_outputs) {
    return ExpectedGot(absl::StrCat(attrs.num_outputs, " outputs"),
                       absl::StrCat(attrs.num_out_data, " arrays and ", states, " states"));
  }
  return attrs.num_data() > 0 ? absl::OkStatus() : ExpectedGot("a data array", "none");
}

// For each input of the body, which input of the operator it is.
absl::StatusOr<IntTuple> BodyLocations(const ForeachAttrs& attrs, size_t num_inputs) {
  BARYON_RETURN_IF_ERROR(CheckNumArgs(attrs.num_args, num_inputs, 1));
  if (num_inputs != attrs.num_inputs()) return ExpectedGot(absl::StrCat(attrs.num_inputs(), " inputs"), num_inputs);
  IntTuple locations(num_inputs, -1);
  int64_t input = 0;
  for (const IntTuple* tuple : {&attrs.in_data_locs, &attrs.in_state_locs, &attrs.remain_locs}) {
    BARYON_RETURN_IF_ERROR(CheckLocations("_locs", *tuple, static_cast<int64_t>(num_inputs)));
    for (int64_t location : *tuple) locations[location] = input++;
  }
  if (std::find(locations.begin(), locations.end(), -1) == locations.end()) return locations;
  return ExpectedGot("locations that differ", FormatAttr(locations));
}

absl::Status Complete(const ForeachAttrs& attrs, absl::Span<const std::shared_ptr<const Graph>> subgraphs,
                      TensorTypes& inputs, TensorTypes& outputs) {
  BARYON_ASSIGN_OR_RETURN(const IntTuple locations, BodyLocations(attrs, inputs.size()));
  const size_t num_data = attrs.num_data(), num_out_data = static_cast<size_t>(attrs.num_out_data);
  TensorTypes body_inputs = inputs, body_outputs = outputs;
  int64_t steps = Shape::kUnknownDim;
  const auto read_steps = [&](const TensorType& type) {
    if (type.shape.has_rank() && type.shape.rank() > 0) steps = std::max(steps, type.shape[0]);
  };
  for (size_t i = 0; i < num_data; ++i) {
    if (inputs[i].shape.has_rank()) BARYON_RETURN_IF_ERROR(CheckRankAtLeast("data", inputs[i], 1));
    read_steps(inputs[i]);
    body_inputs[i] = StepType(inputs[i]);
  }
  for (size_t i = 0; i < num_out_data; ++i) {
    read_steps(outputs[i]);
    body_outputs[i] = StepType(outputs[i]);
  }
  BARYON_RETURN_IF_ERROR(CompleteSubgraphTypes(*subgraphs[0], locations, body_inputs, body_outputs));
  // A state keeps its type from step to step.
  for (size_t i = 0; i < attrs.num_states(); ++i) {
    BARYON_RETURN_IF_ERROR(MergeType(body_inputs[num_data + i], body_outputs[num_out_data + i]));
    BARYON_RETURN_IF_ERROR(MergeType(body_outputs[num_out_data + i], body_inputs[num_data + i]));
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    const TensorType type = i < num_data ? StackedType(body_inputs[i], steps) : body_inputs[i];
    BARYON_RETURN_IF_ERROR(MergeType(type, inputs[i]));
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    const TensorType type = i < num_out_data ? StackedType(body_outputs[i], steps) : body_outputs[i];
    BARYON_RETURN_IF_ERROR(MergeType(type, outputs[i]));
  }
  return absl::OkStatus();
}

class ForeachKernel : public SubgraphKernel {
 public:
  ForeachKernel(const ForeachAttrs& attrs, const PrepareContext& context, std::vector<SubgraphCall> calls)
      : SubgraphKernel(context, std::move(calls), LoopStates::Bytes(StateTypes(attrs, context))),
        attrs_(attrs),
        states_(StateTypes(attrs, context)),
        steps_(context.inputs()[0].shape[0]) {}

  void Compute(OpContext& context) const override {
    Operands operands = OperandsOf(context);
    const size_t num_data = attrs_.num_data(), num_out_data = static_cast<size_t>(attrs_.num_out_data);
    const auto row_bytes = [&](const TensorView& array) { return array.size_bytes() / array.shape()[0]; };
    for (int64_t step = 0; step < steps_; ++step) {
      for (size_t i = 0; i < num_data; ++i) {
        const TensorView& array = context.input(static_cast<int>(i));
        operands.inputs[i] = static_cast<const char*>(array.raw_data()) + step * row_bytes(array);
      }
      for (size_t i = 0; i < num_out_data; ++i) {
        const TensorView& array = context.output(static_cast<int>(i));
        operands.outputs[i] = static_cast<char*>(array.raw_data()) + step * row_bytes(array);
      }
      for (size_t i = 0; i < states_.count(); ++i) {
        operands.outputs[num_out_data + i] = states_.Next(operands.memory, step, i);
      }
      absl::Status status = Call(0, operands, absl::MakeConstSpan(operands.outputs, context.num_outputs()), context);
      if (!status.ok()) return context.Fail(std::move(status));
      for (size_t i = 0; i < states_.count(); ++i) operands.inputs[num_data + i] = operands.outputs[num_out_data + i];
    }
    for (size_t i = 0; i < states_.count(); ++i) {
      const TensorView& last = context.output(static_cast<int>(num_out_data + i));
      std::memcpy(last.raw_data(), operands.inputs[num_data + i], last.size_bytes());
    }
  }

 private:
  static TensorTypes StateTypes(const ForeachAttrs& attrs, const PrepareContext& context) {
    const auto begin = context.inputs().begin() + attrs.num_data();
    return TensorTypes(begin, begin + attrs.num_states());
  }

  const ForeachAttrs attrs_;
  const LoopStates states_;
  const int64_t steps_;
};

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const ForeachAttrs& attrs, PrepareContext& context) {
  BARYON_ASSIGN_OR_RETURN(IntTuple locations, BodyLocations(attrs, context.inputs().size()));
  for (size_t i = 1; i < attrs.num_data(); ++i) {
    const TensorTypes& inputs = context.inputs();
    if (inputs[i].shape[0] != inputs[0].shape[0]) {
      return ExpectedGot(absl::StrCat("data arrays of ", inputs[0].shape[0], " steps"), inputs[i].ToString());
    }
  }
  IntTuple varying;
  for (size_t i = 0; i < attrs.num_data() + attrs.num_states(); ++i) varying.push_back(static_cast<int64_t>(i));
  std::vector<SubgraphCall> calls(1);
  BARYON_ASSIGN_OR_RETURN(
      calls[0], PrepareCall(context, 0, std::move(locations), varying, static_cast<int64_t>(attrs.num_data())));
  return std::make_unique<ForeachKernel>(attrs, context, std::move(calls));
}

const OpRegistration<ForeachAttrs> kForeach({
    .names = {"_foreach", "_npx_foreach"},
    .inputs = {"data"},
    .variadic = true,
    .attrs = {Attr("num_args", &ForeachAttrs::num_args), RequiredAttr("num_outputs", &ForeachAttrs::num_outputs),
              RequiredAttr("num_out_data", &ForeachAttrs::num_out_data),
              RequiredAttr("in_data_locs", &ForeachAttrs::in_data_locs),
              RequiredAttr("in_state_locs", &ForeachAttrs::in_state_locs),
              RequiredAttr("remain_locs", &ForeachAttrs::remain_locs)},
    .ignored_attrs = {"in_state_index"},
    .check = Check,
    .num_outputs = [](const ForeachAttrs& attrs, int) { return static_cast<int>(attrs.num_outputs); },
    .num_subgraphs = 1,
    .complete_subgraph_types = Complete,
    .prepare = Prepare,
});

}  // namespace
}  // namespace baryon
