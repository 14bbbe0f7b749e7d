// Blocking. A tile streams a piece of a panel past its rows; the panel comes from the second level of the cache, whose
// bandwidth suffices threefold. So the only thing to arrange is that it does come from there: over the tiles of a block
// one piece of one panel is used again and again, and over the blocks of a task as many panels as half the cache
// holds. Weights larger than that pass once from memory, each piece being prefetched while the one before it is
// multiplied.
#include "engine/kernels/packed_gemm.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/check.h"
#include "engine/base/give_way.h"
#include "engine/kernels/limits.h"
#include "engine/kernels/parts.h"

namespace baryon::kernels {
namespace {

constexpr int64_t kCacheBytes = 512 << 10;   // half of a second-level cache
constexpr int64_t kPieceBytes = 256 << 10;   // of a panel
constexpr int64_t kPointerBytes = 16 << 10;  // of the row pointers of a block of tiles
constexpr int64_t kMaxTilesPerBlock = 16;
constexpr double kTaskMicroseconds = 15;      // shorter tasks are not worth waking another thread for
constexpr double kBriefTaskMicroseconds = 2;  // nor these worth handing to one that is awake
constexpr double kMultiplicationsPerMicrosecond = 55e3, kBytesPerMicrosecond = 30e3;
constexpr int64_t kTasksPerThread = 4;  // even out threads that run at different speeds

// Whether threads of equal speed finish nearly at once.
bool IsEven(int64_t count, int64_t parts, int64_t threads) {
  constexpr double kUneven = 1.05;
  return static_cast<double>(LargestShare(count, parts, threads) * threads) <= kUneven * count;
}

}  // namespace

int PackedLayout::panel_columns(int64_t panel) const {
  return static_cast<int>(std::min<int64_t>(target->panel_width, n - panel * target->panel_width));
}

int PackedLayout::panel_vectors(int64_t panel) const {
  return static_cast<int>(CeilDiv(panel_columns(panel), target->vector_width));
}

int64_t PackedLayout::num_elements() const {
  if (n == 0) return 0;
  const int64_t last = num_panels() - 1;
  return panel_offset(last) + k * panel_vectors(last) * target->vector_width;
}

void PackPanels(const PackedLayout& layout, const float* source, absl::Span<const int64_t> row_offsets,
                int64_t column_stride, int64_t begin, int64_t end, float* packed) {
  BARYON_DCHECK(static_cast<int64_t>(row_offsets.size()) == layout.k);
  constexpr int64_t kRowsAtOnce = 16;  // a line of a source whose rows are neighbours
  for (int64_t panel = begin; panel < end; ++panel) {
    const int columns = layout.panel_columns(panel);
    const int64_t width = layout.panel_vectors(panel) * layout.target->vector_width;
    const float* first = source + panel * layout.target->panel_width * column_stride;
    float* to = packed + layout.panel_offset(panel);
    for (int64_t k = 0; k < layout.k; k += kRowsAtOnce) {
      const int64_t k_end = std::min(k + kRowsAtOnce, layout.k);
      for (int64_t j = 0; j < columns; ++j) {
        const float* column = first + j * column_stride;
        for (int64_t row = k; row < k_end; ++row) to[row * width + j] = column[row_offsets[row]];
      }
      for (int64_t row = k; row < k_end; ++row) std::fill(to + row * width + columns, to + (row + 1) * width, 0.0f);
      GiveWay();
    }
  }
}

GemmShape GemmShape::Matrix(int64_t m, int64_t k, int64_t n) {
  GemmShape shape;
  shape.rows = {{m, {0}}};
  shape.run_length = k;
  shape.columns = n;
  return shape;
}

GemmPlan::GemmPlan(GemmShape shape, const GemmTarget& target, int num_threads, LeastTask least_task)
    : shape_(std::move(shape)), layout_({&target, shape_.k(), shape_.columns}), first_tiles_({0}) {
  for (const RowSet& set : shape_.rows) first_tiles_.push_back(num_tiles() + CeilDiv(set.count, target.max_rows));
  if (num_tiles() == 0 || num_panels() == 0) {
    row_tasks_ = 0;
    return;
  }
  CutForThreads(num_threads, least_task);
  CutForCaches();
}

// What is larger is divided: rows where maps are large, columns where weights are, so that each core's cache holds its
// own part of them. Maps count twice, as what is read and what is written: the next step, if it is divided by rows too,
// finds its rows in the cache of its own core.
void GemmPlan::CutForThreads(int num_threads, LeastTask least_task) {
  if (num_threads == 1) return;
  const double weights = static_cast<double>(shape_.groups) * shape_.k() * shape_.columns;
  const int64_t rows = num_tiles() * layout_.target->max_rows;
  const double microseconds =
      std::max(weights * rows / kMultiplicationsPerMicrosecond, weights * sizeof(float) / kBytesPerMicrosecond);
  const int64_t most = num_threads * kTasksPerThread;
  int64_t wanted = static_cast<int64_t>(std::min<double>(microseconds / kTaskMicroseconds, most));
  if (wanted <= 1 && least_task == LeastTask::kAwake) {
    wanted = static_cast<int64_t>(std::min<double>(microseconds / kBriefTaskMicroseconds, num_threads));
    has_brief_tasks_ = wanted > 1;
  }
  if (wanted <= 1) return;
  const int64_t weight_size = shape_.k() * shape_.columns, map_size = rows * (shape_.run_length + shape_.columns);
  if ((shape_.columns <= rows || weight_size <= map_size) && num_tiles() >= wanted) {
    row_tasks_ = EvenParts(num_tiles(), wanted, num_threads);
    return;
  }
  panel_tasks_ = EvenParts(num_panels(), wanted, num_threads);
  if (IsEven(num_panels(), panel_tasks_, num_threads) || num_tiles() < num_threads) {
    row_tasks_ = std::min(num_tiles(), CeilDiv(wanted, panel_tasks_));
  } else {  // few panels, or a few more than divide well: each thread takes its part of the rows through all
    row_tasks_ = num_threads;
    panel_tasks_ = std::clamp<int64_t>(wanted / num_threads, 1, num_panels());
  }
}

void GemmPlan::CutForCaches() {
  const int64_t width = layout_.target->panel_width, max_rows = layout_.target->max_rows;
  const int64_t task_tiles = CeilDiv(num_tiles(), row_tasks_);
  const int64_t k = std::max<int64_t>(shape_.k(), 1), float_bytes = sizeof(float), pointer_bytes = sizeof(float*);

  const int64_t pointers = std::max<int64_t>(shape_.runs, 1) * max_rows * pointer_bytes;
  tiles_per_block_ = std::min(kPointerBytes / pointers, kCacheBytes / (k * max_rows * float_bytes));
  tiles_per_block_ = std::min(std::clamp<int64_t>(tiles_per_block_, 1, kMaxTilesPerBlock), task_tiles);
  // Blocks of equal size rather than a small one at the end.
  tiles_per_block_ = CeilDiv(task_tiles, CeilDiv(task_tiles, tiles_per_block_));
  panels_per_block_ = std::max<int64_t>(kCacheBytes / (k * width * float_bytes), 1);

  // A panel that a single tile uses passes once anyway.
  const int64_t piece_k = kPieceBytes / (width * float_bytes);
  const int64_t wanted = tiles_per_block_ > 1 ? CeilDiv(k, piece_k + piece_k / 2) : 1;
  const int64_t divisible = shape_.runs == 1 ? shape_.run_length : shape_.runs;
  const int64_t count = std::clamp<int64_t>(wanted, 1, std::max<int64_t>(divisible, 1));
  for (int64_t i = 0; i < count; ++i) {
    const int64_t begin = PartBegin(divisible, count, i), end = PartBegin(divisible, count, i + 1);
    if (shape_.runs == 1) {
      AddPiece(0, 1, begin, end);
    } else {
      AddPiece(begin, end, 0, shape_.run_length);
    }
  }
}

// Elements [first_element, last_element) of runs [first_run, last_run).
void GemmPlan::AddPiece(int64_t first_run, int64_t last_run, int64_t first_element, int64_t last_element) {
  Piece& piece = pieces_.emplace_back();
  piece.a_offset = first_element;
  piece.run_length = last_element - first_element;
  piece.first_k = first_run * shape_.run_length + first_element;
  piece.size = (last_run - first_run) * piece.run_length;
  for (const RowSet& set : shape_.rows) {
    const auto begin = std::lower_bound(set.runs.begin(), set.runs.end(), first_run);
    const auto end = std::lower_bound(begin, set.runs.end(), last_run);
    Slice& slice = piece.slices.emplace_back(Slice{begin - set.runs.begin(), {}});
    for (auto run = begin; run != end; ++run) slice.b_rows.push_back(*run * shape_.run_length + first_element);
  }
}

int64_t GemmPlan::num_sums() const {
  return pieces_.size() > 1 ? tiles_per_block_ * kMaxTileRows * layout_.target->panel_width : 0;
}

int64_t GemmPlan::workspace_bytes() const {
  return num_sums() * static_cast<int64_t>(sizeof(float)) +
         tiles_per_block_ * pointers_per_tile() * static_cast<int64_t>(sizeof(float*));
}

std::string GemmPlan::ToString() const {
  std::string text = layout_.target->name;
  if (num_tasks() > 1) absl::StrAppend(&text, ", ", row_tasks_, " row x ", panel_tasks_, " column tasks");
  return text;
}

// Neighbouring tiles, and panels that stay in the cache while all tiles of the task pass.
struct GemmPlan::Block {
  int64_t first_tile, last_tile;
  int64_t first_panel, last_panel;  // counted over all groups
  bool panels_are_cached;
};

// The computation of one block.
class GemmPlan::BlockRun {
 public:
  BlockRun(const GemmPlan& plan, const Block& block, const float* packed, const Epilogue& epilogue, char* workspace)
      : plan_(plan),
        layout_(plan.layout_),
        target_(*plan.layout_.target),
        block_(block),
        packed_(packed),
        epilogue_(epilogue),
        limits_(LimitsOf(epilogue.activation)),
        num_tiles_(block.last_tile - block.first_tile),
        sums_(reinterpret_cast<float*>(workspace)),
        pointers_(reinterpret_cast<const float**>(sums_ + plan.num_sums())) {}

  void Run(RowSource rows) {
    FindTiles(rows);
    for (int64_t panel = block_.first_panel; panel < block_.last_panel;) {
      const int64_t group = panel / layout_.num_panels(), in_group = panel % layout_.num_panels();
      const int64_t count = PanelsAtOnce(in_group, block_.last_panel - panel);
      RunPanels(group, in_group, count);
      panel += count;
    }
  }

 private:
  void FindTiles(RowSource rows) {
    const std::vector<int64_t>& first_tiles = plan_.first_tiles_;
    int64_t set = std::upper_bound(first_tiles.begin(), first_tiles.end(), block_.first_tile) - first_tiles.begin() - 1;
    for (int64_t t = 0, next_first = -1; t < num_tiles_; ++t) {
      const int64_t tile = block_.first_tile + t;
      while (tile >= first_tiles[set + 1]) {
        ++set;
        next_first = 0;
      }
      // Tiles of nearly equal height rather than a low one at the end: all run at full speed.
      const int64_t index = tile - first_tiles[set], tiles = first_tiles[set + 1] - first_tiles[set];
      const int64_t rows_of_set = plan_.shape_.rows[set].count;
      TileRows& found = tiles_[t];
      found.set = set;
      found.first = next_first < 0 ? PartBegin(rows_of_set, tiles, index) : next_first;
      next_first = PartBegin(rows_of_set, tiles, index + 1);
      found.count = static_cast<int>(next_first - found.first);
      found.a = pointers_ + t * plan_.pointers_per_tile();
      const float** c = found.a + kMaxTileRows * plan_.shape_.runs;
      found.c = const_cast<float**>(c);
      found.residual = epilogue_.has_residual ? c + kMaxTileRows : nullptr;
      rows(found);
    }
  }

  // Several full panels for a lone tile of a few rows, else one.
  int64_t PanelsAtOnce(int64_t panel, int64_t panels_left) const {
    const int64_t most = num_tiles_ == 1 ? target_.panels_at_once[tiles_[0].count] : 1;
    const bool all_full = (panel + most) * target_.panel_width <= layout_.n;
    return most <= panels_left && all_full ? most : 1;
  }

  GemmTileFn MicroKernel(int64_t panel, int64_t num_panels, int count) const {
    if (num_panels > 1) return target_.full[count];
    if (layout_.panel_columns(panel) == target_.panel_width) return target_.single[count];
    return target_.tail[count][layout_.panel_vectors(panel)];
  }

  void RunPanels(int64_t group, int64_t panel, int64_t num_panels) {
    GemmTile tile;
    tile.b = packed_ + group * layout_.num_elements() + layout_.panel_offset(panel);
    tile.panel_stride = layout_.k * target_.panel_width;
    tile.column = group * layout_.n + panel * target_.panel_width;
    tile.columns = layout_.panel_columns(panel) + static_cast<int>(num_panels - 1) * target_.panel_width;
    tile.bias = epilogue_.bias == nullptr ? nullptr : epilogue_.bias + tile.column;
    tile.lower = limits_.lower;
    tile.upper = limits_.upper;
    tile.sums_stride = target_.panel_width;
    const int64_t width = layout_.panel_vectors(panel) * target_.vector_width;
    for (const Piece& piece : plan_.pieces_) {
      tile.a_offset = group * plan_.shape_.group_stride + piece.a_offset;
      tile.run_length = piece.run_length;
      for (int64_t t = 0; t < num_tiles_;) {
        if (const int64_t count = TilesInColumn(t, num_panels); count > 0) {
          RunColumn(t, count, panel, tile);
          t += count;
          continue;
        }
        PrefetchNext(t, piece, width, tile);
        RunTile(t, piece, MicroKernel(panel, num_panels, tiles_[t].count), tile);
        ++t;
      }
    }
  }

  // How many tiles from `t` on one call can do.
  int64_t TilesInColumn(int64_t t, int64_t num_panels) const {
    if (!plan_.is_matrix() || !block_.panels_are_cached || num_panels > 1) return 0;
    int64_t end = t;
    while (end < num_tiles_ && tiles_[end].count == kMaxTileRows) ++end;
    return end - t;
  }

  void RunColumn(int64_t t, int64_t count, int64_t panel, const GemmTile& tile) const {
    GemmTileColumn tiles;
    tiles.a = tiles_[t].a;
    tiles.c = tiles_[t].c;
    tiles.residual = tiles_[t].residual;
    tiles.step = plan_.pointers_per_tile();
    tiles.count = count;
    tiles.a_offset = tile.a_offset;
    tiles.k = tile.run_length;
    tiles.b = tile.b;
    tiles.bias = tile.bias;
    tiles.column = tile.column;
    tiles.columns = tile.columns;
    tiles.lower = tile.lower;
    tiles.upper = tile.upper;
    const bool is_full = tile.columns == target_.panel_width;
    (is_full ? target_.full_column : target_.tail_column[layout_.panel_vectors(panel)])(tiles);
    if (limits_.complete) return;
    for (int64_t i = t; i < t + count; ++i) ActivateTile(tiles_[i], tile);
  }

  void ActivateTile(const TileRows& rows, const GemmTile& tile) const {
    for (int i = 0; i < rows.count; ++i) {
      target_.activate(epilogue_.activation, rows.c[i] + tile.column, tile.columns);
    }
  }

  // Each tile prefetches its share of what follows the piece in memory: the next piece, or the next panel's first.
  void PrefetchNext(int64_t t, const Piece& piece, int64_t width, GemmTile& tile) const {
    if (block_.panels_are_cached || num_tiles_ == 1) return SetNoPrefetch(tile);
    SetPrefetch(tile.b + (piece.first_k + piece.size) * width, piece.size * width, piece.size, t, num_tiles_, tile);
  }

  void RunTile(int64_t t, const Piece& piece, GemmTileFn micro_kernel, GemmTile& tile) const {
    const TileRows& rows = tiles_[t];
    const Slice& slice = piece.slices[rows.set];
    float* sums = sums_ + t * kMaxTileRows * target_.panel_width;
    const bool is_last = &piece == &plan_.pieces_.back();
    tile.a = rows.a + slice.first_run * rows.count;
    tile.runs = static_cast<int64_t>(slice.b_rows.size());
    tile.b_rows = slice.b_rows.data();
    tile.c = rows.c;
    tile.residual = rows.residual;
    tile.sums_in = &piece == &plan_.pieces_.front() ? nullptr : sums;
    tile.sums_out = is_last ? nullptr : sums;
    micro_kernel(tile);
    if (is_last && !limits_.complete) ActivateTile(rows, tile);
  }

  const GemmPlan& plan_;
  const PackedLayout& layout_;
  const GemmTarget& target_;
  const Block& block_;
  const float* packed_;
  const Epilogue& epilogue_;
  const Limits limits_;
  const int64_t num_tiles_;
  float* sums_;             // [tile][row][column] of unfinished sums
  const float** pointers_;  // of each tile: A's, C's, the residual's
  TileRows tiles_[kMaxTilesPerBlock];
};

void GemmPlan::RunTask(int task, const float* packed, const Epilogue& epilogue, RowSource rows, char* workspace) const {
  const int64_t row_task = task / panel_tasks_, panel_task = task % panel_tasks_;
  const int64_t tiles_begin = PartBegin(num_tiles(), row_tasks_, row_task);
  const int64_t tiles_end = PartBegin(num_tiles(), row_tasks_, row_task + 1);
  const int64_t panels_begin = PartBegin(num_panels(), panel_tasks_, panel_task);
  const int64_t panels_end = PartBegin(num_panels(), panel_tasks_, panel_task + 1);
  const bool all_cached = packed_size() * static_cast<int64_t>(sizeof(float)) <= kCacheBytes;
  for (int64_t panel = panels_begin; panel < panels_end; panel += panels_per_block_) {
    for (int64_t tile = tiles_begin; tile < tiles_end; tile += tiles_per_block_) {
      Block block;
      block.first_tile = tile;
      block.last_tile = std::min(tile + tiles_per_block_, tiles_end);
      block.first_panel = panel;
      block.last_panel = std::min(panel + panels_per_block_, panels_end);
      block.panels_are_cached = all_cached || tile > tiles_begin;
      BlockRun(*this, block, packed, epilogue, workspace).Run(rows);
    }
  }
}

}  // namespace baryon::kernels
