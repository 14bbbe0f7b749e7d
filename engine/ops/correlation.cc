// How alike the surroundings of every place of one feature map are to those of places near it in another, as optical
// flow networks ask: for each shift of a neighbourhood, the mean over channels and a small window of the products, or
// of the absolute differences. Source: Dosovitskiy et al., FlowNet: Learning Optical Flow with Convolutional Networks,
// 2015.
#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/ops/scratch_layout.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

constexpr int64_t kMostSetting = 1 << 15;

struct CorrelationAttrs {
  int64_t kernel_size = 1;       // of the window, odd
  int64_t max_displacement = 1;  // of the second place
  int64_t stride1 = 1;           // between places of the first map
  int64_t stride2 = 1;           // between shifts
  int64_t pad_size = 0;
  bool is_multiply = true;

  int64_t reach() const { return max_displacement / stride2; }  // shifts to one side
  int64_t shifts() const { return 2 * reach() + 1; }
  int64_t border() const { return max_displacement + (kernel_size - 1) / 2; }
};

absl::Status Check(const CorrelationAttrs& attrs) {
  const auto check = [](const char* name, int64_t value, int64_t least) {
    if (value >= least && value <= kMostSetting) return absl::OkStatus();
    return ExpectedGot(absl::StrCat("\"", name, "\" from ", least, " to 2^15"), value);
  };
  BARYON_RETURN_IF_ERROR(check("kernel_size", attrs.kernel_size, 1));
  BARYON_RETURN_IF_ERROR(check("max_displacement", attrs.max_displacement, 0));
  BARYON_RETURN_IF_ERROR(check("stride1", attrs.stride1, 1));
  BARYON_RETURN_IF_ERROR(check("stride2", attrs.stride2, 1));
  BARYON_RETURN_IF_ERROR(check("pad_size", attrs.pad_size, 0));
  return attrs.kernel_size % 2 == 1 ? absl::OkStatus() : ExpectedGot("an odd \"kernel_size\"", attrs.kernel_size);
}

absl::StatusOr<TensorTypes> InferTypes(const CorrelationAttrs& attrs, const TensorTypes& inputs) {
  const TensorType& data = inputs[0];
  BARYON_RETURN_IF_ERROR(CheckRank("data1", data, 4));
  BARYON_RETURN_IF_ERROR(CheckFloating("data1", data));
  if (inputs[1] != data) return InputMismatch("data2", data, inputs[1]);
  Shape output = {data.shape[0], attrs.shifts() * attrs.shifts(), 0, 0};
  Shape padded = {data.shape[0], 0, 0, data.shape[1]};
  for (int axis = 0; axis < 2; ++axis) {
    const int64_t size = data.shape[2 + axis] + 2 * attrs.pad_size, inner = size - 2 * attrs.border();
    if (inner < 1) {
      return ExpectedGot(absl::StrCat("maps of more than ", 2 * attrs.border(), " with padding"), data.ToString());
    }
    output[2 + axis] = (inner + attrs.stride1 - 1) / attrs.stride1;
    padded[1 + axis] = size;
  }
  if (data.shape[1] == 0) return ExpectedGot("channels", data.ToString());
  return TensorTypes{{data.dtype, output}, {data.dtype, padded}, {data.dtype, padded}};
}

// Rows of the output, one shift of one image at a time. Terms are added for a whole row at once, in the order in which
// a single place would see them: window row, window column, channel.
template <typename T>
class CorrelationKernel : public Kernel {
  using V = ComputeType<T>;

 public:
  CorrelationKernel(const CorrelationAttrs& attrs, const Shape& data, const Shape& output)
      : attrs_(attrs), channels_(data[1]), height_(data[2]), width_(data[3]), rows_(output[2]), columns_(output[3]) {
    sums_ = scratch_.Add<V>(columns_);
  }

  int64_t workspace_bytes() const override { return scratch_.bytes(); }

  void Compute(OpContext& context) const override {
    const int64_t shifts = attrs_.shifts() * attrs_.shifts();
    const int64_t rows = context.output(0).shape()[0] * shifts * rows_;
    const int tasks = static_cast<int>(std::min<int64_t>(rows, 8 * context.num_threads()));
    context.ParallelFor(tasks, [&](int task, int worker) {
      V* sums = sums_.At(context.workspace(worker));
      for (int64_t row = rows * task / tasks; row < rows * (task + 1) / tasks; ++row) {
        SumRow(context, row / (shifts * rows_), row / rows_ % shifts, row % rows_, sums);
        const V terms = static_cast<V>(attrs_.kernel_size * attrs_.kernel_size * channels_);
        T* to = context.output(0).data<T>() + row * columns_;
        for (int64_t x = 0; x < columns_; ++x) to[x] = static_cast<T>(sums[x] / terms);
      }
    });
  }

 private:
  void SumRow(OpContext& context, int64_t image, int64_t shift, int64_t y, V* sums) const {
    std::fill_n(sums, columns_, V{0});
    const int64_t dy = (shift / attrs_.shifts() - attrs_.reach()) * attrs_.stride2;
    const int64_t dx = (shift % attrs_.shifts() - attrs_.reach()) * attrs_.stride2;
    const int64_t first = attrs_.max_displacement - attrs_.pad_size;  // of the window of output 0
    const int64_t plane = height_ * width_;
    const T* a = context.input(0).data<const T>() + image * channels_ * plane;
    const T* b = context.input(1).data<const T>() + image * channels_ * plane;
    for (int64_t h = 0; h < attrs_.kernel_size; ++h) {
      const int64_t row_a = y * attrs_.stride1 + first + h, row_b = row_a + dy;
      const bool a_exists = row_a >= 0 && row_a < height_, b_exists = row_b >= 0 && row_b < height_;
      if (!a_exists && !b_exists) continue;
      for (int64_t w = 0; w < attrs_.kernel_size; ++w) {
        for (int64_t c = 0; c < channels_; ++c) {
          const Line line_a = {a_exists ? a + c * plane + row_a * width_ : nullptr, first + w};
          const Line line_b = {b_exists ? b + c * plane + row_b * width_ : nullptr, first + w + dx};
          attrs_.is_multiply ? AddProducts(line_a, line_b, sums) : AddDifferences(line_a, line_b, sums);
        }
      }
    }
  }

  // A row of a map, or nullptr where there is none, and its column for output 0.
  struct Line {
    const T* row;
    int64_t first;
  };

  // Outputs [begin, end) read columns of the map from `first` on.
  std::pair<int64_t, int64_t> Inside(int64_t first) const {
    const int64_t stride = attrs_.stride1;
    const int64_t begin = first >= 0 ? 0 : (-first + stride - 1) / stride;
    const int64_t end = first >= width_ ? 0 : (width_ - first + stride - 1) / stride;
    return {begin, std::min(end, columns_)};
  }

  void AddProducts(const Line& a, const Line& b, V* sums) const {
    if (a.row == nullptr || b.row == nullptr) return;
    const auto [begin_a, end_a] = Inside(a.first);
    const auto [begin_b, end_b] = Inside(b.first);
    const int64_t stride = attrs_.stride1;
    for (int64_t x = std::max(begin_a, begin_b); x < std::min(end_a, end_b); ++x) {
      sums[x] += static_cast<V>(a.row[a.first + x * stride]) * static_cast<V>(b.row[b.first + x * stride]);
    }
  }

  void AddDifferences(const Line& a, const Line& b, V* sums) const {
    const auto value = [this](const Line& line, int64_t x) {
      const int64_t column = line.first + x * attrs_.stride1;
      return line.row != nullptr && column >= 0 && column < width_ ? static_cast<V>(line.row[column]) : V{0};
    };
    for (int64_t x = 0; x < columns_; ++x) sums[x] += std::abs(value(a, x) - value(b, x));
  }

  const CorrelationAttrs attrs_;
  const int64_t channels_, height_, width_;
  const int64_t rows_, columns_;  // of the output
  ScratchLayout scratch_;
  Scratch<V> sums_;
};

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const CorrelationAttrs& attrs, PrepareContext& context) {
  const TensorType& data = context.inputs()[0];
  return DispatchFloating(data.dtype, [&](auto tag) -> std::unique_ptr<Kernel> {
    return std::make_unique<CorrelationKernel<typename decltype(tag)::type>>(attrs, data.shape,
                                                                             context.outputs()[0].shape);
  });
}

const OpRegistration<CorrelationAttrs> kCorrelation({
    .names = {"Correlation"},
    .inputs = {"data1", "data2"},
    .outputs = {"output", "tmp1", "tmp2"},
    .attrs = {Attr("kernel_size", &CorrelationAttrs::kernel_size),
              Attr("max_displacement", &CorrelationAttrs::max_displacement),
              Attr("stride1", &CorrelationAttrs::stride1), Attr("stride2", &CorrelationAttrs::stride2),
              Attr("pad_size", &CorrelationAttrs::pad_size), Attr("is_multiply", &CorrelationAttrs::is_multiply)},
    .check = Check,
    .num_visible_outputs = [](const CorrelationAttrs&) { return 1; },
    .infer_types = InferTypes,
    .prepare = Prepare,
});

}  // namespace
}  // namespace baryon
