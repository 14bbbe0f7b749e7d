// A task is a band of output rows, two at a time. The rows that the next pair reads beyond those of the pair before are
// computed at once; row y of the middle map stands at place y modulo the ring's size, so that none of those that are
// still read is overwritten. Where a band begins, the rows above are computed again: bands are as large as threads
// allow.
#include "engine/kernels/conv_depthwise.h"

#include <algorithm>
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

ConvOperands OperandsOf(const ConvDepthwiseOperands::Layer& layer) {
  ConvOperands operands = {};
  operands.packed = layer.packed;
  operands.bias = layer.bias;
  operands.activation = layer.activation;
  return operands;
}

int64_t LineOf(int64_t bytes) { return CeilDiv(bytes, 64) * 64; }

}  // namespace

ConvDepthwisePlan::ConvDepthwisePlan(const ConvDepthwiseShape& shape, int num_threads)
    : shape_(shape),
      depthwise_(shape.depthwise, OptionsOf(num_threads)),
      ring_rows_(shape.depthwise.stride[1] + 3),
      first_(MakeConvRowsPlan(shape.first, shape.channels_first, ring_rows_)) {
  const int64_t most = std::max<int64_t>(pairs() / kLeastPairs, 1);
  num_tasks_ = static_cast<int>(EvenParts(pairs(), std::min<int64_t>(num_threads, most), num_threads));
}

std::string ConvDepthwisePlan::ToString() const {
  return absl::StrCat("rows of ", first_->ToString(), " and ", depthwise_.ToString());
}

void ConvDepthwisePlan::PackDepthwise(const float* weight, float* packed) const {
  depthwise_.Pack(weight, StridesOfWeight(shape_.depthwise, /*channels_last=*/true), packed);
}

int64_t ConvDepthwisePlan::num_multiplications() const {
  return shape_.first.num_multiplications() + shape_.depthwise.num_multiplications();
}

int64_t ConvDepthwisePlan::num_executed_multiplications() const {
  int64_t again = 0;  // rows
  for (int task = 1; task < num_tasks_; ++task) {
    const int64_t pair = PartBegin(pairs(), num_tasks_, task) % depthwise_.pairs_per_image();
    if (pair > 0) again += depthwise_.end_in_row(pair - 1) - depthwise_.first_in_row(pair);
  }
  const ConvGeometry& g = shape_.first;
  return num_multiplications() + again * g.out[2] * g.filters * g.channels * g.num_positions();
}

// The scratch memory of a task.
struct ConvDepthwisePlan::Workspace {
  Workspace(const ConvDepthwisePlan& plan, char* begin) : ring(reinterpret_cast<float*>(begin)) {
    char* end = begin + LineOf(plan.ring_rows_ * plan.row_size() * static_cast<int64_t>(sizeof(float)));
    const auto take = [&](int64_t bytes) { return std::exchange(end, end + LineOf(bytes)); };
    depthwise = take(plan.depthwise_.workspace_bytes());
    first = take(plan.first_->workspace_bytes());
    size = end - begin;
  }

  float* ring;
  char *depthwise, *first;
  int64_t size;
};

int64_t ConvDepthwisePlan::workspace_bytes() const { return Workspace(*this, nullptr).size; }

// The pairs of one task within one image.
class ConvDepthwisePlan::Band {
 public:
  Band(const ConvDepthwisePlan& plan, const ConvDepthwiseOperands& operands, const Workspace& workspace, int64_t image)
      : plan_(plan), operands_(operands), workspace_(workspace), image_(image) {}

  void RunPair(int64_t pair) {
    const int64_t end = plan_.depthwise_.end_in_row(pair),
                  first = std::max(next_row_, plan_.depthwise_.first_in_row(pair));
    if (first < end) ComputeRows(first, end - first);
    next_row_ = end;
    ConvOperands operands = OperandsOf(operands_.depthwise);
    operands.out = operands_.out;
    plan_.depthwise_.RunPair(image_, pair, [this](int64_t row) { return Row(row); }, operands, workspace_.depthwise);
  }

 private:
  float* Row(int64_t row) const { return workspace_.ring + row % plan_.ring_rows_ * plan_.row_size(); }

  void ComputeRows(int64_t first, int64_t count) {
    float* rows[kMostRingRows];
    for (int64_t i = 0; i < count; ++i) rows[i] = Row(first + i);
    ConvOperands operands = OperandsOf(operands_.first);
    operands.in = operands_.in;
    plan_.first_->RunRows(image_, first, absl::MakeConstSpan(rows, count), operands, workspace_.first);
  }

  const ConvDepthwisePlan& plan_;
  const ConvDepthwiseOperands& operands_;
  const Workspace& workspace_;
  const int64_t image_;
  int64_t next_row_ = 0;  // those before are computed, or not needed
};

void ConvDepthwisePlan::RunTask(int task, const ConvDepthwiseOperands& operands, char* workspace) const {
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
