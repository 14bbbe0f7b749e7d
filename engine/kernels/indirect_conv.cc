#include "engine/kernels/indirect_conv.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace baryon::kernels {
namespace {

constexpr int64_t kLeastPixels = 4;  // of a box of its own: lower tiles do not run at full speed everywhere
constexpr size_t kMostSegments =
    9;  // along an axis: beyond, kernels are so large that every output is a case of its own

}  // namespace

IndirectConvPlan::IndirectConvPlan(const ConvGeometry& geometry, const ConvOptions& options)
    : geometry_(geometry), options_(WithStrides(options, geometry)), zeros_(geometry.channels, 0.0f) {
  for (const AxisPhase& z : AxisPhases(geometry, 0)) {
    for (const AxisPhase& y : AxisPhases(geometry, 1)) {
      for (const AxisPhase& x : AxisPhases(geometry, 2)) AddPart(z, y, x, options.num_threads);
    }
  }
}

// The outputs of an axis cut where the positions inside the input change, or left whole when there would be too many
// segments or one shorter than `least_count`.
std::vector<AxisSegment> IndirectConvPlan::Segments(const AxisPhase& phase, int64_t in_size, int64_t least_count) {
  const std::vector<AxisSegment> whole = {{0, phase.count, 0, phase.positions()}};
  // The first position inside, and the first beyond, move down as outputs move on.
  const auto position_at = [&](int64_t input) {
    return std::lower_bound(phase.offset.begin(), phase.offset.end(), input) - phase.offset.begin();
  };
  const auto positions_of = [&](int64_t j) {
    return std::pair(position_at(-j * phase.in_step), position_at(in_size - j * phase.in_step));
  };
  std::vector<AxisSegment> segments;
  for (int64_t begin = 0; begin < phase.count;) {
    if (segments.size() == kMostSegments) return whole;
    const auto positions = positions_of(begin);
    int64_t end = begin + 1;
    for (int64_t beyond = phase.count; end < beyond;) {
      const int64_t middle = end + (beyond - end) / 2;
      if (positions_of(middle) == positions) {
        end = middle + 1;
      } else {
        beyond = middle;
      }
    }
    segments.push_back({begin, end, positions.first, positions.second});
    begin = end;
  }
  for (const AxisSegment& segment : segments) {
    if (segment.count() < least_count) return whole;
  }
  return segments;
}

void IndirectConvPlan::AddPart(const AxisPhase& z, const AxisPhase& y, const AxisPhase& x, int num_threads) {
  Part part = {{geometry_, options_, {z, y, x}, {}}, {}, packed_size_, num_tasks_};
  const Extents& in = geometry_.in;
  GemmShape shape;
  const auto least = [&](int64_t pixels_each) {
    const int64_t pixels = std::max<int64_t>(geometry_.batch * pixels_each, 1);
    return (kLeastPixels + pixels - 1) / pixels;
  };
  for (const AxisSegment& z_segment : Segments(z, in[0], least(y.count * x.count))) {
    for (const AxisSegment& y_segment : Segments(y, in[1], least(z_segment.count() * x.count))) {
      for (const AxisSegment& x_segment : Segments(x, in[2], least(z_segment.count() * y_segment.count()))) {
        part.map.boxes.push_back({z_segment, y_segment, x_segment});
        RowSet& rows = shape.rows.emplace_back();
        rows.count = geometry_.batch * z_segment.count() * y_segment.count() * x_segment.count();
        for (int64_t pz = z_segment.first; pz < z_segment.last; ++pz) {
          for (int64_t py = y_segment.first; py < y_segment.last; ++py) {
            for (int64_t px = x_segment.first; px < x_segment.last; ++px) {
              rows.runs.push_back((pz * y.positions() + py) * x.positions() + px);
            }
          }
        }
      }
    }
  }
  shape.runs = z.positions() * y.positions() * x.positions();
  shape.run_length = geometry_.group_channels();
  shape.columns = geometry_.group_filters();
  shape.groups = geometry_.groups;
  shape.group_stride = geometry_.group_channels();
  part.gemm = GemmPlan(std::move(shape), ActiveGemmTarget(), num_threads);
  constexpr int64_t kAlignment = 16;
  packed_size_ += (part.gemm.packed_size() + kAlignment - 1) / kAlignment * kAlignment;
  num_tasks_ += part.gemm.num_tasks();
  parts_.push_back(std::move(part));
}

// True when every output pixel reads the input pixel at its own place.
bool IndirectConvPlan::IsMatrixProduct() const {
  return geometry_.num_positions() == 1 && geometry_.in == geometry_.out && geometry_.stride == Extents{1, 1, 1};
}

std::string IndirectConvPlan::ToString() const {
  const std::string parts = parts_.size() == 1 ? "" : absl::StrCat(parts_.size(), " parts, ");
  return absl::StrCat("indirect gemm ", parts, parts_.empty() ? "" : parts_[0].gemm.ToString());
}

std::string IndirectConvPlan::PackedForm() const {
  std::string form = absl::StrCat("panels ", ActiveGemmTarget().name, " groups ", geometry_.groups);
  if (!geometry_.transposed) return form;
  for (int axis = 0; axis < 3; ++axis) {
    absl::StrAppend(&form, ", ", geometry_.stride[axis], " ", geometry_.dilation[axis], " ", geometry_.pad[axis], " ",
                    std::min(geometry_.stride[axis], geometry_.out[axis]));
  }
  return form;
}

void IndirectConvPlan::Pack(const float* weight, const WeightStrides& strides, float* packed) const {
  for (const Part& part : parts_) {
    std::vector<int64_t> row_offsets;  // in the order of the runs
    for (int64_t z : part.map.axes[0].kernel) {
      for (int64_t y : part.map.axes[1].kernel) {
        for (int64_t x : part.map.axes[2].kernel) {
          const int64_t position = (z * geometry_.kernel[1] + y) * geometry_.kernel[2] + x;
          for (int64_t c = 0; c < geometry_.group_channels(); ++c) {
            row_offsets.push_back(position * strides.position + c * strides.channel);
          }
        }
      }
    }
    const PackedLayout& layout = part.gemm.layout();
    for (int64_t group = 0; group < geometry_.groups; ++group) {
      PackPanels(layout, weight + group * strides.group, row_offsets, strides.filter, 0, layout.num_panels(),
                 packed + part.packed_offset + group * layout.num_elements());
    }
  }
}

int64_t IndirectConvPlan::workspace_bytes() const {
  int64_t bytes = 0;
  for (const Part& part : parts_) bytes = std::max(bytes, part.gemm.workspace_bytes());
  return bytes;
}

void IndirectConvPlan::RunTask(int task, const ConvOperands& operands, char* workspace) const {
  const auto next = std::upper_bound(parts_.begin(), parts_.end(), task,
                                     [](int value, const Part& part) { return value < part.first_task; });
  const Part& part = *(next - 1);
  const Epilogue epilogue = {operands.bias, operands.residual != nullptr, operands.activation};
  const float* packed = operands.packed + part.packed_offset;
  if (IsMatrixProduct()) {
    const MatrixRows rows = {operands.in,         options_.in_stride, operands.out,
                             options_.out_stride, operands.residual,  options_.residual_stride};
    part.gemm.RunTask(task - part.first_task, packed, epilogue, rows, workspace);
  } else {
    part.gemm.RunTask(task - part.first_task, packed, epilogue, PixelRows(part.map, zeros_.data(), operands),
                      workspace);
  }
}

}  // namespace baryon::kernels
