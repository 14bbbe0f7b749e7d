// A position's input lies at the sum of three offsets, one for each axis, so that small tables made beforehand serve
// all pixels: a pointer costs a few instructions, against the hundreds of cycles of arithmetic on the channels it
// points to. Pixels are counted through all images of the batch; a tile may span rows and images. Groups share the
// pointers.
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
    : geometry_(geometry), options_(options), zeros_(geometry.channels, 0.0f) {
  if (options_.in_stride == 0) options_.in_stride = geometry.channels;
  if (options_.out_stride == 0) options_.out_stride = geometry.filters;
  if (options_.residual_stride == 0) options_.residual_stride = geometry.filters;
  for (const AxisPhase& z : AxisPhases(geometry, 0)) {
    for (const AxisPhase& y : AxisPhases(geometry, 1)) {
      for (const AxisPhase& x : AxisPhases(geometry, 2)) AddPart(z, y, x, options.num_threads);
    }
  }
}

// The outputs of an axis cut where the positions inside the input change, or left whole when there would be too many
// segments or one shorter than `least_count`.
std::vector<IndirectConvPlan::Segment> IndirectConvPlan::Segments(const AxisPhase& phase, int64_t in_size,
                                                                  int64_t least_count) {
  const std::vector<Segment> whole = {{0, phase.count, 0, phase.positions()}};
  // The first position inside, and the first beyond, move down as outputs move on.
  const auto position_at = [&](int64_t input) {
    return std::lower_bound(phase.offset.begin(), phase.offset.end(), input) - phase.offset.begin();
  };
  const auto positions_of = [&](int64_t j) {
    return std::pair(position_at(-j * phase.in_step), position_at(in_size - j * phase.in_step));
  };
  std::vector<Segment> segments;
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
  for (const Segment& segment : segments) {
    if (segment.count() < least_count) return whole;
  }
  return segments;
}

void IndirectConvPlan::AddPart(const AxisPhase& z, const AxisPhase& y, const AxisPhase& x, int num_threads) {
  Part part = {{z, y, x}, {}, {}, packed_size_, num_tasks_};
  const Extents& in = geometry_.in;
  GemmShape shape;
  const auto least = [&](int64_t pixels_each) {
    const int64_t pixels = std::max<int64_t>(geometry_.batch * pixels_each, 1);
    return (kLeastPixels + pixels - 1) / pixels;
  };
  for (const Segment& z_segment : Segments(z, in[0], least(y.count * x.count))) {
    for (const Segment& y_segment : Segments(y, in[1], least(z_segment.count() * x.count))) {
      for (const Segment& x_segment : Segments(x, in[2], least(z_segment.count() * y_segment.count()))) {
        part.boxes.push_back({z_segment, y_segment, x_segment});
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
    for (int64_t z : part.axes[0].kernel) {
      for (int64_t y : part.axes[1].kernel) {
        for (int64_t x : part.axes[2].kernel) {
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

// The pixels of a part, box by box.
class IndirectConvPlan::PixelRows {
 public:
  PixelRows(const IndirectConvPlan& plan, const Part& part, const ConvOperands& operands)
      : plan_(plan), part_(part), operands_(operands) {}

  void operator()(const TileRows& rows) const {
    const Box& box = part_.boxes[rows.set];
    int64_t rest = rows.first;
    Extents at;
    for (int axis = 2; axis >= 0; --axis) {
      at[axis] = box[axis].begin + rest % box[axis].count();
      rest /= box[axis].count();
    }
    int64_t image = rest;
    for (int i = 0; i < rows.count; ++i) {
      PointToInputs(box, image, at, rows.count, rows.a + i);
      const int64_t out_pixel = OutPixel(image, at);
      rows.c[i] = operands_.out + out_pixel * plan_.options_.out_stride;
      if (rows.residual != nullptr) {
        rows.residual[i] = operands_.residual + out_pixel * plan_.options_.residual_stride;
      }
      image += Advance(box, at);
    }
  }

 private:
  // Moves to the next pixel of the box; 1 when that is the first one of the next image.
  static int64_t Advance(const Box& box, Extents& at) {
    for (int axis = 2; axis >= 0; --axis) {
      if (++at[axis] < box[axis].end) return 0;
      at[axis] = box[axis].begin;
    }
    return 1;
  }

  // a[0], a[stride], ...: the inputs of one pixel, position by position.
  void PointToInputs(const Box& box, int64_t image, const Extents& at, int stride, const float** a) const {
    const Extents& size = plan_.geometry_.in;
    const auto in_coordinate = [&](int axis, int64_t position) {
      return at[axis] * part_.axes[axis].in_step + part_.axes[axis].offset[position];
    };
    const auto is_inside = [&](int axis, int64_t coordinate) { return coordinate >= 0 && coordinate < size[axis]; };
    for (int64_t pz = box[0].first; pz < box[0].last; ++pz) {
      const int64_t z = in_coordinate(0, pz);
      for (int64_t py = box[1].first; py < box[1].last; ++py) {
        const int64_t y = in_coordinate(1, py);
        const bool row_is_inside = is_inside(0, z) && is_inside(1, y);
        const int64_t row = ((image * size[0] + z) * size[1] + y) * size[2];
        for (int64_t px = box[2].first; px < box[2].last; ++px, a += stride) {
          const int64_t x = in_coordinate(2, px);
          *a = row_is_inside && is_inside(2, x) ? operands_.in + (row + x) * plan_.options_.in_stride
                                                : plan_.zeros_.data();
        }
      }
    }
  }

  int64_t OutPixel(int64_t image, const Extents& at) const {
    int64_t pixel = image;
    for (int axis = 0; axis < 3; ++axis) {
      const AxisPhase& phase = part_.axes[axis];
      pixel = pixel * plan_.geometry_.out[axis] + phase.first + at[axis] * phase.step;
    }
    return pixel;
  }

  const IndirectConvPlan& plan_;
  const Part& part_;
  const ConvOperands& operands_;
};

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
    part.gemm.RunTask(task - part.first_task, packed, epilogue, PixelRows(*this, part, operands), workspace);
  }
}

}  // namespace baryon::kernels
