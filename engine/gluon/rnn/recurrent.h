// What layers and cells that read sequences have in common.
#ifndef BARYON_ENGINE_GLUON_RNN_RECURRENT_H_
#define BARYON_ENGINE_GLUON_RNN_RECURRENT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "engine/gluon/ndarray.h"

namespace baryon::rnn {

// One of the arrays that a layer or cell hands from step to step.
struct StateInfo {
  Shape shape;         // the batch is 0 where it is not known
  std::string layout;  // "LNC": layers, batch, channels; "NC"
};

// What a layer or cell gives for an input and states.
struct RecurrentOutput {
  NDArray output;
  NDArrays states;
};

// Steps of a sequence, each [N, C], in one array in which `axis` is the time; and the other way round. After an error
// there is one step, which has it.
NDArray StackSteps(const NDArrays& steps, int64_t axis);
NDArrays SplitSteps(const NDArray& sequence, int64_t length, int64_t axis);
// The steps of each sequence from its end: all of them, or where `valid_length` [N] is not none the first of so many,
// behind which the rest stays.
NDArrays ReverseSteps(const NDArrays& steps, const NDArray& valid_length);

// From all outputs of a call. After an error there is one output, which has it; the states get it, too.
inline RecurrentOutput ToRecurrentOutput(NDArrays outputs, size_t num_states) {
  if (!outputs[0].ok()) outputs.resize(1 + num_states, NDArray(outputs[0]));
  return {outputs[0], {outputs.begin() + 1, outputs.end()}};
}

// An output, and behind it the list of the states: "(2, 4), [(2, 4), (2, 4)]".
std::string ShapesWithStates(absl::Span<const NDArray> outputs);

}  // namespace baryon::rnn

#endif  // BARYON_ENGINE_GLUON_RNN_RECURRENT_H_
