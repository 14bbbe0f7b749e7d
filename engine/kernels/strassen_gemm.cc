#include "engine/kernels/strassen_gemm.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/kernels/limits.h"
#include "engine/kernels/parts.h"
#include "engine/kernels/weight_price.h"

namespace baryon::kernels {
namespace {

constexpr int64_t kFloat = sizeof(float);
constexpr int64_t kLeastBlockBytes = 512 << 10;  // half of the second level of the cache
constexpr int64_t kMostBlockBytes = 2 << 20;
constexpr int64_t kLeastTiles = 32;  // of a block with one level: each reads all weights, which are megabytes

// What the work costs in cycles, where a multiplication of 16 numbers takes one: an ordinary product for each vector of
// C beside its multiplications, a product of tiles likewise, and the sums before and after these for each vector of a
// part of a tile. Measured.
constexpr double kMultiply = 1.02, kStore = 7, kStoreSums = 3.5;
constexpr double kInputCost[] = {0, 30, 190}, kOutputCost[] = {0, 34, 190};
constexpr double kLeastGain = 1.05;

// With two levels the products' own sizes are a quarter of the whole: smaller ones than this spend their time on the
// sums, which then leave the cache.
constexpr int64_t kLeastQuarter = 64;

// The weights grow threefold with two levels, by three quarters with one: with fewer rows of an item than this the time
// goes into reading them, and memory into keeping them. (Several items would pay for reading, but must give the bits of
// one.)
constexpr int64_t kLeastRowsOfTwoLevels = 128;

// As many tiles as their left sides and sums leave room for in the cache; more where weights are large, which are read
// once for each block, and still more where a single panel reads the left sides: they need not stay.
int64_t MostTiles(const StrassenShape& shape, int levels, const GemmTarget& target) {
  const int64_t parts = StrassenParts(levels), products = StrassenProducts(levels);
  const int64_t k = shape.k() / parts, columns = shape.columns / parts;
  const int64_t times_read = columns <= target.panel_width ? 1 : 2;
  const int64_t weight_bytes = products * k * columns * kFloat;
  const int64_t tile_bytes = products * (k + target.panel_width) * kFloat;
  const int64_t block_bytes =
      std::clamp(weight_bytes / (2 * times_read), kLeastBlockBytes, kMostBlockBytes / times_read);
  return std::max<int64_t>(block_bytes / tile_bytes, levels == 1 ? kLeastTiles : 1);
}

TileBlocks MakeBlocks(const StrassenShape& shape, int levels, const GemmTarget& target, int num_threads) {
  const int64_t parts = StrassenParts(levels);
  return TileBlocks(shape.items * CeilDiv(shape.rows_per_item, parts), MostTiles(shape, levels, target),
                    CeilDiv(shape.columns / parts, target.panel_width), num_threads);
}

}  // namespace

bool StrassenGemmPlan::Supports(const StrassenShape& shape, int levels) {
  const int64_t parts = StrassenParts(levels);
  return shape.run_length > 0 && shape.run_length % parts == 0 && shape.columns > 0 && shape.columns % parts == 0;
}

int StrassenGemmPlan::BestLevels(const StrassenShape& shape, int most) {
  // Vectors of 16, of which the last may be a part only.
  const auto vectors = [&](int64_t elements) {
    const int64_t width = ActiveGemmTarget().vector_width;
    return static_cast<double>(CeilDiv(elements, width) * width) / 16;
  };
  const auto keeping = [&](int64_t products, int64_t parts) {
    const int64_t bytes = products * (shape.k() / parts) * (shape.columns / parts) * kFloat;
    return PriceOfWeights(static_cast<double>(bytes)) / 16;
  };
  int best = 0;
  double least = static_cast<double>(shape.rows_per_item) * vectors(shape.columns) *
                     (static_cast<double>(shape.k()) * kMultiply + kStore) / kLeastGain +
                 keeping(1, 1);
  for (int levels = 1; levels <= most; ++levels) {
    if (!Supports(shape, levels)) continue;
    if (levels > 1 && shape.rows_per_item < kLeastRowsOfTwoLevels) continue;
    const int64_t parts = StrassenParts(levels), k = shape.k() / parts;
    if (levels > 1 && std::min(k, shape.columns / parts) < kLeastQuarter) continue;
    const double columns = vectors(shape.columns / parts);
    const double products =
        static_cast<double>(StrassenProducts(levels)) * (static_cast<double>(k) * kMultiply + kStoreSums);
    const double cost = static_cast<double>(CeilDiv(shape.rows_per_item, parts)) *
                            (columns * (products + kOutputCost[levels]) + vectors(k) * kInputCost[levels]) +
                        keeping(StrassenProducts(levels), parts);
    if (cost >= least) continue;
    least = cost;
    best = levels;
  }
  return best;
}

StrassenGemmPlan::StrassenGemmPlan(const StrassenShape& shape, int levels, const GemmTarget& target, int num_threads)
    : shape_(shape),
      levels_(levels),
      target_(target),
      transforms_(ActiveStrassenTarget()),
      blocks_(MakeBlocks(shape, levels, target, num_threads)),
      products_(target, StrassenProducts(levels), shape.k() / StrassenParts(levels),
                shape.columns / StrassenParts(levels), blocks_.tiles_per_block) {}

std::string StrassenGemmPlan::ToString() const {
  return absl::StrCat("strassen ", levels_ == 1 ? "7" : "7x7", " ", target_.name, ", ", blocks_.num_blocks, " block x ",
                      blocks_.panel_tasks, " panel tasks");
}

std::string StrassenGemmPlan::PackedForm() const { return absl::StrCat("strassen ", levels_, " ", target_.name); }

int64_t StrassenGemmPlan::num_multiplications() const {
  return blocks_.tiles * products_.products() * products_.k() * part_columns();
}

int64_t StrassenGemmPlan::workspace_bytes() const {
  const int64_t pointers = (shape_.runs + 2 * blocks_.tiles_per_block) * parts();
  return (products_.left_size() + products_.sums_size()) * kFloat + pointers * static_cast<int64_t>(sizeof(float*));
}

void StrassenGemmPlan::Pack(const float* source, absl::Span<const int64_t> row_offsets, int64_t column_stride,
                            float* packed) const {
  constexpr int64_t kRowsAtOnce = 16;  // a line of a source whose rows are neighbours
  for (int64_t panel = 0; panel < products_.num_panels(); ++panel) {
    for (int64_t run = 0; run < shape_.runs; ++run) {
      for (int64_t first = 0; first < part_length(); first += kRowsAtOnce) {
        const int64_t count = std::min(kRowsAtOnce, part_length() - first);
        PackChunk(source, row_offsets, column_stride, panel, run, first, count, packed);
      }
    }
  }
}

// Elements [first, first + count) of all parts of a run, columns of one panel.
void StrassenGemmPlan::PackChunk(const float* source, absl::Span<const int64_t> row_offsets, int64_t column_stride,
                                 int64_t panel, int64_t run, int64_t first, int64_t count, float* packed) const {
  constexpr int64_t kMostRows = 16, kMostWidth = 64;
  constexpr int64_t kMostBlocks = StrassenParts(kMostStrassenLevels) * StrassenParts(kMostStrassenLevels);
  const int64_t columns = products_.panel_columns(panel), width = products_.panel_width(panel);
  std::vector<float> blocks(kMostBlocks * kMostRows * kMostWidth);  // [block][row][column], beyond the last column 0
  for (int64_t i = 0; i < parts(); ++i) {
    const int64_t* rows = row_offsets.data() + run * shape_.run_length + i * part_length() + first;
    for (int64_t j = 0; j < parts(); ++j) {
      float* block = blocks.data() + (i * parts() + j) * kMostRows * kMostWidth;
      for (int64_t column = 0; column < columns; ++column) {
        const int64_t n = j * part_columns() + products_.panel_first(panel) + column;
        for (int64_t row = 0; row < count; ++row) {
          block[row * kMostWidth + column] = source[rows[row] + n * column_stride];
        }
      }
    }
  }
  StrassenWeightTile tile;
  tile.step = kMostRows * kMostWidth;
  tile.out_step = products_.k() * width;
  tile.count = width;
  for (int64_t row = 0; row < count; ++row) {
    tile.in = blocks.data() + row * kMostWidth;
    tile.out = packed + products_.panel_offset(panel) + (run * part_length() + first + row) * width;
    transforms_.weight[levels_ - 1](tile);
  }
}

// One block of tiles, some panels.
class StrassenGemmPlan::TaskRun {
 public:
  TaskRun(const StrassenGemmPlan& plan, int64_t block, const float* packed, const Epilogue& epilogue, char* workspace)
      : plan_(plan),
        products_(plan.products_),
        packed_(packed),
        epilogue_(epilogue),
        limits_(LimitsOf(epilogue.activation)),
        first_tile_(block * plan.blocks_.tiles_per_block),
        num_tiles_(std::min(plan.blocks_.tiles_per_block, plan.blocks_.tiles - first_tile_)),
        left_(reinterpret_cast<float*>(workspace)),
        sums_(left_ + products_.left_size()),
        a_(reinterpret_cast<const float**>(sums_ + products_.sums_size())),
        c_(const_cast<float**>(a_ + plan.shape_.runs * plan.parts())),
        residual_(const_cast<const float**>(c_ + plan.blocks_.tiles_per_block * plan.parts())) {}

  void MakeLeftSides(RowSource rows) {
    const int64_t parts = plan_.parts(), part = plan_.part_length();
    StrassenInputTile input;
    const float* run_rows[StrassenParts(kMostStrassenLevels)];
    input.rows = run_rows;
    input.part = part;
    input.out_step = products_.left_product_step();
    for (int64_t t = 0; t < num_tiles_; ++t) {
      const int count = FindRows(t, rows);
      for (int64_t run = 0; run < plan_.shape_.runs; ++run) {
        // Rows that are not there are computed like the last one, for nobody.
        for (int64_t i = 0; i < parts; ++i) run_rows[i] = a_[run * count + std::min<int64_t>(i, count - 1)];
        input.out = left_ + t * products_.left_tile_step() + run * part;
        plan_.transforms_.input[plan_.levels_ - 1](input);
      }
    }
  }

  void MultiplyPanel(int64_t panel) {
    products_.Multiply(panel, num_tiles_, left_, packed_, sums_);
    const int64_t parts = plan_.parts(), column = products_.panel_first(panel);
    float* out[StrassenParts(kMostStrassenLevels)];
    const float* residual[StrassenParts(kMostStrassenLevels)];
    StrassenOutputTile output;
    output.in_step = products_.sums_product_step();
    output.columns = products_.panel_columns(panel);
    output.part = plan_.part_columns();
    output.out = out;
    output.residual = epilogue_.has_residual ? residual : nullptr;
    output.bias = epilogue_.bias == nullptr ? nullptr : epilogue_.bias + column;
    output.lower = limits_.lower;
    output.upper = limits_.upper;
    for (int64_t t = 0; t < num_tiles_; ++t) {
      output.in = sums_ + t * products_.sums_tile_step();
      for (int64_t i = 0; i < parts; ++i) {
        float* row = c_[t * parts + i];
        out[i] = row == nullptr ? nullptr : row + column;
        if (epilogue_.has_residual && row != nullptr) residual[i] = residual_[t * parts + i] + column;
      }
      plan_.transforms_.output[plan_.levels_ - 1](output);
      if (!limits_.complete) Activate(output);
    }
  }

 private:
  // Asks for the rows of a tile: their number, their runs in a_, and where they go. Beyond them C's rows are nullptr.
  int FindRows(int64_t t, RowSource rows) {
    const int64_t parts = plan_.parts(), tile = first_tile_ + t;
    const int64_t item = tile / plan_.tiles_per_item(), row = tile % plan_.tiles_per_item() * parts;
    TileRows found;
    found.set = 0;
    found.first = item * plan_.shape_.rows_per_item + row;
    found.count = static_cast<int>(std::min(parts, plan_.shape_.rows_per_item - row));
    found.a = a_;
    found.c = c_ + t * parts;
    found.residual = epilogue_.has_residual ? residual_ + t * parts : nullptr;
    rows(found);
    std::fill(found.c + found.count, found.c + parts, nullptr);
    return found.count;
  }

  void Activate(const StrassenOutputTile& output) const {
    for (int64_t i = 0; i < plan_.parts(); ++i) {
      if (output.out[i] == nullptr) continue;
      for (int64_t part = 0; part < plan_.parts(); ++part) {
        plan_.target_.activate(epilogue_.activation, output.out[i] + part * output.part, output.columns);
      }
    }
  }

  const StrassenGemmPlan& plan_;
  const TileProducts& products_;
  const float* packed_;
  const Epilogue& epilogue_;
  const Limits limits_;
  const int64_t first_tile_, num_tiles_;
  float *left_, *sums_;
  const float** a_;         // of one tile, [run][row]
  float** c_;               // of each tile, [row]
  const float** residual_;  // likewise
};

void StrassenGemmPlan::RunTask(int task, const float* packed, const Epilogue& epilogue, RowSource rows,
                               char* workspace) const {
  const int64_t block = task / blocks_.panel_tasks, part = task % blocks_.panel_tasks;
  TaskRun run(*this, block, packed, epilogue, workspace);
  run.MakeLeftSides(rows);
  const int64_t last_panel = products_.num_panels() * (part + 1) / blocks_.panel_tasks;
  for (int64_t panel = products_.num_panels() * part / blocks_.panel_tasks; panel < last_panel; ++panel) {
    run.MultiplyPanel(panel);
  }
}

}  // namespace baryon::kernels
