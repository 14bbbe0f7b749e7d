// Tiles are worked off in blocks. A block's inputs are transformed into [tile][product][channel] once; then panel of
// filters by panel, all products of the block are multiplied into [tile][product][column], which stays in the first
// levels of the cache, and transformed back. The transformed inputs are read once for each panel, 4 bytes for 64
// multiplications, which any level of the cache can deliver; the weights are read once for each block, so blocks are
// large where weights are.
//
// Threads share the work by blocks, or where tiles are few by panels: then each transforms all inputs, which costs a
// hundredth of the products there, and reads its own part of the weights only.
#include "engine/kernels/winograd_conv.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "engine/kernels/limits.h"

namespace baryon::kernels {
namespace {

constexpr int64_t kLine = 16;                    // floats
constexpr int64_t kLeastBlockBytes = 512 << 10;  // half of the second level of the cache
constexpr int64_t kMostBlockBytes = 2 << 20;
constexpr int64_t kMostEdge = 6, kMostOutputs = 16;

// What parts of the work cost, in multiplications of a matrix product: transforming one channel of a tile there and
// back, and bringing a byte of the weights from memory. Measured.
constexpr double kInputCost[] = {60, 165}, kOutputCost[] = {40, 130};
constexpr double kByteFromMemory = 1.9, kByteFromCache = 0.6;
constexpr double kCacheBytes = 16 << 20;

int64_t CeilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }
int64_t RoundUp(int64_t a, int64_t b) { return CeilDiv(a, b) * b; }

// The time of an image, in multiplications.
double CostOf(const ConvGeometry& g, int m) {
  const double tiles = static_cast<double>(CeilDiv(g.out[1], m) * CeilDiv(g.out[2], m));
  const double weights = static_cast<double>(g.channels * g.filters), products = (m + 2) * (m + 2);
  const double bytes = products * weights * sizeof(float);
  const double reading = bytes * (bytes > kCacheBytes ? kByteFromMemory : kByteFromCache);
  const double transforms = tiles * (static_cast<double>(g.channels) * kInputCost[m / 4] +
                                     static_cast<double>(g.filters) * kOutputCost[m / 4]);
  return std::max(tiles * products * weights, reading) + transforms;
}

}  // namespace

bool WinogradConvPlan::Supports(const ConvGeometry& g) {
  const Extents ones = {1, 1, 1};
  return g.groups == 1 && !g.transposed && g.kernel == Extents{1, 3, 3} && g.stride == ones && g.dilation == ones &&
         g.in[0] == 1 && g.out[0] == 1 && g.pad[0] == 0;
}

int WinogradConvPlan::BestTile(const ConvGeometry& geometry, int most) {
  constexpr int64_t kFewChannels = 16;
  if (!Supports(geometry) || geometry.channels < kFewChannels || geometry.filters < kFewChannels) return 0;
  double least = static_cast<double>(geometry.out_pixels() * 9 * geometry.channels * geometry.filters);
  int best = 0;
  for (int m = 2; m <= most; m += 2) {
    const double cost = CostOf(geometry, m);
    if (cost >= least) continue;
    least = cost;
    best = m;
  }
  return best;
}

WinogradConvPlan::WinogradConvPlan(const ConvGeometry& geometry, const ConvOptions& options, int m)
    : geometry_(geometry),
      options_(options),
      m_(m),
      transforms_(ActiveWinogradTarget()),
      target_(ActiveGemmTarget()),
      zeros_(geometry.channels, 0.0f),
      tiles_y_(CeilDiv(geometry.out[1], m)),
      tiles_x_(CeilDiv(geometry.out[2], m)),
      num_tiles_(geometry.batch * tiles_y_ * tiles_x_),
      full_panels_(geometry.filters / target_.panel_width),
      last_columns_(geometry.filters % target_.panel_width),
      // An odd number of lines: a power of two would send all products of a tile to the same place of the cache.
      product_step_((CeilDiv(geometry.channels, kLine) | 1) * kLine) {
  if (options_.in_stride == 0) options_.in_stride = geometry.channels;
  if (options_.out_stride == 0) options_.out_stride = geometry.filters;
  if (options_.residual_stride == 0) options_.residual_stride = geometry.filters;
  CutIntoTasks(options.num_threads);
  if (full_panels_ > 0) full_ = MakePanelPlan(target_.panel_width);
  if (last_columns_ > 0) last_ = MakePanelPlan(last_columns_);
}

void WinogradConvPlan::CutIntoTasks(int num_threads) {
  if (num_tiles_ == 0) return;
  const int64_t weight_bytes =
      products() * geometry_.channels * geometry_.filters * static_cast<int64_t>(sizeof(float));
  const int64_t tile_bytes = products() * (product_step_ + target_.panel_width) * static_cast<int64_t>(sizeof(float));
  const int64_t block_bytes = std::clamp(weight_bytes / 4, kLeastBlockBytes, kMostBlockBytes);
  const int64_t most_tiles = std::max<int64_t>(block_bytes / tile_bytes / kMaxTileRows, 1) * kMaxTileRows;
  num_blocks_ = CeilDiv(num_tiles_, most_tiles);
  if (num_threads > 1 && num_blocks_ < 2 * num_threads) {
    const bool few_tiles = num_tiles_ < 4 * kMaxTileRows * num_threads;
    if (few_tiles && num_panels() >= num_threads) {
      panel_tasks_ = num_threads;
    } else {
      num_blocks_ = RoundUp(num_blocks_, num_threads);
    }
  }
  tiles_per_block_ = CeilDiv(num_tiles_, num_blocks_);
  num_blocks_ = CeilDiv(num_tiles_, tiles_per_block_);
}

WinogradConvPlan::PanelPlan WinogradConvPlan::MakePanelPlan(int64_t columns) const {
  GemmShape shape = GemmShape::Matrix(tiles_per_block_, geometry_.channels, columns);
  shape.groups = products();
  shape.group_stride = product_step_;
  PanelPlan plan;
  plan.block = GemmPlan(shape, target_, 1);
  shape.rows[0].count = num_tiles_ - (num_blocks_ - 1) * tiles_per_block_;
  plan.last_block = GemmPlan(shape, target_, 1);
  return plan;
}

std::string WinogradConvPlan::ToString() const {
  return absl::StrCat("winograd ", m_, "x", m_, " ", target_.name, ", ", num_blocks_, " block x ", panel_tasks_,
                      " panel tasks");
}

std::string WinogradConvPlan::PackedForm() const { return absl::StrCat("winograd ", m_, " ", target_.name); }

int64_t WinogradConvPlan::transformed_size() const { return tiles_per_block_ * products() * product_step_; }

int64_t WinogradConvPlan::sums_size() const {
  return RoundUp(tiles_per_block_ * products() * target_.panel_width + kLine, kLine);
}

int64_t WinogradConvPlan::workspace_bytes() const {
  const int64_t gemm = std::max({full_.block.workspace_bytes(), full_.last_block.workspace_bytes(),
                                 last_.block.workspace_bytes(), last_.last_block.workspace_bytes()});
  return (transformed_size() + sums_size()) * static_cast<int64_t>(sizeof(float)) + gemm;
}

void WinogradConvPlan::Pack(const float* weight, const WeightStrides& strides, float* packed) const {
  for (int64_t panel = 0; panel < num_panels(); ++panel) {
    PackPanel(weight, strides, panel, packed + panel * full_.packed_size());
  }
}

void WinogradConvPlan::PackPanel(const float* weight, const WeightStrides& strides, int64_t panel,
                                 float* packed) const {
  constexpr int64_t kMostWidth = 64;
  const int64_t first = panel * target_.panel_width, columns = columns_of(panel);
  const int64_t width = RoundUp(columns, target_.vector_width);
  std::vector<float> kernels(9 * kMostWidth);  // [position][column], the columns beyond the last 0
  WinogradWeightTile tile;
  tile.in = kernels.data();
  tile.step = kMostWidth;
  tile.out_step = geometry_.channels * width;
  tile.count = width;
  for (int64_t c = 0; c < geometry_.channels; ++c) {
    for (int64_t j = 0; j < columns; ++j) {
      const float* source = weight + (first + j) * strides.filter + c * strides.channel;
      for (int64_t p = 0; p < 9; ++p) kernels[p * kMostWidth + j] = source[p * strides.position];
    }
    tile.out = packed + c * width;
    transforms_.weight[m_ / 4](tile);
  }
}

WinogradConvPlan::TileOrigin WinogradConvPlan::OriginOf(int64_t tile) const {
  const int64_t image = tile / tiles_per_image(), index = tile % tiles_per_image();
  return {image, index / tiles_x_ * m_, index % tiles_x_ * m_};
}

void WinogradConvPlan::TransformInputs(int64_t first, int64_t count, const ConvOperands& operands,
                                       float* transformed) const {
  const int64_t height = geometry_.in[1], width = geometry_.in[2];
  const float* pixels[kMostEdge * kMostEdge];
  WinogradInputTile tile = {pixels, transformed, product_step_, geometry_.channels};
  for (int64_t i = first; i < first + count; ++i, tile.out += products() * product_step_) {
    const TileOrigin origin = OriginOf(i);
    const float* image = operands.in + origin.image * height * width * options_.in_stride;
    for (int64_t p = 0; p < products(); ++p) {
      const int64_t y = origin.y - geometry_.pad[1] + p / edge(), x = origin.x - geometry_.pad[2] + p % edge();
      const bool inside = y >= 0 && y < height && x >= 0 && x < width;
      pixels[p] = inside ? image + (y * width + x) * options_.in_stride : zeros_.data();
    }
    transforms_.input[m_ / 4](tile);
  }
}

void WinogradConvPlan::TransformSums(int64_t first, int64_t count, int64_t panel, const float* sums,
                                     const ConvOperands& operands) const {
  const int64_t column = panel * target_.panel_width, outputs = m_ * m_;
  const Limits limits = LimitsOf(operands.activation);
  float* out[kMostOutputs];
  const float* residual[kMostOutputs];
  WinogradOutputTile tile;
  tile.in = sums;
  tile.in_step = tile.columns = columns_of(panel);
  tile.out = out;
  tile.residual = operands.residual != nullptr ? residual : nullptr;
  tile.bias = operands.bias != nullptr ? operands.bias + column : nullptr;
  tile.lower = limits.lower;
  tile.upper = limits.upper;
  for (int64_t i = first; i < first + count; ++i, tile.in += products() * tile.in_step) {
    const TileOrigin origin = OriginOf(i);
    for (int64_t p = 0; p < outputs; ++p) {
      const int64_t y = origin.y + p / m_, x = origin.x + p % m_;
      const bool inside = y < geometry_.out[1] && x < geometry_.out[2];
      const int64_t pixel = (origin.image * geometry_.out[1] + y) * geometry_.out[2] + x;
      out[p] = inside ? operands.out + pixel * options_.out_stride + column : nullptr;
      if (tile.residual != nullptr && inside)
        residual[p] = operands.residual + pixel * options_.residual_stride + column;
    }
    transforms_.output[m_ / 4](tile);
    if (limits.complete) continue;
    for (int64_t p = 0; p < outputs; ++p) {
      if (out[p] != nullptr) target_.activate(operands.activation, out[p], tile.columns);
    }
  }
}

void WinogradConvPlan::RunTask(int task, const ConvOperands& operands, char* workspace) const {
  const int64_t block = task / panel_tasks_, part = task % panel_tasks_;
  const int64_t first = block * tiles_per_block_, count = std::min(tiles_per_block_, num_tiles_ - first);
  float* transformed = reinterpret_cast<float*>(workspace);
  float* sums = transformed + transformed_size();
  char* scratch = reinterpret_cast<char*>(sums + sums_size());

  TransformInputs(first, count, operands, transformed);
  const int64_t last_panel = num_panels() * (part + 1) / panel_tasks_;
  for (int64_t panel = num_panels() * part / panel_tasks_; panel < last_panel; ++panel) {
    const PanelPlan& plan = panel < full_panels_ ? full_ : last_;
    const GemmPlan& gemm = block + 1 < num_blocks_ ? plan.block : plan.last_block;
    const MatrixRows rows = {transformed, products() * product_step_, sums, products() * columns_of(panel)};
    gemm.RunTask(0, operands.packed + panel * full_.packed_size(), Epilogue(), rows, scratch);
    TransformSums(first, count, panel, sums, operands);
  }
}

}  // namespace baryon::kernels
