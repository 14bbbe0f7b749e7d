// Sums of products over any axes, in plain loops, for any number of operands and any dtype:
//   c[i, j, ...] = sum over the axes that c lacks of  operand 0 [...] * operand 1 [...] * ...
// The slow general form behind Contraction and einsum.
#ifndef BARYON_ENGINE_KERNELS_STRIDED_SUM_H_
#define BARYON_ENGINE_KERNELS_STRIDED_SUM_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "engine/tensor/dtype.h"

namespace baryon::kernels {

// Immutable once made. Allocates when made, not when run.
class StridedSum {
 public:
  static constexpr int kMaxAxes = 64, kMaxOperands = 32;

  // An axis over which c or the operands vary: elements between neighbours in each operand, 0 where it has no such
  // axis.
  struct Axis {
    int64_t size = 1;
    std::vector<int64_t> strides;
    int64_t output_stride = 0;
    bool summed = false;  // c lacks it
  };

  // At most kMaxAxes axes and kMaxOperands operands.
  StridedSum(std::vector<Axis> axes, int num_operands);

  int64_t num_outputs() const { return num_outputs_; }
  int64_t num_terms() const { return num_terms_; }

  // Computes outputs [begin, end), counted with the last axis of c fastest: alpha times the sum, added to what is there
  // with `accumulate`. Floats are added up in double, whole numbers in int64.
  void Run(DType dtype, absl::Span<const void* const> operands, double alpha, bool accumulate, int64_t begin,
           int64_t end, void* c) const;

 private:
  template <typename T>
  void RunAs(absl::Span<const void* const> operands, double alpha, bool accumulate, int64_t begin, int64_t end,
             T* c) const;

  std::vector<Axis> outer_, summed_;
  int num_operands_;
  int64_t num_outputs_ = 1, num_terms_ = 1;
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_STRIDED_SUM_H_
