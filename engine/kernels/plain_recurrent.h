// One layer of a recurrent network in plain loops: for element types that have no fast kernel, and what tests compare
// the fast kernel with.
#ifndef BARYON_ENGINE_KERNELS_PLAIN_RECURRENT_H_
#define BARYON_ENGINE_KERNELS_PLAIN_RECURRENT_H_

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "engine/kernels/recurrent_layer.h"
#include "engine/tensor/dtype.h"

namespace baryon::kernels {

// Elements of scratch that PlainRecurrentSequence needs.
inline int64_t PlainRecurrentScratch(const RecurrentShape& shape) {
  return 2 * shape.gates() + 2 * shape.units + shape.outputs();
}

// All steps of sequence `n`. Computes in ComputeType<T>; sequences are independent of each other.
template <typename T>
void PlainRecurrentSequence(const RecurrentShape& shape, const RecurrentWeights<T>& weights,
                            const RecurrentOperands<T>& operands, int64_t n, ComputeType<T>* scratch) {
  using C = ComputeType<T>;
  const int64_t units = shape.units, outputs = shape.outputs(), gates = shape.gates();
  C* const x = scratch;         // W_x x + b
  C* const w = x + gates;       // W_h h + b
  C* const c = w + gates;       // cells
  C* const hidden = c + units;  // h before its projection
  C* const h = hidden + units;  // what is passed on
  for (int64_t i = 0; i < outputs; ++i) h[i] = static_cast<C>(operands.state[n * outputs + i]);
  for (int64_t i = 0; i < units; ++i) c[i] = shape.cell == Cell::kLstm ? C(operands.cell[n * units + i]) : C(0);

  const auto sigmoid = [](C v) { return C(1) / (C(1) + std::exp(-v)); };
  const auto product = [](const T* matrix, int64_t rows, int64_t columns, const T* bias, auto* vector, C* result) {
    for (int64_t row = 0; row < rows; ++row) {
      C sum = 0;
      for (int64_t i = 0; i < columns; ++i) sum += C(matrix[row * columns + i]) * C(vector[i]);
      result[row] = bias == nullptr ? sum : sum + C(bias[row]);
    }
  };
  const int64_t length = operands.lengths == nullptr ? shape.steps : operands.lengths[n];
  for (int64_t step = 0; step < length; ++step) {
    const int64_t row = (shape.reverse ? length - 1 - step : step) * shape.batch + n;
    product(weights.input, gates, shape.inputs, weights.input_bias, operands.in + row * shape.inputs, x);
    product(weights.recurrent, gates, outputs, weights.recurrent_bias, h, w);
    for (int64_t u = 0; u < units; ++u) {
      const auto gate = [&](int g) { return x[g * units + u] + w[g * units + u]; };
      if (shape.cell == Cell::kRelu) {
        hidden[u] = gate(0) < 0 ? C(0) : gate(0);
      } else if (shape.cell == Cell::kTanh) {
        hidden[u] = std::tanh(gate(0));
      } else if (shape.cell == Cell::kLstm) {
        c[u] = sigmoid(gate(1)) * c[u] + sigmoid(gate(0)) * std::tanh(gate(2));
        c[u] = c[u] > C(shape.upper) ? C(shape.upper) : c[u] < C(shape.lower) ? C(shape.lower) : c[u];
        if (shape.limit_nan && std::isnan(c[u])) c[u] = C(shape.lower);
        hidden[u] = sigmoid(gate(3)) * std::tanh(c[u]);
      } else {
        const C reset = sigmoid(gate(0)), update = sigmoid(gate(1));
        const C news = std::tanh(x[2 * units + u] + reset * w[2 * units + u]);
        hidden[u] = (C(1) - update) * news + update * h[u];
      }
    }
    if (shape.projection > 0) {
      product(weights.projection, outputs, units, nullptr, hidden, h);
    } else {
      std::copy_n(hidden, units, h);
    }
    T* out = operands.out + row * operands.out_stride;
    for (int64_t i = 0; i < outputs; ++i) out[i] = static_cast<T>(h[i]);
  }
  for (int64_t time = length; time < shape.steps; ++time) {
    std::fill_n(operands.out + (time * shape.batch + n) * operands.out_stride, outputs, T(C(0)));
  }
  if (operands.last_state != nullptr) {
    for (int64_t i = 0; i < outputs; ++i) operands.last_state[n * outputs + i] = static_cast<T>(h[i]);
  }
  if (operands.last_cell != nullptr) {
    for (int64_t i = 0; i < units; ++i) operands.last_cell[n * units + i] = static_cast<T>(c[i]);
  }
}

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_PLAIN_RECURRENT_H_
