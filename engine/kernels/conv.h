// Convolutions of float32 data, channels last: [batch, pixels, channels]. A ConvPlan is one algorithm made ready for
// one geometry; MakeConvPlan chooses it. Weights are packed once into the plan's own form and handed back to it.
//
//   std::unique_ptr<ConvPlan> plan = MakeConvPlan(geometry, {.num_threads = 2});
//   plan->Pack(weight, StridesOfWeight(geometry, true), packed);              // plan->packed_size() floats
//   for (int task = 0; task < plan->num_tasks(); ++task) plan->RunTask(task, operands, workspace);
//
// Tasks may run in any order and on any thread, each with its own workspace. Results depend neither on the number of
// threads nor on the batch. Plans are immutable and hold no operand.
#ifndef BARYON_ENGINE_KERNELS_CONV_H_
#define BARYON_ENGINE_KERNELS_CONV_H_

#include <cstdint>
#include <memory>
#include <string>

#include "engine/kernels/activation.h"
#include "engine/kernels/conv_geometry.h"
#include "engine/kernels/pair_pool.h"

namespace baryon::kernels {

struct ConvOptions {
  int num_threads = 1;
  // Elements from one pixel to the next, where the tensor is a part of a wider one; 0: densely packed.
  int64_t in_stride = 0, out_stride = 0, residual_stride = 0;
  // The largest m of F(m x m, 3x3) that may be taken: 0 (none: when the weight is packed for each run), 2, or 4, which
  // loses a digit.
  int most_winograd = 0;
  // The most levels of Strassen's method, 0 to 2, under the same conditions; each costs a bit.
  int most_strassen = 0;
  bool has_residual = false;
  // Applied to the finished results, which must be channels-last; only where PlaneConvPlan::Supports the geometry.
  PairPool pool = PairPool::kNone;
  // The name of an algorithm to take where it can be taken, in place of the one that the rule gives: for tests, and
  // when several are timed against each other. "indirect", "winograd2" to 4, "strassen1" and "strassen2"; "": the
  // rule's.
  std::string algorithm;
};

struct ConvOperands {
  const float* in;
  const float* packed;              // as Pack left it, 64-byte aligned
  float* out;                       // may be the residual
  const float* bias = nullptr;      // [filters], or nullptr
  const float* residual = nullptr;  // added to the sums, or nullptr
  ActivationSpec activation = {};
};

class ConvPlan {
 public:
  virtual ~ConvPlan() = default;

  // What was chosen, for people: "indirect gemm avx512 6x64, 8 row x 1 column tasks".
  virtual std::string ToString() const = 0;

  // The form of packed weights. Plans whose forms are equal, for one weight and one geometry but for the batch and the
  // spatial sizes, can share them.
  virtual std::string PackedForm() const = 0;
  virtual int64_t packed_size() const = 0;
  virtual void Pack(const float* weight, const WeightStrides& strides, float* packed) const = 0;

  virtual int64_t num_multiplications() const = 0;  // that it does: not those of the definition
  virtual int num_tasks() const = 0;
  virtual int64_t workspace_bytes() const = 0;  // of each task, 64-byte aligned
  virtual void RunTask(int task, const ConvOperands& operands, char* workspace) const = 0;
};

// The fastest plan for `geometry` on this processor.
std::unique_ptr<ConvPlan> MakeConvPlan(const ConvGeometry& geometry, const ConvOptions& options);

// The same for data that comes channels first, [batch, channels, pixels], with the output channels last: the first
// layer of a network, which has few channels. nullptr when there is no such plan and the data must be transposed
// before.
std::unique_ptr<ConvPlan> MakeChannelsFirstConvPlan(const ConvGeometry& geometry, const ConvOptions& options);

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_CONV_H_
