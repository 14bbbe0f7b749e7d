// What layers and cells that read sequences have in common.
#ifndef BARYON_ENGINE_GLUON_RNN_RECURRENT_H_
#define BARYON_ENGINE_GLUON_RNN_RECURRENT_H_

#include <string>
#include <vector>

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

// From all outputs of a call. After an error there is one output, which has it; the states get it, too.
inline RecurrentOutput ToRecurrentOutput(NDArrays outputs, size_t num_states) {
  if (!outputs[0].ok()) outputs.resize(1 + num_states, NDArray(outputs[0]));
  return {outputs[0], {outputs.begin() + 1, outputs.end()}};
}

}  // namespace baryon::rnn

#endif  // BARYON_ENGINE_GLUON_RNN_RECURRENT_H_
