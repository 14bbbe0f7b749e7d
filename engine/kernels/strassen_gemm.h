// Matrix products by Strassen's method (see strassen_tile.h): the products of packed_gemm.h with an eighth or, with two
// levels, a quarter fewer multiplications. For products large enough in K and N that the sums before and after do not
// eat that up: pointwise convolutions of 128 channels and more.
//
// Rows are worked off in tiles of 2 or 4 neighbours, never of different items (images, sequences): results do not
// depend on what is in the batch beside a row's own item, nor on threads. Within an item rounding errors of a row
// depend on its neighbours', and infinities and NaN spread to them, as with Winograd's method.
#ifndef BARYON_ENGINE_KERNELS_STRASSEN_GEMM_H_
#define BARYON_ENGINE_KERNELS_STRASSEN_GEMM_H_

#include <cstdint>
#include <string>

#include "absl/types/span.h"
#include "engine/kernels/packed_gemm.h"
#include "engine/kernels/strassen_tile.h"
#include "engine/kernels/tile_products.h"

namespace baryon::kernels {

// C[items * rows_per_item, columns] = A B, where a row of A is `runs` pieces of `run_length` neighbouring elements.
struct StrassenShape {
  int64_t items = 1, rows_per_item = 0;
  int64_t runs = 1, run_length = 0;
  int64_t columns = 0;

  int64_t k() const { return runs * run_length; }
};

class StrassenGemmPlan {
 public:
  // Whether run_length and columns can be cut into that many levels of halves.
  static bool Supports(const StrassenShape& shape, int levels);
  // The number of levels, at most `most`, with which one item of the product is fastest; 0: as an ordinary product.
  // Depends on neither the number of items nor threads.
  static int BestLevels(const StrassenShape& shape, int most);

  // `levels`: 1 or 2.
  StrassenGemmPlan(const StrassenShape& shape, int levels, const GemmTarget& target, int num_threads);

  std::string ToString() const;    // "strassen 7x7 avx512 6x64, 2 block x 1 panel tasks"
  std::string PackedForm() const;  // of the weights
  int64_t packed_size() const { return products_.packed_size(); }
  int64_t num_multiplications() const;  // that it does
  int num_tasks() const { return static_cast<int>(blocks_.num_tasks()); }
  int64_t workspace_bytes() const;

  // Packs B(k, n) = source[row_offsets[k] + n * column_stride].
  void Pack(const float* source, absl::Span<const int64_t> row_offsets, int64_t column_stride, float* packed) const;
  // As GemmPlan::RunTask. `rows` is asked for rows of set 0, some neighbours of one item at a time.
  void RunTask(int task, const float* packed, const Epilogue& epilogue, RowSource rows, char* workspace) const;

 private:
  class TaskRun;

  int64_t parts() const { return StrassenParts(levels_); }
  int64_t part_length() const { return shape_.run_length / parts(); }  // of a run
  int64_t part_columns() const { return shape_.columns / parts(); }
  int64_t tiles_per_item() const { return (shape_.rows_per_item + parts() - 1) / parts(); }
  void PackChunk(const float* source, absl::Span<const int64_t> row_offsets, int64_t column_stride, int64_t panel,
                 int64_t run, int64_t first, int64_t count, float* packed) const;

  StrassenShape shape_;
  int levels_;
  const GemmTarget& target_;
  const StrassenTarget& transforms_;
  TileBlocks blocks_;
  TileProducts products_;
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_STRASSEN_GEMM_H_
