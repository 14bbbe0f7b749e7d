#include "engine/kernels/broadcast_runs.h"

#include <cstddef>

namespace baryon::kernels {
namespace {

// The size of `shape` along axis `axis` of an output of `rank` axes; missing ones are in front.
int64_t SizeAt(absl::Span<const int64_t> shape, size_t axis, size_t rank) {
  const size_t missing = rank - shape.size();
  return axis < missing ? 1 : shape[axis - missing];
}

}  // namespace

BroadcastRuns::BroadcastRuns(absl::Span<const absl::Span<const int64_t>> operands, absl::Span<const int64_t> output) {
  Offsets sizes = {1, 1, 1};  // elements of each operand in the axes behind
  std::vector<Loop> inner_first;
  for (size_t axis = output.size(); axis-- > 0;) {
    num_elements_ *= output[axis];
    if (output[axis] == 1) continue;
    Loop loop = {output[axis], {}};
    for (size_t k = 0; k < operands.size(); ++k) {
      const int64_t size = SizeAt(operands[k], axis, output.size());
      loop.strides[k] = size == 1 ? 0 : sizes[k];
      sizes[k] *= size;
    }
    bool continues = !inner_first.empty();
    for (int k = 0; continues && k < kMaxOperands; ++k) {
      continues = loop.strides[k] == inner_first.back().size * inner_first.back().strides[k];
    }
    if (continues) {
      inner_first.back().size *= loop.size;
    } else {
      inner_first.push_back(loop);
    }
  }
  while (inner_first.size() < 2) inner_first.emplace_back();
  loops_.assign(inner_first.rbegin(), inner_first.rend());
  for (size_t k = 0; k < operands.size(); ++k) {
    dense_[k] = sizes[k] == num_elements_;
    same_in_all_runs_[k] = true;
    for (size_t i = 0; i + 1 < loops_.size(); ++i) {
      same_in_all_runs_[k] = same_in_all_runs_[k] && loops_[i].strides[k] == 0;
    }
  }
}

BroadcastRuns::Offsets BroadcastRuns::PlaneOffsets(int64_t plane) const {
  Offsets offsets = {};
  for (size_t i = loops_.size() - 2; i-- > 0;) {
    const int64_t index = plane % loops_[i].size;
    plane /= loops_[i].size;
    for (int k = 0; k < kMaxOperands; ++k) offsets[k] += index * loops_[i].strides[k];
  }
  return offsets;
}

}  // namespace baryon::kernels
