// Matrix products with a packed right side: dense layers, and convolutions as products over pixels.
//
//   C[M, N] = activation(A[M, K] * B[K, N] + bias[N] + residual[M, N])
//
// B, the weight, is copied once into panels (see gemm_tile.h); A is read in place. With groups it is one such product
// for each group: of the group's own columns of A and its own B, giving its own columns of C.
//
// A GemmPlan cuts the work into tasks for threads and into blocks for the caches; its tasks may run in any order and on
// any thread, and neither they nor M influence the bits of a result. It is immutable and holds no operand.
#ifndef BARYON_ENGINE_KERNELS_PACKED_GEMM_H_
#define BARYON_ENGINE_KERNELS_PACKED_GEMM_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "engine/kernels/activation.h"
#include "engine/kernels/gemm_tile.h"

namespace baryon::kernels {

// Where the elements of B [k, n] of one group stand: panel after panel, [k][panel_width] each; the last panel is only
// as wide as the vectors it needs, its columns beyond n are 0. Groups follow each other.
struct PackedLayout {
  const GemmTarget* target = nullptr;
  int64_t k = 0, n = 0;

  int64_t num_panels() const { return (n + target->panel_width - 1) / target->panel_width; }
  int64_t panel_offset(int64_t panel) const { return panel * k * target->panel_width; }
  int panel_columns(int64_t panel) const;  // without the padding
  int panel_vectors(int64_t panel) const;
  int64_t num_elements() const;  // 64-byte aligned memory of so many
};

// Packs panels [begin, end) of B(k, n) = source[row_offsets[k] + n * column_stride] into `packed`, the start of B.
void PackPanels(const PackedLayout& layout, const float* source, absl::Span<const int64_t> row_offsets,
                int64_t column_stride, int64_t begin, int64_t end, float* packed);

// Rows whose runs are zero but for these, in ascending order: pixels at the same border of an image, where the kernel
// hangs over. The others are not multiplied.
struct RowSet {
  int64_t count;
  std::vector<int64_t> runs;
};

// A product's size. Row i of A is `runs` pieces of `run_length` neighbouring elements; those of group g lie
// g * group_stride further.
struct GemmShape {
  std::vector<RowSet> rows;          // M, in the order in which they are computed
  int64_t runs = 1, run_length = 0;  // K
  int64_t columns = 0;               // N, of one group
  int64_t groups = 1, group_stride = 0;

  int64_t k() const { return runs * run_length; }

  // The product of ordinary matrices.
  static GemmShape Matrix(int64_t m, int64_t k, int64_t n);
};

// What happens to a sum before it is stored.
struct Epilogue {
  const float* bias = nullptr;  // [groups * N], or nullptr
  bool has_residual = false;    // the row source knows where
  ActivationSpec activation;
};

// Where rows of the operands are. Filled for tiles of a few rows at a time.
struct TileRows {
  int64_t set, first;  // rows [first, first + count) of a set
  int count;
  const float** a;         // [runs of the set][count], in group 0: the r-th run of row i at a[r * count + i]
  float** c;               // [count]
  const float** residual;  // [count]; nullptr when the product has none
};
using RowSource = absl::FunctionRef<void(const TileRows& rows)>;

class GemmPlan {
 public:
  GemmPlan() = default;
  // The least task that is worth handing to another thread: when it may have to be woken, or when it is awake.
  enum class LeastTask { kWaking, kAwake };
  GemmPlan(GemmShape shape, const GemmTarget& target, int num_threads, LeastTask least_task = LeastTask::kWaking);

  const PackedLayout& layout() const { return layout_; }  // of each group
  int64_t packed_size() const { return shape_.groups * layout_.num_elements(); }
  int num_tasks() const { return static_cast<int>(row_tasks_ * panel_tasks_); }
  bool has_brief_tasks() const { return has_brief_tasks_; }  // that are not worth waking a thread for
  int64_t workspace_bytes() const;                           // scratch of a task
  std::string ToString() const;                              // "avx512 6x64, 4 row x 2 column tasks"

  // Computes task `task`. `packed` is B; `workspace` is 64-byte aligned.
  void RunTask(int task, const float* packed, const Epilogue& epilogue, RowSource rows, char* workspace) const;

 private:
  // The runs that one set of rows multiplies in one piece.
  struct Slice {
    int64_t first_run;  // among those of the set
    std::vector<int64_t> b_rows;
  };
  // A part of K that is multiplied before the next, so that its piece of a panel stays in the cache over all tiles.
  struct Piece {
    int64_t a_offset, run_length;
    int64_t first_k, size;
    std::vector<Slice> slices;  // of each set
  };
  struct Block;
  class BlockRun;

  void AddPiece(int64_t first_run, int64_t last_run, int64_t first_element, int64_t last_element);
  void CutForThreads(int num_threads, LeastTask least_task);
  void CutForCaches();
  int64_t num_panels() const { return shape_.groups * layout_.num_panels(); }
  int64_t num_tiles() const { return first_tiles_.back(); }
  int64_t pointers_per_tile() const { return kMaxTileRows * (shape_.runs + 2); }
  int64_t num_sums() const;
  // Whether every row is one run that is multiplied in one piece.
  bool is_matrix() const {
    return pieces_.size() == 1 && shape_.runs == 1 && shape_.rows.size() == 1 && shape_.rows[0].runs.size() == 1;
  }

  GemmShape shape_;
  PackedLayout layout_;
  std::vector<int64_t> first_tiles_;  // of each set, and the number of all
  int64_t row_tasks_ = 1, panel_tasks_ = 1;
  bool has_brief_tasks_ = false;
  int64_t tiles_per_block_ = 1;   // tiles whose rows of A are used for one panel after the other
  int64_t panels_per_block_ = 1;  // panels that stay in the cache over all tiles of a task
  std::vector<Piece> pieces_;
};

// The row source of an ordinary matrix: row i of A at a + i * a_stride, and so on. `residual` may be nullptr.
struct MatrixRows {
  const float* a;
  int64_t a_stride;
  float* c;
  int64_t c_stride;
  const float* residual = nullptr;
  int64_t residual_stride = 0;

  void operator()(const TileRows& rows) const {
    for (int i = 0; i < rows.count; ++i) {
      const int64_t row = rows.first + i;
      rows.a[i] = a + row * a_stride;
      rows.c[i] = c + row * c_stride;
      if (rows.residual != nullptr) rows.residual[i] = residual + row * residual_stride;
    }
  }
};

}  // namespace baryon::kernels

#endif  // BARYON_ENGINE_KERNELS_PACKED_GEMM_H_
