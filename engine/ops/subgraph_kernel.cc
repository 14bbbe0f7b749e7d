#include "engine/ops/subgraph_kernel.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/ops/type_rules.h"

namespace baryon {

absl::Status CheckNumArgs(int64_t num_args, size_t num_inputs, int num_subgraphs) {
  const int64_t found = static_cast<int64_t>(num_inputs) + num_subgraphs;
  if (num_args == -1 || num_args == found) return absl::OkStatus();
  return ExpectedGot(absl::StrCat("num_args = ", found), num_args);
}

absl::Status CheckNumOutputs(int64_t num_outputs) {
  constexpr int64_t kMost = 1000;  // far more than any file has
  if (num_outputs >= 1 && num_outputs <= kMost) return absl::OkStatus();
  return ExpectedGot(absl::StrCat("\"num_outputs\" of 1 to ", kMost), num_outputs);
}

absl::Status CheckLocations(absl::string_view attribute, const IntTuple& locations, int64_t count) {
  for (int64_t location : locations) {
    if (location >= 0 && location < count) continue;
    return ExpectedGot(absl::StrCat("\"", attribute, "\" in [0, ", count, ")"), location);
  }
  return absl::OkStatus();
}

absl::Status CheckCondition(const TensorType& type) {
  if (!type.shape.IsFullyKnown() || type.shape.num_elements() == 1) return absl::OkStatus();
  return ExpectedGot("a condition of one element", type.ToString());
}

absl::Status MergeType(const TensorType& from, TensorType& to) {
  const std::optional<Shape> shape = MergeShapes(from.shape, to.shape);
  const bool one_dtype = from.dtype == to.dtype || from.dtype == DType::kUnknown || to.dtype == DType::kUnknown;
  if (!shape.has_value() || !one_dtype) return ExpectedGot(from.ToString(), to.ToString());
  to.shape = *shape;
  if (to.dtype == DType::kUnknown) to.dtype = from.dtype;
  return absl::OkStatus();
}

absl::Status CompleteSubgraphTypes(const Graph& graph, const IntTuple& locations, TensorTypes& inputs,
                                   TensorTypes& outputs) {
  TensorTypes read;
  for (int64_t location : locations) read.push_back(inputs[location]);
  BARYON_RETURN_IF_ERROR(CompleteTypes(graph, read, outputs));
  for (size_t i = 0; i < locations.size(); ++i) BARYON_RETURN_IF_ERROR(MergeType(read[i], inputs[locations[i]]));
  return absl::OkStatus();
}

TensorType StepType(const TensorType& type) {
  if (!type.shape.has_rank() || type.shape.rank() == 0) return {type.dtype, Shape::Unknown()};
  TensorType step = type;
  step.shape.Erase(0);
  return step;
}

TensorType StackedType(const TensorType& type, int64_t steps) {
  TensorType stacked = type;
  if (stacked.shape.has_rank()) stacked.shape.Insert(0, steps);
  return stacked;
}

absl::StatusOr<SubgraphCall> PrepareCall(const PrepareContext& context, size_t index, IntTuple locations,
                                         const IntTuple& varying, int64_t num_stepped) {
  SubgraphCall call;
  std::vector<SubgraphInput> inputs;
  for (int64_t location : locations) {
    const bool varies = std::find(varying.begin(), varying.end(), location) != varying.end();
    const TensorType& type = context.inputs()[location];
    inputs.push_back({location < num_stepped ? StepType(type) : type,
                      varies ? nullptr : context.shared_constant(static_cast<size_t>(location))});
    if (inputs.back().constant != nullptr) call.compiled_in.push_back(location);
  }
  call.locations = std::move(locations);
  BARYON_ASSIGN_OR_RETURN(call.prepared, context.Subgraph(index, inputs));
  return call;
}

bool IsTrue(const TensorType& type, const void* element) {
  return DispatchDType(type.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    return static_cast<ComputeType<T>>(*static_cast<const T*>(element)) != 0;
  });
}

LoopStates::LoopStates(const TensorTypes& types) : offsets_({0}) {
  for (const TensorType& type : types) offsets_.push_back(offsets_.back() + AlignedSize(type.size_bytes()));
}

SubgraphKernel::SubgraphKernel(const PrepareContext& context, std::vector<SubgraphCall> calls, int64_t memory_bytes)
    : calls_(std::move(calls)), compiled_in_(context.inputs().size()), memory_bytes_(memory_bytes) {
  for (const SubgraphCall& call : calls_) {
    for (int64_t location : call.compiled_in) compiled_in_[location] = true;
  }
  size_t addresses = context.inputs().size() + context.outputs().size(), call_inputs = 0;
  for (const SubgraphCall& call : calls_) call_inputs = std::max(call_inputs, call.locations.size());
  address_bytes_ = AlignedSize(static_cast<int64_t>((addresses + call_inputs) * sizeof(void*)));
}

SubgraphKernel::Operands SubgraphKernel::OperandsOf(OpContext& context) const {
  Operands operands;
  operands.inputs = reinterpret_cast<const void**>(context.workspace());
  operands.outputs = const_cast<void**>(operands.inputs + context.num_inputs());
  operands.call_inputs = const_cast<const void**>(operands.outputs + context.num_outputs());
  operands.memory = context.workspace() + address_bytes_;
  for (int i = 0; i < context.num_inputs(); ++i) operands.inputs[i] = context.input(i).raw_data();
  for (int i = 0; i < context.num_outputs(); ++i) operands.outputs[i] = context.output(i).raw_data();
  return operands;
}

absl::Status SubgraphKernel::Call(size_t index, const Operands& operands, absl::Span<void* const> outputs,
                                  OpContext& context) const {
  const SubgraphCall& call = calls_[index];
  for (size_t i = 0; i < call.locations.size(); ++i) operands.call_inputs[i] = operands.inputs[call.locations[i]];
  return call.prepared->Run(absl::MakeConstSpan(operands.call_inputs, call.locations.size()), outputs, context.pool());
}

}  // namespace baryon
