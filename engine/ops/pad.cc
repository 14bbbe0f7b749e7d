// Pad and _npi_pad: an array with a border around it. In every mode but maximum and minimum an element of the border is
// the constant or an element of the input, found for each axis by itself:
//
//   edge  a a a | a b c | c c c      reflect  c b | a b c | b a      symmetric  b a | a b c | c b
//
// So each axis gets a table from positions of the output to positions of the input, -1 standing for the constant, and
// the innermost padded axis, whose elements lie together, gets a few strided copies instead.
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_split.h"
#include "engine/graph/op_def.h"
#include "engine/ops/moves.h"
#include "engine/ops/shape_rules.h"

namespace baryon {
namespace {

using kernels::StridedCopy;

enum class Mode { kConstant, kEdge, kReflect, kSymmetric, kMaximum, kMinimum };

constexpr int64_t kMostPadding = int64_t{1} << 40;

struct PadAttrs {
  Mode mode = Mode::kConstant;
  IntTuple pad_width;  // before and after, axis by axis
  double constant_value = 0;
  std::string reflect_type = "even";  // MXNet reads it and does nothing with it
  bool channels_last = false;
};

int64_t Modulo(int64_t a, int64_t b) { return (a % b + b) % b; }

// The element of an axis of `size` that stands at `position`, which may lie outside.
int64_t SourcePosition(Mode mode, int64_t position, int64_t size) {
  if (0 <= position && position < size) return position;
  if (mode == Mode::kConstant) return -1;
  if (mode == Mode::kEdge || size == 1) return std::clamp<int64_t>(position, 0, size - 1);
  const int64_t period = mode == Mode::kReflect ? 2 * size - 2 : 2 * size;
  const int64_t place = Modulo(position, period);
  return place < size ? place : mode == Mode::kReflect ? period - place : period - 1 - place;
}

std::vector<int64_t> SourcePositions(const PadAttrs& attrs, int64_t axis, const Shape& from, const Shape& to) {
  std::vector<int64_t> positions(to[axis]);
  for (int64_t i = 0; i < to[axis]; ++i) {
    positions[i] = SourcePosition(attrs.mode, i - attrs.pad_width[2 * axis], from[axis]);
  }
  return positions;
}

class PadKernel : public Kernel {
 public:
  PadKernel(const PadAttrs& attrs, const TensorType& input, const Shape& to)
      : element_size_(DTypeSize(input.dtype)),
        to_(to),
        strides_(RowMajorStrides(input.shape)),
        fill_(FillValue::Of(input.dtype, attrs.constant_value)),
        inner_(InnermostPadded(attrs, to.rank())),
        row_bytes_(to.Product(inner_, to.rank()) * element_size_),
        fill_row_({{to.Product(inner_, to.rank()), 0, 1}}, element_size_) {
    for (int64_t axis = 0; axis < inner_; ++axis) tables_.push_back(SourcePositions(attrs, axis, input.shape, to));
    AddRuns(SourcePositions(attrs, inner_, input.shape, to));
  }

  void Compute(OpContext& context) const override {
    const char* from = static_cast<const char*>(context.input(0).raw_data());
    char* to = static_cast<char*>(context.output(0).raw_data());
    const int64_t grain = std::max<int64_t>((32 << 10) / std::max<int64_t>(row_bytes_, 1), 1);
    context.ParallelRanges(to_.Product(0, inner_), grain, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) WriteRow(row, from, to + row * row_bytes_);
    });
  }

 private:
  // Neighbours of a row that come from evenly spaced elements, or from the constant.
  struct Run {
    StridedCopy copy;
    bool fills;
    int64_t from, to;  // bytes
  };

  static int64_t InnermostPadded(const PadAttrs& attrs, int64_t rank) {
    int64_t axis = rank - 1;
    while (axis > 0 && attrs.pad_width[2 * axis] == 0 && attrs.pad_width[2 * axis + 1] == 0) --axis;
    return axis;
  }

  void AddRuns(const std::vector<int64_t>& positions) {
    const int64_t block = strides_[inner_], size = static_cast<int64_t>(positions.size());
    for (int64_t begin = 0, end; begin < size; begin = end) {
      const int64_t step = begin + 1 < size ? positions[begin + 1] - positions[begin] : 1;
      const bool fills = positions[begin] < 0;
      for (end = begin + 1; end < size && positions[end] - positions[end - 1] == step; ++end) {
        if ((positions[end] < 0) != fills) break;
      }
      const int64_t from_block = fills ? 0 : 1;
      runs_.push_back({StridedCopy({{end - begin, step * block, block}, {block, from_block, 1}}, element_size_), fills,
                       fills ? 0 : positions[begin] * block * element_size_, begin * block * element_size_});
    }
  }

  void WriteRow(int64_t row, const char* from, char* to) const {
    int64_t source = 0;
    for (int64_t axis = inner_ - 1; axis >= 0; --axis) {
      const int64_t position = tables_[axis][row % to_[axis]];
      if (position < 0) return fill_row_.Run(&fill_.bits, to);
      source += position * strides_[axis];
      row /= to_[axis];
    }
    for (const Run& run : runs_) {
      const void* first = &fill_.bits;
      if (!run.fills) first = from + source * element_size_ + run.from;
      run.copy.Run(first, to + run.to);
    }
  }

  const int64_t element_size_;
  const Shape to_;
  const absl::InlinedVector<int64_t, 6> strides_;  // of the input
  const FillValue fill_;
  const int64_t inner_, row_bytes_;  // a row is what axis inner_ and those behind it make
  const StridedCopy fill_row_;
  std::vector<std::vector<int64_t>> tables_;
  std::vector<Run> runs_;
};

// The border of the modes maximum and minimum: the extreme of each line, axis by axis from the last to the first, so
// that a corner gets the extreme of extremes.
template <typename T>
void WriteExtremes(const PadAttrs& attrs, const Shape& from, const Shape& to, T* y) {
  const bool maximum = attrs.mode == Mode::kMaximum;
  for (int64_t axis = to.rank() - 1; axis >= 0; --axis) {
    const int64_t before = attrs.pad_width[2 * axis], size = from[axis];
    const AxisSplit split = SplitAtAxis(to, axis);
    for (int64_t line = 0; line < split.outer * split.inner; ++line) {
      T* first = y + line / split.inner * split.size * split.inner + line % split.inner;
      ComputeType<T> extreme = first[before * split.inner];
      for (int64_t i = before + 1; i < before + size; ++i) {
        const ComputeType<T> value = first[i * split.inner];
        if (maximum ? value > extreme : value < extreme) extreme = value;
      }
      for (int64_t i = 0; i < split.size; ++i) {
        if (i < before || i >= before + size) first[i * split.inner] = static_cast<T>(extreme);
      }
    }
  }
}

class ExtremePadKernel : public Kernel {
 public:
  ExtremePadKernel(const PadAttrs& attrs, const TensorType& input, const Shape& to)
      : attrs_(attrs), from_(input.shape), to_(to), interior_(WithMode(attrs, Mode::kEdge), input, to) {}

  void Compute(OpContext& context) const override {
    interior_.Compute(context);
    const TensorView& y = context.output(0);
    DispatchDType(y.dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      WriteExtremes(attrs_, from_, to_, y.data<T>());
    });
  }

 private:
  static PadAttrs WithMode(PadAttrs attrs, Mode mode) {
    attrs.mode = mode;
    return attrs;
  }

  const PadAttrs attrs_;
  const Shape from_, to_;
  const PadKernel interior_;
};

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const PadAttrs& attrs, PrepareContext& context) {
  const TensorType& input = context.inputs()[0];
  const Shape& to = context.outputs()[0].shape;
  if (to.num_elements() == 0) return MakeMoveKernel(context, {});
  if (attrs.mode == Mode::kMaximum || attrs.mode == Mode::kMinimum) {
    return std::make_unique<ExtremePadKernel>(attrs, input, to);
  }
  return std::make_unique<PadKernel>(attrs, input, to);
}

absl::StatusOr<TensorTypes> InferPadded(const PadAttrs& attrs, const TensorType& input) {
  const int64_t rank = input.shape.rank();
  if (static_cast<int64_t>(attrs.pad_width.size()) != 2 * rank) {
    return ExpectedGot(absl::StrCat("pad_width of ", 2 * rank, " numbers for ", input.shape.ToString()),
                       FormatAttr(attrs.pad_width));
  }
  TensorType output = input;
  for (int64_t axis = 0; axis < rank; ++axis) {
    const int64_t before = attrs.pad_width[2 * axis], after = attrs.pad_width[2 * axis + 1];
    if (std::abs(before) > kMostPadding || std::abs(after) > kMostPadding) {
      return ExpectedGot(absl::StrCat("widths up to ", kMostPadding), FormatAttr(attrs.pad_width));
    }
    if (input.shape[axis] < 0) continue;
    output.shape[axis] += before + after;
    const bool nothing_to_repeat = input.shape[axis] == 0 && before + after > 0 && attrs.mode != Mode::kConstant;
    if (output.shape[axis] < 0 || nothing_to_repeat) {
      return ExpectedGot(absl::StrCat("elements left along axis ", axis), FormatAttr(attrs.pad_width));
    }
  }
  return TensorTypes{output};
}

absl::StatusOr<TensorTypes> InferPad(const PadAttrs& attrs, const TensorTypes& inputs) {
  const Shape& from = inputs[0].shape;
  if (from.rank() != 4 && from.rank() != 5) return ExpectedGot("\"data\" of rank 4 or 5", inputs[0].ToString());
  BARYON_ASSIGN_OR_RETURN(TensorTypes outputs, InferPadded(attrs, inputs[0]));
  const int64_t channels = attrs.channels_last ? from.rank() - 1 : 1;
  for (int64_t axis = 0; axis < from.rank(); ++axis) {
    const int64_t before = attrs.pad_width[2 * axis], after = attrs.pad_width[2 * axis + 1];
    if ((axis == 0 || axis == channels) && (before != 0 || after != 0)) {
      return ExpectedGot("no padding of batch and channels", FormatAttr(attrs.pad_width));
    }
    if (attrs.mode == Mode::kReflect && from[axis] >= 0 &&
        std::max(before, after) >= std::max<int64_t>(from[axis], 1)) {
      return ExpectedGot(absl::StrCat("reflections narrower than ", from.ToString()), FormatAttr(attrs.pad_width));
    }
  }
  return outputs;
}

std::optional<PadAttrs> ToChannelsLast(const PadAttrs& attrs, int rank) {
  if (attrs.channels_last || static_cast<int>(attrs.pad_width.size()) != 2 * rank) return std::nullopt;
  std::vector<std::pair<int64_t, int64_t>> widths;
  for (int axis = 0; axis < rank; ++axis) widths.emplace_back(attrs.pad_width[2 * axis], attrs.pad_width[2 * axis + 1]);
  ToChannelsLastOrder(widths);
  PadAttrs changed = attrs;
  changed.channels_last = true;
  changed.pad_width.clear();
  for (const auto& [before, after] : widths) {
    changed.pad_width.push_back(before);
    changed.pad_width.push_back(after);
  }
  return changed;
}

const OpRegistration<PadAttrs> kPad({
    .names = {"Pad", "pad", "_npx_pad"},
    .inputs = {"data"},
    .attrs = {Required(EnumAttr("mode", &PadAttrs::mode,
                                {{"constant", Mode::kConstant}, {"edge", Mode::kEdge}, {"reflect", Mode::kReflect}})),
              RequiredAttr("pad_width", &PadAttrs::pad_width), Attr("constant_value", &PadAttrs::constant_value),
              InternalAttr("channels_last", &PadAttrs::channels_last)},
    .infer_types = InferPad,
    .prepare = Prepare,
    .accepts_unknown_dims = true,
    .to_channels_last = ToChannelsLast,
});

// ((before, after), ...): the numbers of all pairs after each other.
AttrDef<PadAttrs> PairsAttr() {
  AttrDef<PadAttrs> def = RequiredAttr("pad_width", &PadAttrs::pad_width);
  def.parse = [](absl::string_view text, PadAttrs& attrs) -> absl::Status {
    attrs.pad_width.clear();
    for (absl::string_view number : absl::StrSplit(text, absl::ByAnyChar("()[], "), absl::SkipEmpty())) {
      BARYON_RETURN_IF_ERROR(ParseAttr(number, attrs.pad_width.emplace_back()));
      if (attrs.pad_width.back() < 0) return ExpectedGot("widths of 0 or more", text);
    }
    return absl::OkStatus();
  };
  def.format = [](const PadAttrs& attrs) {
    std::string text = "(";
    for (size_t i = 0; i + 1 < attrs.pad_width.size(); i += 2) {
      absl::StrAppend(&text, "(", attrs.pad_width[i], ", ", attrs.pad_width[i + 1], "), ");
    }
    return text + ")";
  };
  return def;
}

const OpRegistration<PadAttrs> kNumPyPad({
    .names = {"_npi_pad"},
    .inputs = {"data"},
    .attrs = {PairsAttr(),
              EnumAttr("mode", &PadAttrs::mode,
                       {{"constant", Mode::kConstant},
                        {"edge", Mode::kEdge},
                        {"reflect", Mode::kReflect},
                        {"symmetric", Mode::kSymmetric},
                        {"maximum", Mode::kMaximum},
                        {"minimum", Mode::kMinimum}}),
              // 1.x and 2.x spell it differently.
              Attr("constant_value", &PadAttrs::constant_value), Attr("constant_values", &PadAttrs::constant_value),
              Attr("reflect_type", &PadAttrs::reflect_type)},
    .infer_types = [](const PadAttrs& attrs, const TensorTypes& inputs) -> absl::StatusOr<TensorTypes> {
      BARYON_RETURN_IF_ERROR(CheckRankAtLeast("data", inputs[0], 1));
      return InferPadded(attrs, inputs[0]);
    },
    .prepare = Prepare,
});

}  // namespace
}  // namespace baryon
