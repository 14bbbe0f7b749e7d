// One layer of a recurrent network in one direction: all steps of all sequences.
//
//   1  x' = W_x x + b for many steps at once: one product (packed_gemm.h), its columns in the order of the tiles
//   2  step by step, for all sequences: W_h h and the gates (recurrent_tile.h)
//
// The weights are packed once. A RecurrentLayer cuts the steps into chunks, whose x' fits into memory that is still
// near when the steps read it, the products into tasks, and the units of a step into parts for several threads. It is
// immutable and holds no operand; nothing it cuts influences the bits of a result.
#ifndef BARYON_ENGINE_KERNELS_RECURRENT_LAYER_H_
#define BARYON_ENGINE_KERNELS_RECURRENT_LAYER_H_

#include <cstdint>
#include <limits>
#include <string>

#include "engine/kernels/packed_gemm.h"
#include "engine/kernels/recurrent_tile.h"

namespace baryon::kernels {

struct RecurrentShape {
  Cell cell = Cell::kLstm;
  int64_t steps = 0, batch = 0, inputs = 0, units = 0;
  int64_t projection = 0;  // kLstm: h is multiplied with a matrix of so many rows, unless 0
  bool reverse = false;    // from the last step to the first
  // kLstm: limits of c after each step; `limit_nan` makes NaN the lower one.
  float lower = -std::numeric_limits<float>::infinity(), upper = std::numeric_limits<float>::infinity();
  bool limit_nan = false;

  int64_t outputs() const { return projection > 0 ? projection : units; }  // elements of h, what a step passes on
  int64_t gates() const { return NumGates(cell) * units; }
};

// As parameter files have them, row-major; gates in the order of recurrent_tile.h.
template <typename T>
struct RecurrentWeights {
  const T* input;           // W_x [gates, inputs]
  const T* recurrent;       // W_h [gates, outputs]
  const T* projection;      // [projection, units], or nullptr
  const T* input_bias;      // [gates]
  const T* recurrent_bias;  // [gates]
};

template <typename T>
struct RecurrentOperands {
  const T* in;             // [steps, batch, inputs]
  const T* state;          // [batch, outputs]: h before the first step
  const T* cell;           // [batch, units]: c before it; kLstm
  T* out;                  // h of (step, sequence) at (step * batch + sequence) * out_stride
  int64_t out_stride;      // outputs() or more
  T* last_state;           // [batch, outputs], or nullptr; none of these overlaps an input
  T* last_cell;            // [batch, units], or nullptr
  const int64_t* lengths;  // [batch], in [0, steps]: steps of each sequence, beyond which h is 0; nullptr: all
};

class RecurrentLayer {
 public:
  RecurrentLayer(const RecurrentShape& shape, int num_threads);

  // 64-byte aligned floats for the packed weights.
  int64_t packed_size() const { return first_projection_ + projection_.packed_size(); }
  void Pack(const RecurrentWeights<float>& weights, float* packed) const;

  // Steps are counted as they are taken. Memory that tasks share, 64-byte aligned; scratch of each task.
  int64_t num_chunks() const { return num_chunks_; }
  int64_t shared_bytes() const;
  int64_t workspace_bytes() const;
  int64_t num_multiplications() const;
  std::string ToString() const;  // "avx512, chunks of 32 steps, 2 parts"

  // What one thread does before the first step and after the last one.
  void Begin(const RecurrentOperands<float>& operands, char* shared) const;
  void End(const RecurrentOperands<float>& operands, const char* shared) const;

  // The first product for the steps of chunk `chunk`; tasks in any order, on any thread.
  int num_product_tasks(int64_t chunk) const { return Products(chunk).num_tasks(); }
  void RunProduct(int64_t chunk, int task, const float* packed, const RecurrentOperands<float>& operands, char* shared,
                  char* workspace) const;

  // The steps of `chunk` afterwards, one after the other. A step is phases() phases, each of which waits for all parts
  // of the one before; parts of a phase run in any order, on any thread.
  int num_parts() const { return num_parts_; }
  int64_t num_phases(int64_t chunk) const { return StepsOf(chunk) * phases(); }
  void RunPhase(int64_t chunk, int64_t phase, int part, const float* packed, const RecurrentOperands<float>& operands,
                char* shared, char* workspace) const;

 private:
  int64_t phases() const { return shape_.projection > 0 ? 2 : 1; }
  int64_t num_panels() const { return (shape_.units + target_->lanes - 1) / target_->lanes; }
  int64_t columns() const { return num_panels() * NumGates(shape_.cell) * target_->lanes; }  // of x'
  int64_t padded_units() const { return num_panels() * target_->lanes; }
  int64_t panel_size() const { return shape_.outputs() * NumGates(shape_.cell) * target_->lanes; }
  int64_t StepsOf(int64_t chunk) const;
  const GemmPlan& Products(int64_t chunk) const { return chunk + 1 < num_chunks_ ? products_ : last_products_; }
  // The row of [steps, batch] arrays that sequence `n` reads and writes at `step`.
  int64_t RowAt(const RecurrentOperands<float>& operands, int64_t step, int64_t n) const;
  const float* Previous(const RecurrentOperands<float>& operands, int64_t step, int64_t n) const;
  int64_t Length(const RecurrentOperands<float>& operands, int64_t n) const {
    return operands.lengths == nullptr ? shape_.steps : operands.lengths[n];
  }
  void RunCells(int64_t chunk, int64_t step, int part, const float* packed, const RecurrentOperands<float>& operands,
                char* shared, char* workspace) const;
  void RunProjection(int64_t step, const float* packed, const RecurrentOperands<float>& operands, char* shared,
                     char* workspace) const;

  // Arrays in the memory that tasks share.
  struct Shared {
    float* cells;      // [batch, padded units]
    float* hidden;     // [batch, padded units]: h before its projection
    float* dump;       // [outputs]: where finished sequences write
    float* projected;  // [steps of a chunk, batch, columns]
  };
  Shared SharedArrays(char* shared) const;

  RecurrentShape shape_;
  const CellTarget* target_;
  int64_t num_chunks_ = 0, chunk_steps_ = 0;
  int num_parts_ = 1;
  GemmPlan products_, last_products_;  // of all chunks but the last, and of that
  GemmPlan projection_;
  // Where the pieces begin in packed memory: W_x first, then W_h, the biases of x', the recurrent bias of kGru's new
  // gate, the projection.
  int64_t first_recurrent_ = 0, first_bias_ = 0, first_new_bias_ = 0, first_projection_ = 0;
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_RECURRENT_LAYER_H_
