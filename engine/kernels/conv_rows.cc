#include "engine/kernels/conv_rows.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/kernels/packed_gemm.h"
#include "engine/kernels/strip_conv.h"

namespace baryon::kernels {
namespace {

bool IsPointwise(const ConvGeometry& geometry) {
  const Extents ones = {1, 1, 1}, zeros = {0, 0, 0};
  return geometry.kernel == ones && geometry.stride == ones && geometry.pad == zeros;
}

// 1x1 convolutions: some rows together are one matrix product.
class PointwiseRowsPlan : public ConvRowsPlan {
 public:
  PointwiseRowsPlan(const ConvGeometry& geometry, int64_t most_rows)
      : width_(geometry.in[2]),
        image_size_(geometry.in_pixels() * geometry.channels),
        channels_(geometry.channels),
        filters_(geometry.filters) {
    for (int64_t rows = 1; rows <= most_rows; ++rows) {
      gemms_.emplace_back(GemmShape::Matrix(rows * width_, channels_, filters_), ActiveGemmTarget(), 1);
    }
  }

  std::string ToString() const override { return gemms_[0].ToString(); }
  std::string PackedForm() const override { return absl::StrCat("panels ", ActiveGemmTarget().name); }
  int64_t packed_size() const override { return gemms_[0].packed_size(); }

  void Pack(const float* weight, float* packed) const override {
    std::vector<int64_t> row_offsets(channels_);
    std::iota(row_offsets.begin(), row_offsets.end(), 0);
    const PackedLayout& layout = gemms_[0].layout();
    PackPanels(layout, weight, row_offsets, channels_, 0, layout.num_panels(), packed);
  }

  int64_t workspace_bytes() const override {
    int64_t most = 0;
    for (const GemmPlan& gemm : gemms_) most = std::max(most, gemm.workspace_bytes());
    return most;
  }

  void RunRows(int64_t image, int64_t first, absl::Span<float* const> rows, const ConvOperands& operands,
               char* workspace) const override {
    const float* const in = operands.in + image * image_size_ + first * width_ * channels_;
    const auto pixels = [&](const TileRows& tile) {
      const float* from = in + tile.first * channels_;
      int64_t row = 0, x = tile.first;
      for (; x >= width_; x -= width_) ++row;
      float* to = rows[row] + x * filters_;
      for (int i = 0; i < tile.count; ++i, from += channels_, to += filters_) {
        if (x++ == width_) {
          x = 1;
          to = rows[++row];
        }
        tile.a[i] = from;
        tile.c[i] = to;
      }
    };
    const Epilogue epilogue = {operands.bias, false, operands.activation};
    gemms_[rows.size() - 1].RunTask(0, operands.packed, epilogue, pixels, workspace);
  }

 private:
  int64_t width_, image_size_, channels_, filters_;
  std::vector<GemmPlan> gemms_;  // for 1 row, 2, ... most_rows
};

// Few channels: strips of a few rows.
class StripRowsPlan : public ConvRowsPlan {
 public:
  StripRowsPlan(const ConvGeometry& geometry, bool channels_first)
      : geometry_(geometry), strips_(geometry, {}, channels_first) {}

  std::string ToString() const override { return strips_.KernelName(); }
  std::string PackedForm() const override { return strips_.PackedForm(); }
  int64_t packed_size() const override { return strips_.packed_size(); }
  void Pack(const float* weight, float* packed) const override {
    strips_.Pack(weight, StridesOfWeight(geometry_, /*channels_last=*/true), packed);
  }
  int64_t workspace_bytes() const override { return strips_.workspace_bytes(); }
  void RunRows(int64_t image, int64_t first, absl::Span<float* const> rows, const ConvOperands& operands,
               char* workspace) const override {
    strips_.RunRows(image, first, rows, operands, workspace);
  }

 private:
  ConvGeometry geometry_;
  StripConvPlan strips_;
};

}  // namespace

std::unique_ptr<ConvRowsPlan> MakeConvRowsPlan(const ConvGeometry& geometry, bool channels_first, int64_t most_rows) {
  if (IsPointwise(geometry) && !channels_first) return std::make_unique<PointwiseRowsPlan>(geometry, most_rows);
  return std::make_unique<StripRowsPlan>(geometry, channels_first);
}

}  // namespace baryon::kernels
