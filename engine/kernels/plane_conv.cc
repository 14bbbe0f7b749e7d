// Input planes are copied into a strip of rows with zeros around. Results have the same pitch as the strip, so that a
// tap is one distance for all pixels of a strip and rows need no beginning and no end: the few results that straddle
// the end of a row are computed for nobody. Then each block of filters is pooled and turned into channels-last pixels.
#include "engine/kernels/plane_conv.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "engine/kernels/interleave.h"
#include "engine/kernels/limits.h"

namespace baryon::kernels {
namespace {

constexpr int64_t kFloat = sizeof(float);
constexpr int64_t kSumsBytes = 32 << 10;           // a block's results stay in the first level of the cache
constexpr int64_t kTaskMultiplications = 1 << 19;  // worth handing to another thread

}  // namespace

bool PlaneConvPlan::Supports(const ConvGeometry& geometry) {
  return !geometry.transposed && geometry.groups == 1 && geometry.kernel[0] == 1 && geometry.in[0] == 1 &&
         geometry.out[0] == 1 && geometry.pad[0] == 0 && geometry.stride == Extents{1, 1, 1};
}

bool PlaneConvPlan::IsBest(const ConvGeometry& geometry, const ConvOptions& options) {
  if (!Supports(geometry) || options.has_residual) return false;
  // Every result moves once more than in a product, and some are for nobody.
  constexpr int64_t kFewestPositions = 9, kMostFilters = 32;
  const int64_t overhang = (geometry.kernel[2] - 1) * geometry.dilation[2];
  return geometry.num_positions() >= kFewestPositions && geometry.filters <= kMostFilters &&
         4 * overhang <= geometry.out[2];
}

PlaneConvPlan::PlaneConvPlan(const ConvGeometry& geometry, const ConvOptions& options, bool channels_first)
    : geometry_(geometry),
      options_(options),
      channels_first_(channels_first),
      target_(ActivePlaneTarget()),
      gemm_target_(ActiveGemmTarget()) {
  if (options_.in_stride == 0) options_.in_stride = geometry.channels;
  if (options_.out_stride == 0) options_.out_stride = geometry.filters;
  num_blocks_ = CeilDiv(geometry.filters, target_.max_filters);
  pitch_ = geometry.out[2] + (geometry.kernel[2] - 1) * geometry.dilation[2];

  const int64_t filters = CeilDiv(geometry.filters, num_blocks_), step = pools() ? 2 : 1;
  const int64_t fitting = kSumsBytes / (filters * pitch_ * kFloat) / step * step;
  const int64_t most = std::max(std::min(fitting, rows()), step);
  const int64_t strips = std::max<int64_t>(CeilDiv(rows(), most), 1);
  rows_per_strip_ = std::max<int64_t>(CeilDiv(CeilDiv(rows(), strips), step), 1) * step;  // nearly equal ones
  strips_per_image_ = geometry.out[2] < step ? 0 : CeilDiv(rows(), rows_per_strip_);
  const int64_t multiplications = rows_per_strip_ * pitch_ * num_taps() * geometry.filters;
  strips_per_task_ = std::max<int64_t>(kTaskMultiplications / std::max<int64_t>(multiplications, 1), 1);

  const int64_t plane = in_rows(rows_per_strip_) * pitch_;
  for (int64_t y = 0; y < geometry.kernel[1]; ++y) {
    for (int64_t x = 0; x < geometry.kernel[2]; ++x) {
      for (int64_t c = 0; c < geometry.channels; ++c) {
        taps_.push_back(c * plane + y * geometry.dilation[1] * pitch_ + x * geometry.dilation[2]);
      }
    }
  }
}

std::string PlaneConvPlan::ToString() const {
  return absl::StrCat("planes ", target_.name, " ", CeilDiv(geometry_.filters, num_blocks_), " filters",
                      channels_first_ ? ", channels first" : "", pools() ? ", pooled" : "", ", ", num_strips(),
                      " strips");
}

std::string PlaneConvPlan::PackedForm() const { return absl::StrCat("planes by ", num_blocks_, " blocks"); }

// Block after block, [taps][filters of the block].
void PlaneConvPlan::Pack(const float* weight, const WeightStrides& strides, float* packed) const {
  for (int64_t block = 0; block < num_blocks_; ++block) {
    for (int64_t position = 0; position < geometry_.num_positions(); ++position) {
      for (int64_t c = 0; c < geometry_.channels; ++c) {
        for (int64_t f = first_filter(block); f < first_filter(block + 1); ++f) {
          *packed++ = weight[f * strides.filter + c * strides.channel + position * strides.position];
        }
      }
    }
  }
}

int PlaneConvPlan::num_tasks() const { return static_cast<int>(CeilDiv(num_strips(), strips_per_task_)); }

int64_t PlaneConvPlan::in_rows(int64_t out_rows) const {
  return out_rows + (geometry_.kernel[1] - 1) * geometry_.dilation[1];
}

int64_t PlaneConvPlan::in_size() const {
  return RoundedToLine(geometry_.channels * in_rows(rows_per_strip_) * pitch_ + target_.slack);
}

int64_t PlaneConvPlan::workspace_bytes() const {
  const int64_t filters = CeilDiv(geometry_.filters, num_blocks_);
  return (in_size() + (pools() ? 2 : 1) * RoundedToLine(filters * plane_size())) * kFloat;
}

PlaneConvPlan::Scratch PlaneConvPlan::ScratchIn(char* workspace) const {
  Scratch scratch;
  scratch.in = reinterpret_cast<float*>(workspace);
  scratch.sums = scratch.in + in_size();
  scratch.pooled = scratch.sums + RoundedToLine(CeilDiv(geometry_.filters, num_blocks_) * plane_size());
  return scratch;
}

// `count` neighbouring pixels to every plane.
void PlaneConvPlan::CopyLongRow(const float* from, int64_t count, float* planes) const {
  const int64_t plane = in_rows(rows_per_strip_) * pitch_;
  if (!channels_first_) {
    TransposeMatrix(from, count, geometry_.channels, options_.in_stride, planes, plane);
    return;
  }
  for (int64_t c = 0; c < geometry_.channels; ++c) {
    std::copy_n(from + c * geometry_.in_pixels(), count, planes + c * plane);
  }
}

// Rows [first, first + count) of the image as rows of every plane. Where there is no border at the left and right, they
// are one long row.
void PlaneConvPlan::CopyRows(const float* image, int64_t first, int64_t count, float* planes) const {
  const int64_t plane = in_rows(rows_per_strip_) * pitch_, channels = geometry_.channels, width = geometry_.in[2];
  if (pitch_ == width && geometry_.pad[2] == 0) {
    return CopyLongRow(image + first * width * in_step(), count * width, planes);
  }
  const int64_t left = std::min(geometry_.pad[2], pitch_), used = std::clamp<int64_t>(width, 0, pitch_ - left);
  for (int64_t y = 0; y < count; ++y) {
    float* row = planes + y * pitch_;
    for (int64_t c = 0; c < channels; ++c) {
      std::fill_n(row + c * plane, left, 0.0f);
      std::fill(row + c * plane + left + used, row + c * plane + pitch_, 0.0f);
    }
    CopyLongRow(image + (first + y) * width * in_step(), used, row + left);
  }
}

void PlaneConvPlan::CopyIn(const Strip& strip, const float* in, float* planes) const {
  const float* image =
      in + strip.image * geometry_.in_pixels() * (channels_first_ ? geometry_.channels : options_.in_stride);
  const int64_t plane = in_rows(rows_per_strip_) * pitch_, rows = in_rows(strip.count);
  const int64_t top = strip.first - geometry_.pad[1];  // of the image, where the strip begins
  const int64_t begin = std::clamp<int64_t>(-top, 0, rows);
  const int64_t end = std::clamp<int64_t>(geometry_.in[1] - top, begin, rows);
  for (int64_t c = 0; c < geometry_.channels; ++c) {
    std::fill_n(planes + c * plane, begin * pitch_, 0.0f);
    std::fill_n(planes + c * plane + end * pitch_, (rows - end) * pitch_, 0.0f);
  }
  if (end > begin) CopyRows(image, top + begin, end - begin, planes + begin * pitch_);
}

void PlaneConvPlan::MultiplyBlock(const Strip& strip, int64_t block, const ConvOperands& operands,
                                  const Scratch& scratch) const {
  const int64_t first = first_filter(block), filters = first_filter(block + 1) - first;
  const Limits limits = LimitsOf(operands.activation);
  PlaneTile tile;
  tile.in = scratch.in;
  tile.taps = taps_.data();
  tile.num_taps = num_taps();
  tile.weights = operands.packed + first * num_taps();
  tile.bias = operands.bias != nullptr ? operands.bias + first : nullptr;
  tile.out = scratch.sums;
  tile.out_step = plane_size();
  tile.count = (strip.count - 1) * pitch_ + geometry_.out[2];
  tile.lower = limits.lower;
  tile.upper = limits.upper;
  target_.multiply[filters](tile);
  for (int64_t f = 0; f < filters && !limits.complete; ++f) {
    gemm_target_.activate(operands.activation, scratch.sums + f * plane_size(), tile.count);
  }
}

// [filter][pooled row][pooled column], without gaps between the rows.
void PlaneConvPlan::PoolBlock(const Strip& strip, int64_t filters, const Scratch& scratch) const {
  const PairPoolPlane pool = options_.pool == PairPool::kMax ? target_.pool_max : target_.pool_avg;
  for (int64_t f = 0; f < filters; ++f) {
    pool(scratch.sums + f * plane_size(), pitch_, strip.count / 2, geometry_.out[2] / 2,
         scratch.pooled + f * plane_size());
  }
}

// `out` is the strip's first pixel. Rows of planes lie `pitch` apart.
void PlaneConvPlan::StoreBlock(const Strip& strip, int64_t block, const float* planes, int64_t pitch,
                               float* out) const {
  const int64_t divisor = pools() ? 2 : 1, rows = strip.count / divisor, width = geometry_.out[2] / divisor;
  const int64_t first = first_filter(block), filters = first_filter(block + 1) - first;
  if (pitch == width) {
    TransposeMatrix(planes, filters, rows * width, plane_size(), out + first, options_.out_stride);
    return;
  }
  for (int64_t y = 0; y < rows; ++y) {
    TransposeMatrix(planes + y * pitch, filters, width, plane_size(), out + y * width * options_.out_stride + first,
                    options_.out_stride);
  }
}

void PlaneConvPlan::RunTask(int task, const ConvOperands& operands, char* workspace) const {
  const Scratch scratch = ScratchIn(workspace);
  const int64_t divisor = pools() ? 2 : 1, out_width = geometry_.out[2] / divisor, out_rows = rows() / divisor;
  const int64_t begin = task * strips_per_task_, end = std::min(begin + strips_per_task_, num_strips());
  for (int64_t index = begin; index < end; ++index) {
    Strip strip;
    strip.image = index / strips_per_image_;
    strip.first = index % strips_per_image_ * rows_per_strip_;
    strip.count = std::min(rows_per_strip_, rows() - strip.first);
    CopyIn(strip, operands.in, scratch.in);
    float* out = operands.out + (strip.image * out_rows + strip.first / divisor) * out_width * options_.out_stride;
    for (int64_t block = 0; block < num_blocks_; ++block) {
      MultiplyBlock(strip, block, operands, scratch);
      if (pools()) PoolBlock(strip, first_filter(block + 1) - first_filter(block), scratch);
      StoreBlock(strip, block, pools() ? scratch.pooled : scratch.sums, pools() ? out_width : pitch_, out);
    }
  }
}

}  // namespace baryon::kernels
