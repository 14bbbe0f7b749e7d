#include "engine/gluon/rnn/cell_wrappers.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/gluon/invoke.h"

namespace baryon::rnn {
namespace {

// What the child cell gives for the input and its states.
NDArrays CallCell(RecurrentCell& cell, const NDArray& x, const NDArrays& states) {
  NDArrays inputs = {x};
  inputs.insert(inputs.end(), states.begin(), states.end());
  return cell.Call(inputs);
}

}  // namespace

DropoutCell::DropoutCell(double rate, DropoutCellOptions options)
    : RecurrentCell({.hint = "dropout", .prefix = std::move(options.prefix)}),
      rate_(rate),
      axes_(std::move(options.axes)) {}

NDArrays DropoutCell::Step(const NDArray& x, const NDArrays&) {
  if (!(rate_ > 0)) return {x};
  Attrs attrs = {{"p", AttrText(rate_)}};
  if (!axes_.empty()) attrs.Set("axes", AttrText(axes_));
  return {InvokeOne("Dropout", attrs, {x}, {.name = StepName("fwd")})};
}

std::string DropoutCell::ToString() const {
  return absl::StrCat(class_name(), "(rate=", FormatAttr(rate_), ", axes=", FormatAttr(axes_), ")");
}

ResidualCell::ResidualCell(std::shared_ptr<RecurrentCell> cell) : RecurrentCell({.hint = "residualcell"}) {
  RegisterChild(std::move(cell), "base_cell");
}

NDArrays ResidualCell::Step(const NDArray& x, const NDArrays& states) {
  NDArrays outputs = CallCell(cell(0), x, states);
  outputs[0] = InvokeOne("elemwise_add", {}, {outputs[0], x}, {.name = StepName("fwd")});
  return outputs;
}

std::string ResidualCell::ToString() const { return absl::StrCat(class_name(), "(", cell(0).ToString(), ")"); }

ZoneoutCell::ZoneoutCell(std::shared_ptr<RecurrentCell> cell, double zoneout_outputs, double zoneout_states)
    : RecurrentCell({.hint = "zoneout"}), zoneout_outputs_(zoneout_outputs), zoneout_states_(zoneout_states) {
  RegisterChild(std::move(cell), "base_cell");
}

NDArrays ZoneoutCell::Step(const NDArray& x, const NDArrays& states) { return CallCell(cell(0), x, states); }

std::string ZoneoutCell::ToString() const {
  return absl::StrCat(class_name(), "(p_out=", FormatAttr(zoneout_outputs_), ", p_state=", FormatAttr(zoneout_states_),
                      ", ", cell(0).ToString(), ")");
}

BidirectionalCell::BidirectionalCell(std::shared_ptr<RecurrentCell> left, std::shared_ptr<RecurrentCell> right,
                                     std::string output_prefix)
    : RecurrentCell({.hint = "bidirectionalcell", .prefix = ""}), output_prefix_(std::move(output_prefix)) {
  RegisterChild(std::move(left), "l_cell");
  RegisterChild(std::move(right), "r_cell");
}

NDArrays BidirectionalCell::Step(const NDArray&, const NDArrays&) {
  return {absl::FailedPreconditionError("Bidirectional cannot be stepped. Please use unroll")};
}

Unrolled BidirectionalCell::Unroll(int64_t length, const NDArrays& inputs, const NDArrays& begin_state,
                                   const UnrollOptions& options) {
  Reset();
  const size_t num_states = StateInfos().size(), num_left = cell(0).StateInfos().size();
  NDArrays states = begin_state;
  if (states.empty() && !inputs.empty()) states = BeginStateFor(inputs[0]);
  if (states.size() != num_states || static_cast<int64_t>(inputs.size()) != length) {
    return FailedUnroll(absl::InvalidArgumentError(absl::StrCat(class_name(), ": expected ", length, " steps and ",
                                                                num_states, " states, got ", inputs.size(),
                                                                " steps and ", states.size(), " states")));
  }
  const auto middle = states.begin() + static_cast<int64_t>(num_left);
  Unrolled left = cell(0).Unroll(length, inputs, NDArrays(states.begin(), middle), options);
  if (!left.outputs[0].ok()) return FailedUnroll(left.outputs[0].status());
  UnrollOptions steps = options;
  steps.merge_outputs = false;
  Unrolled right =
      cell(1).Unroll(length, ReverseSteps(inputs, options.valid_length), NDArrays(middle, states.end()), steps);
  if (!right.outputs[0].ok()) return FailedUnroll(right.outputs[0].status());
  right.outputs = ReverseSteps(right.outputs, options.valid_length);

  const auto join = [&](const NDArray& l, const NDArray& r, const char* axis, const std::string& name) {
    return InvokeOne("Concat", {{"dim", axis}, {"num_args", "2"}}, {l, r}, {.name = output_prefix_ + name});
  };
  Unrolled both = {{}, std::move(left.states)};
  both.states.insert(both.states.end(), right.states.begin(), right.states.end());
  if (options.merge_outputs) {
    const NDArray merged = StackSteps(right.outputs, options.layout == "TNC" ? 0 : 1);
    both.outputs = {join(left.outputs[0], merged, "2", "out")};
    return both;
  }
  for (int64_t t = 0; t < length; ++t) {
    both.outputs.push_back(join(left.outputs[t], right.outputs[t], "1", absl::StrCat("t", t)));
  }
  return both;
}

std::string BidirectionalCell::ToString() const {
  return absl::StrCat(class_name(), "(forward=", cell(0).ToString(), ", backward=", cell(1).ToString(), ")");
}

}  // namespace baryon::rnn
