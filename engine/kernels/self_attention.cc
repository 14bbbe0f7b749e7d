// Scores of a block of rows, some ten thousand, stay in the first or second level of the cache from the first product
// over the softmax to the second one. The scale goes into the softmax, which multiplies anyway.
//
// Computing softmax along with the products piece by piece (Dao et al., FlashAttention, 2022) would need no complete
// row; with rows of a few kilobytes that saves nothing here.
#include "engine/kernels/self_attention.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "engine/kernels/parts.h"
#include "engine/kernels/softmax.h"
#include "engine/kernels/transpose.h"

namespace baryon::kernels {
namespace {

constexpr int64_t kFloat = sizeof(float);
constexpr int64_t kMostTilesPerBlock = 8;  // that use a panel while it is near

// K' of keys [0, count): each panel is a few keys transposed.
void PackKeys(const PackedLayout& layout, const float* keys, int64_t stride, int64_t count, float* packed) {
  const int64_t panel_width = layout.target->panel_width;
  for (int64_t panel = 0; panel * panel_width < count; ++panel) {
    const int64_t first = panel * panel_width, columns = std::min(layout.n - first, panel_width);
    const int64_t width = layout.panel_vectors(panel) * layout.target->vector_width;
    float* to = packed + layout.panel_offset(panel);
    Transpose({columns, layout.k, stride, width}, sizeof(float), keys + first * stride, to);
    if (columns == width) continue;
    for (int64_t k = 0; k < layout.k; ++k) std::fill(to + k * width + columns, to + (k + 1) * width, 0.0f);
  }
}

// V of keys [0, count): rows are cut into panels.
void PackValues(const PackedLayout& layout, const float* values, int64_t stride, int64_t count, float* packed) {
  for (int64_t panel = 0; panel < layout.num_panels(); ++panel) {
    const int64_t first = panel * layout.target->panel_width, columns = layout.panel_columns(panel);
    const int64_t width = layout.panel_vectors(panel) * layout.target->vector_width;
    float* to = packed + layout.panel_offset(panel);
    for (int64_t k = 0; k < count; ++k, to += width) {
      std::copy_n(values + k * stride + first, columns, to);
      std::fill(to + columns, to + width, 0.0f);
    }
  }
}

}  // namespace

// What a task works on.
struct SelfAttention::Head {
  const float* queries;
  const int32_t* lengths;  // of its queries, or nullptr
  float* out;
  int64_t keys;  // that any query looks at
  const float *packed_keys, *packed_values;
  float* scores;  // [block_rows_][score_stride_]
};

SelfAttention::SelfAttention(const SelfAttentionShape& shape, const GemmTarget& target)
    : shape_(shape),
      target_(&target),
      keys_({&target, shape.size, shape.length}),
      values_({&target, shape.length, shape.size}),
      score_stride_(RoundedToLine(shape.length)) {
  // Blocks of equal size rather than a small one at the end.
  const int64_t blocks = CeilDiv(shape.length, kMostTilesPerBlock * target.max_rows);
  block_rows_ = blocks == 0 ? 0 : CeilDiv(shape.length, blocks);
}

int64_t SelfAttention::workspace_bytes() const {
  const int64_t packed = RoundedToLine(keys_.num_elements()) + RoundedToLine(values_.num_elements());
  return (packed + block_rows_ * score_stride_) * kFloat;
}

int64_t SelfAttention::num_multiplications() const {
  return 2 * shape_.batch * shape_.heads * shape_.length * shape_.length * shape_.size;
}

std::string SelfAttention::ToString() const {
  return absl::StrCat("attention ", target_->name, ", ", block_rows_, " rows at once");
}

void SelfAttention::RunTask(int task, const SelfAttentionOperands& operands, char* workspace) const {
  const int64_t item = task / shape_.heads, h = task % shape_.heads;
  Head head;
  head.queries = operands.in + item * shape_.batch_stride() + h * shape_.head_stride();
  head.lengths = operands.lengths == nullptr ? nullptr : operands.lengths + task * shape_.length;
  head.out = operands.out + (item * shape_.heads + h) * shape_.size;
  head.keys = shape_.length;
  if (head.lengths != nullptr) {
    const int64_t most = *std::max_element(head.lengths, head.lengths + shape_.length);
    head.keys = std::clamp<int64_t>(most, 0, shape_.length);
  }
  float* packed = reinterpret_cast<float*>(workspace);
  PackKeys(keys_, head.queries + shape_.size, shape_.time_stride(), head.keys, packed);
  head.packed_keys = packed;
  packed += RoundedToLine(keys_.num_elements());
  PackValues(values_, head.queries + 2 * shape_.size, shape_.time_stride(), head.keys, packed);
  head.packed_values = packed;
  head.scores = packed + RoundedToLine(values_.num_elements());
  for (int64_t first = 0; first < shape_.length; first += block_rows_) {
    RunBlock(head, first, std::min(block_rows_, shape_.length - first));
  }
}

// Queries [first, first + count).
void SelfAttention::RunBlock(const Head& head, int64_t first, int64_t count) const {
  const int64_t out_stride = shape_.batch * shape_.heads * shape_.size;
  MultiplyRows(keys_, head.packed_keys, shape_.size, head.keys, count, head.queries + first * shape_.time_stride(),
               shape_.time_stride(), head.scores, score_stride_);
  SoftmaxFormula formula;
  formula.scale = 1 / std::sqrt(static_cast<double>(shape_.size));
  for (int64_t i = 0; i < count; ++i) {
    float* row = head.scores + i * score_stride_;
    const int64_t length =
        head.lengths == nullptr ? head.keys : std::clamp<int64_t>(head.lengths[first + i], 0, head.keys);
    SoftmaxRows(formula, row, 1, length, row);
    std::fill(row + length, row + head.keys, 0.0f);
  }
  MultiplyRows(values_, head.packed_values, head.keys, shape_.size, count, head.scores, score_stride_,
               head.out + first * out_stride, out_stride);
}

// c[count, columns] = a[count, k] times the first k rows and `columns` columns of a packed matrix, panel by panel.
void SelfAttention::MultiplyRows(const PackedLayout& layout, const float* packed, int64_t k, int64_t columns,
                                 int64_t count, const float* a, int64_t a_stride, float* c, int64_t c_stride) const {
  const int64_t tiles = CeilDiv(count, target_->max_rows), first_row = 0;
  const float* a_rows[kMaxTileRows];
  float* c_rows[kMaxTileRows];
  GemmTile tile = {};
  tile.a = a_rows;
  tile.runs = 1;
  tile.run_length = k;
  tile.b_rows = &first_row;
  tile.c = c_rows;
  tile.lower = -std::numeric_limits<float>::infinity();
  tile.upper = std::numeric_limits<float>::infinity();
  for (int64_t panel = 0; panel * target_->panel_width < columns; ++panel) {
    tile.b = packed + layout.panel_offset(panel);
    tile.column = panel * target_->panel_width;
    tile.columns = layout.panel_columns(panel);
    SetNoPrefetch(tile);
    for (int64_t t = 0; t < tiles; ++t) {
      // Tiles of nearly equal height: all run at full speed.
      const int64_t begin = PartBegin(count, tiles, t), rows = PartBegin(count, tiles, t + 1) - begin;
      for (int64_t i = 0; i < rows; ++i) {
        a_rows[i] = a + (begin + i) * a_stride;
        c_rows[i] = c + (begin + i) * c_stride;
      }
      const bool full = tile.columns == target_->panel_width;
      (full ? target_->single[rows] : target_->tail[rows][layout.panel_vectors(panel)])(tile);
    }
  }
}

}  // namespace baryon::kernels
