// Products of two arrays summed over common axes, as matrix products: dot, batched products, attention, einsum of two
// operands. An axis is a size and the distance between neighbours in a, b and c, 0 where an array lacks it:
//   in a and b    summed over (k)            in a and c    rows of the result (m)
//   in all three  a loop (batch)             in b and c    columns of the result (n)
// One m, n and k axis are left to GEMM, the others become loops around it: no array is copied or transposed. What GEMM
// cannot read (no axis with neighbouring elements) and dtypes it does not have go through StridedSum.
#ifndef BARYON_ENGINE_KERNELS_CONTRACTION_H_
#define BARYON_ENGINE_KERNELS_CONTRACTION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/kernels/strided_sum.h"
#include "engine/tensor/dtype.h"

namespace baryon::kernels {

struct ContractionAxis {
  int64_t size;
  int64_t a, b, c;
};

// Immutable once made. Allocates when made, not when run.
class Contraction {
 public:
  // c = alpha sum a b, or c += that with `accumulate`. At most StridedSum::kMaxAxes axes; sizes below 2^31. No two
  // positions of c are the same element.
  Contraction(std::vector<ContractionAxis> axes, DType dtype, double alpha = 1, bool accumulate = false);

  // Independent units of work, and how many are worth a thread.
  int64_t num_units() const { return num_units_; }
  int64_t grain() const { return grain_; }
  void Run(const void* a, const void* b, void* c, int64_t begin, int64_t end) const;

  int64_t num_multiplications() const { return num_multiplications_; }
  std::string algorithm() const;  // "gemm 128x64x64, 12 times", "plain loops"

 private:
  struct Product {
    ContractionAxis m, n, k;
  };

  bool ChooseProduct(const std::vector<ContractionAxis>& axes);
  void CutIntoUnits();
  template <typename T>
  void RunAs(const T* a, const T* b, T* c, int64_t begin, int64_t end) const;

  DType dtype_;
  double alpha_;
  bool accumulate_;
  std::optional<Product> product_;
  std::vector<ContractionAxis> loops_, summed_loops_;  // around the product, outermost first
  std::optional<StridedSum> plain_;
  bool cut_rows_ = true;  // units are tiles of m, or of n
  int64_t tile_ = 0, num_tiles_ = 1;
  int64_t num_units_ = 0, grain_ = 1;
  int64_t num_multiplications_ = 1;
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_CONTRACTION_H_
