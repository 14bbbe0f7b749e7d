#include "engine/gluon/rnn/recurrent.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/gluon/invoke.h"

namespace baryon::rnn {

NDArray StackSteps(const NDArrays& steps, int64_t axis) {
  return InvokeOne("stack", {{"axis", AttrText(axis)}, {"num_args", AttrText(steps.size())}}, steps);
}

NDArrays SplitSteps(const NDArray& sequence, int64_t length, int64_t axis) {
  const Attrs attrs = {{"axis", AttrText(axis)}, {"num_outputs", AttrText(length)}, {"squeeze_axis", "True"}};
  return Invoke("SliceChannel", attrs, {sequence}, {.hint = "split"});
}

NDArrays ReverseSteps(const NDArrays& steps, const NDArray& valid_length) {
  if (valid_length.is_none()) return {steps.rbegin(), steps.rend()};
  const NDArray reversed =
      InvokeOne("SequenceReverse", {{"use_sequence_length", "True"}}, {StackSteps(steps, 0), valid_length});
  return SplitSteps(reversed, static_cast<int64_t>(steps.size()), 0);
}

std::string ShapesWithStates(absl::Span<const NDArray> outputs) {
  const std::string states = absl::StrJoin(
      outputs.subspan(1), ", ", [](std::string* out, const NDArray& state) { *out += ShapeTuple(state.shape()); });
  return absl::StrCat(ShapeTuple(outputs[0].shape()), ", [", states, "]");
}

}  // namespace baryon::rnn
