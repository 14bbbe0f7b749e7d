// A task makes a band of rows of tiles. It copies the input that these read into a strip of pixels at half resolution,
// [row][column][16]: channel (c * 2 + dy) * 2 + dx has channel c of input pixel (2 row + dy, 2 column + dx), zeros
// beyond the border and the last channel. Then it works like winograd_conv.cc, a few tiles at a time: with so few
// channels the products are cheap, and what counts is that their sums stay close.
#include "engine/kernels/phase_conv.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "engine/kernels/parts.h"
#include "engine/kernels/pixel_rows.h"

namespace baryon::kernels {
namespace {

constexpr int64_t kStride = 2, kTaps = 4, kOutputs = 3;
constexpr int64_t kLanes = 16;  // of a pixel of the strip
constexpr int64_t kTilesPerBlock = 3 * kMaxTileRows;
constexpr int64_t kStripBytes = 192 << 10;  // a strip stays in the second level of the cache

}  // namespace

bool PhaseConvPlan::Supports(const ConvGeometry& g) {
  return g.groups == 1 && !g.transposed && g.kernel == Extents{1, 7, 7} && g.stride == Extents{1, kStride, kStride} &&
         g.dilation == Extents{1, 1, 1} && g.in[0] == 1 && g.out[0] == 1 && g.pad[0] == 0 &&
         g.channels * kStride * kStride <= kLanes;
}

bool PhaseConvPlan::Pays(const ConvGeometry& g) {
  constexpr int64_t kFewFilters = 16;
  const int64_t computed = CeilDiv(g.out[1], kOutputs) * CeilDiv(g.out[2], kOutputs) * kOutputs * kOutputs;
  return Supports(g) && g.channels > 1 && g.filters >= kFewFilters && computed * 2 <= g.out_pixels() * 3;
}

PhaseConvPlan::PhaseConvPlan(const ConvGeometry& geometry, const ConvOptions& options, bool channels_first)
    : geometry_(geometry),
      options_(WithStrides(options, geometry)),
      channels_first_(channels_first),
      transforms_(ActiveWinogradTransforms(kOutputs, kTaps)),
      grid_(geometry_, options_, transforms_),
      rows_per_band_(RowsPerBand(options.num_threads)),
      products_(ActiveGemmTarget(), transforms_.products(), geometry.channels * kStride * kStride, geometry.filters,
                kTilesPerBlock) {}

// As many as a strip has room for, and for several threads four bands each at least.
int64_t PhaseConvPlan::RowsPerBand(int num_threads) const {
  const int64_t shared = num_threads > 1 ? CeilDiv(grid_.tiles_y(), 4 * num_threads) : grid_.tiles_y();
  int64_t rows = std::max<int64_t>(shared, 1);
  while (rows > 1 && StripSize(rows) * static_cast<int64_t>(sizeof(float)) > kStripBytes) rows = CeilDiv(rows, 2);
  return rows;
}

std::string PhaseConvPlan::ToString() const {
  return absl::StrCat("winograd 3x3 of 4x4 ", ActiveGemmTarget().name, channels_first_ ? ", channels first, " : ", ",
                      num_tasks(), " bands");
}

std::string PhaseConvPlan::PackedForm() const { return absl::StrCat("winograd 3 of 4 ", ActiveGemmTarget().name); }

int64_t PhaseConvPlan::StripSize(int64_t tile_rows) const { return StripRows(tile_rows) * strip_width() * kLanes; }

int64_t PhaseConvPlan::workspace_bytes() const {
  return (StripSize(rows_per_band_) + products_.left_size() + products_.sums_size()) *
         static_cast<int64_t>(sizeof(float));
}

void PhaseConvPlan::Pack(const float* weight, const WeightStrides& strides, float* packed) const {
  const auto read = [&](int64_t filter, int64_t channel, float* kernel, int64_t step) {
    const int64_t c = channel / 4, dy = channel / 2 % 2, dx = channel % 2;
    const float* source = weight + filter * strides.filter + c * strides.channel;
    for (int64_t p = 0; p < kTaps * kTaps; ++p) {
      const int64_t y = p / kTaps * kStride + dy, x = p % kTaps * kStride + dx;
      const bool inside = y < geometry_.kernel[1] && x < geometry_.kernel[2];
      kernel[p * step] = inside ? source[(y * geometry_.kernel[2] + x) * strides.position] : 0;
    }
  };
  PackWinogradWeights(transforms_, products_, read, packed);
}

// The strip's row whose first input row is `y`.
void PhaseConvPlan::CopyStripRow(const float* image, int64_t y, float* row) const {
  const int64_t width = geometry_.in[2], pixel_step = channels_first_ ? 1 : options_.in_stride;
  const int64_t channel_step = channels_first_ ? geometry_.in_pixels() : 1;
  // Pixels [first, last) lie inside with both their columns.
  const int64_t first = std::min(CeilDiv(geometry_.pad[2], kStride), strip_width());
  const int64_t last = std::clamp((width + geometry_.pad[2]) / kStride, first, strip_width());
  std::fill_n(row, strip_width() * kLanes, 0.0f);
  for (int64_t c = 0; c < geometry_.channels; ++c) {
    for (int64_t dy = 0; dy < kStride; ++dy) {
      if (y + dy < 0 || y + dy >= geometry_.in[1]) continue;
      const float* from = image + (y + dy) * width * pixel_step + c * channel_step;
      float* to = row + (c * kStride + dy) * kStride;
      const auto copy_one = [&](int64_t pixel) {
        for (int64_t dx = 0; dx < kStride; ++dx) {
          const int64_t x = pixel * kStride - geometry_.pad[2] + dx;
          if (x >= 0 && x < width) to[pixel * kLanes + dx] = from[x * pixel_step];
        }
      };
      for (int64_t pixel = 0; pixel < first; ++pixel) copy_one(pixel);
      if (channels_first_) {
        const float* pair = from + first * kStride - geometry_.pad[2];
        for (int64_t pixel = first; pixel < last; ++pixel, pair += kStride) {
          std::memcpy(to + pixel * kLanes, pair, kStride * sizeof(float));
        }
      } else {
        for (int64_t pixel = first; pixel < last; ++pixel) copy_one(pixel);
      }
      for (int64_t pixel = last; pixel < strip_width(); ++pixel) copy_one(pixel);
    }
  }
}

// `first_row`: the first output row of the strip.
void PhaseConvPlan::TransformInputs(int64_t first, int64_t count, int64_t first_row, const float* strip,
                                    float* left) const {
  const float* pixels[kMostWinogradEdge * kMostWinogradEdge];
  const int64_t edge = transforms_.edge();
  WinogradInputTile tile = {pixels, left, products_.left_product_step(), kLanes};
  for (int64_t i = first; i < first + count; ++i, tile.out += products_.left_tile_step()) {
    const WinogradGrid::Origin origin = grid_.OriginOf(i);
    const float* corner = strip + ((origin.y - first_row) * strip_width() + origin.x) * kLanes;
    for (int64_t y = 0; y < edge; ++y) {
      for (int64_t x = 0; x < edge; ++x) pixels[y * edge + x] = corner + (y * strip_width() + x) * kLanes;
    }
    transforms_.input(tile);
  }
}

void PhaseConvPlan::RunTask(int task, const ConvOperands& operands, char* workspace) const {
  const int64_t image = task / bands_per_image(), first_tile_row = task % bands_per_image() * rows_per_band_;
  const int64_t tile_rows = std::min(rows_per_band_, grid_.tiles_y() - first_tile_row);
  const int64_t first_row = first_tile_row * transforms_.m;
  const int64_t image_size = geometry_.in_pixels() * (channels_first_ ? geometry_.channels : options_.in_stride);
  float* strip = reinterpret_cast<float*>(workspace);
  float* left = strip + StripSize(rows_per_band_);
  float* sums = left + products_.left_size();
  for (int64_t row = 0; row < StripRows(tile_rows); ++row) {
    const int64_t y = (first_row + row) * kStride - geometry_.pad[1];
    CopyStripRow(operands.in + image * image_size, y, strip + row * strip_width() * kLanes);
  }
  const int64_t begin = (image * grid_.tiles_y() + first_tile_row) * grid_.tiles_x();
  const int64_t tiles = tile_rows * grid_.tiles_x(), blocks = CeilDiv(tiles, kTilesPerBlock);
  for (int64_t block = 0; block < blocks; ++block) {
    const int64_t first = begin + PartBegin(tiles, blocks, block);
    const int64_t count = begin + PartBegin(tiles, blocks, block + 1) - first;
    TransformInputs(first, count, first_row, strip, left);
    for (int64_t panel = 0; panel < products_.num_panels(); ++panel) {
      products_.Multiply(panel, count, left, operands.packed, sums);
      grid_.StoreTiles(first, count, panel, products_, sums, operands);
    }
  }
}

}  // namespace baryon::kernels
