// A task is a band of output rows, two at a time. The rows that the next pair reads beyond those of the pair before are
// one matrix product; row y of the middle map stands at place y modulo the ring's size, so that none of those that are
// still read is overwritten. Where a band begins, the rows above are computed again: bands are as large as threads
// allow.
#include "engine/kernels/pointwise_depthwise.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/kernels/parts.h"

namespace baryon::kernels {
namespace {

constexpr int64_t kMostRingRows = 5;  // that two output rows read
constexpr int64_t kLeastPairs = 2;    // of a band: shorter ones would compute nearly every row twice

ConvOptions OptionsOf(int num_threads) {
  ConvOptions options;
  options.num_threads = num_threads;
  return options;
}

int64_t LineOf(int64_t bytes) { return CeilDiv(bytes, 64) * 64; }

}  // namespace

PointwiseDepthwisePlan::PointwiseDepthwisePlan(const PointwiseDepthwiseShape& shape, int num_threads)
    : shape_(shape), depthwise_(shape.depthwise, OptionsOf(num_threads)), ring_rows_(shape.depthwise.stride[1] + 3) {
  const ConvGeometry& g = shape.depthwise;
  for (int64_t rows = 1; rows <= ring_rows_; ++rows) {
    pointwise_.emplace_back(GemmShape::Matrix(rows * g.in[2], shape.in_channels, g.channels), ActiveGemmTarget(), 1);
  }
  const int64_t most = std::max<int64_t>(pairs() / kLeastPairs, 1);
  num_tasks_ = static_cast<int>(EvenParts(pairs(), std::min<int64_t>(num_threads, most), num_threads));
}

std::string PointwiseDepthwisePlan::ToString() const {
  return absl::StrCat("rows of ", pointwise_[0].ToString(), " and ", depthwise_.ToString());
}

std::string PointwiseDepthwisePlan::pointwise_form() const { return absl::StrCat("panels ", ActiveGemmTarget().name); }

void PointwiseDepthwisePlan::PackPointwise(const float* weight, float* packed) const {
  std::vector<int64_t> row_offsets(shape_.in_channels);
  std::iota(row_offsets.begin(), row_offsets.end(), 0);
  const PackedLayout& layout = pointwise_[0].layout();
  PackPanels(layout, weight, row_offsets, shape_.in_channels, 0, layout.num_panels(), packed);
}

void PointwiseDepthwisePlan::PackDepthwise(const float* weight, float* packed) const {
  depthwise_.Pack(weight, StridesOfWeight(shape_.depthwise, /*channels_last=*/true), packed);
}

int64_t PointwiseDepthwisePlan::num_multiplications() const {
  const ConvGeometry& g = shape_.depthwise;
  return g.num_multiplications() + g.batch * g.in_pixels() * g.channels * shape_.in_channels;
}

int64_t PointwiseDepthwisePlan::num_executed_multiplications() const {
  const ConvGeometry& g = shape_.depthwise;
  int64_t again = 0;  // rows
  for (int task = 1; task < num_tasks_; ++task) {
    const int64_t pair = PartBegin(pairs(), num_tasks_, task) % depthwise_.pairs_per_image();
    if (pair > 0) again += depthwise_.end_in_row(pair - 1) - depthwise_.first_in_row(pair);
  }
  return num_multiplications() + again * g.in[2] * g.channels * shape_.in_channels;
}

// The scratch memory of a task.
struct PointwiseDepthwisePlan::Workspace {
  Workspace(const PointwiseDepthwisePlan& plan, char* begin) : ring(reinterpret_cast<float*>(begin)) {
    char* end = begin + LineOf(plan.ring_rows_ * plan.row_size() * static_cast<int64_t>(sizeof(float)));
    const auto take = [&](int64_t bytes) { return std::exchange(end, end + LineOf(bytes)); };
    depthwise = take(plan.depthwise_.workspace_bytes());
    int64_t most = 0;
    for (const GemmPlan& rows : plan.pointwise_) most = std::max(most, rows.workspace_bytes());
    gemm = take(most);
    size = end - begin;
  }

  float* ring;
  char *depthwise, *gemm;
  int64_t size;
};

int64_t PointwiseDepthwisePlan::workspace_bytes() const { return Workspace(*this, nullptr).size; }

// The pairs of one task within one image.
class PointwiseDepthwisePlan::Band {
 public:
  Band(const PointwiseDepthwisePlan& plan, const PointwiseDepthwiseOperands& operands, const Workspace& workspace,
       int64_t image)
      : plan_(plan), operands_(operands), workspace_(workspace), image_(image) {}

  void RunPair(int64_t pair) {
    const int64_t end = plan_.depthwise_.end_in_row(pair),
                  first = std::max(next_row_, plan_.depthwise_.first_in_row(pair));
    if (first < end) ComputeRows(first, end - first);
    next_row_ = end;
    ConvOperands operands = {};
    operands.packed = operands_.depthwise.packed;
    operands.bias = operands_.depthwise.bias;
    operands.activation = operands_.depthwise.activation;
    operands.out = operands_.out;
    plan_.depthwise_.RunPair(
        image_, pair, [this](int64_t row) { return Row(row); }, operands, workspace_.depthwise);
  }

 private:
  float* Row(int64_t row) const { return workspace_.ring + row % plan_.ring_rows_ * plan_.row_size(); }

  void ComputeRows(int64_t first, int64_t count) {
    const ConvGeometry& g = plan_.shape_.depthwise;
    const int64_t in_channels = plan_.shape_.in_channels;
    const float* const in = operands_.in + (image_ * g.in[1] + first) * g.in[2] * in_channels;
    const Epilogue epilogue = {operands_.pointwise.bias, false, operands_.pointwise.activation};
    float* rows[kMostRingRows];
    for (int64_t i = 0; i < count; ++i) rows[i] = Row(first + i);
    const auto pixels = [&](const TileRows& tile) {
      const float* from = in + tile.first * in_channels;
      int64_t row = 0, x = tile.first;
      for (; x >= g.in[2]; x -= g.in[2]) ++row;
      float* to = rows[row] + x * g.channels;
      for (int i = 0; i < tile.count; ++i, from += in_channels, to += g.channels) {
        if (x++ == g.in[2]) {
          x = 1;
          to = rows[++row];
        }
        tile.a[i] = from;
        tile.c[i] = to;
      }
    };
    plan_.pointwise_[count - 1].RunTask(0, operands_.pointwise.packed, epilogue, pixels, workspace_.gemm);
  }

  const PointwiseDepthwisePlan& plan_;
  const PointwiseDepthwiseOperands& operands_;
  const Workspace& workspace_;
  const int64_t image_;
  int64_t next_row_ = 0;  // those before are computed, or not needed
};

void PointwiseDepthwisePlan::RunTask(int task, const PointwiseDepthwiseOperands& operands, char* workspace) const {
  const Workspace places(*this, workspace);
  const int64_t per_image = depthwise_.pairs_per_image();
  const int64_t end = PartBegin(pairs(), num_tasks_, task + 1);
  for (int64_t pair = PartBegin(pairs(), num_tasks_, task); pair < end;) {
    const int64_t image = pair / per_image, image_end = std::min(end, (image + 1) * per_image);
    Band band(*this, operands, places, image);
    for (; pair < image_end; ++pair) band.RunPair(pair % per_image);
  }
}

}  // namespace baryon::kernels
