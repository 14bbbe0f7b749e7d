// Non-maximum suppression of the boxes of each image: rows of numbers among which are a score, the four of a box and
// perhaps a class. Rows whose score is not above valid_thresh, or whose class is the background, drop out; of the best
// topk of the others those stay that no better one of their class overlaps by more than overlap_thresh. The result has
// the rows that stay in front, best first, and rows of -1 behind.
#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/graph/op_def.h"
#include "engine/kernels/suppress_boxes.h"
#include "engine/ops/box_rules.h"
#include "engine/ops/scratch_layout.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

using kernels::Box;
using kernels::BoxFormat;
using kernels::Scored;

struct NmsAttrs {
  double overlap_thresh = 0.5, valid_thresh = 0;
  int64_t topk = -1;  // below 0: all; 0: the data as it is
  int64_t coord_start = 2, score_index = 1, id_index = -1;
  int64_t background_id = -1;
  bool force_suppress = false;  // boxes of all classes suppress each other
  BoxFormat in_format = BoxFormat::kCorner, out_format = BoxFormat::kCorner;

  bool has_class() const { return id_index >= 0; }
};

absl::Status CheckColumns(const NmsAttrs& attrs, const TensorType& data) {
  const int64_t width = data.shape.back(), first = attrs.coord_start, last = first + 3;
  const auto check = [&](absl::string_view name, int64_t column) {
    if (column >= 0 && column < width && (column < first || column > last)) return absl::OkStatus();
    return ExpectedGot(absl::StrCat("a ", name, " in [0, ", width, ") beside the box in columns ", first, " to ", last),
                       column);
  };
  if (first < 0 || first > width - 4) {
    return ExpectedGot(absl::StrCat("rows of a score and a box that begins at column ", first), data.ToString());
  }
  BARYON_RETURN_IF_ERROR(check("score_index", attrs.score_index));
  if (!attrs.has_class()) return absl::OkStatus();
  if (attrs.id_index == attrs.score_index) return ExpectedGot("id_index other than score_index", attrs.id_index);
  return check("id_index", attrs.id_index);
}

absl::StatusOr<TensorTypes> InferTypes(const NmsAttrs& attrs, const TensorTypes& inputs) {
  const TensorType& data = inputs[0];
  BARYON_RETURN_IF_ERROR(CheckRankAtLeast("data", data, 2));
  BARYON_RETURN_IF_ERROR(CheckFloating("data", data));
  if (data.shape.back() >= 0) BARYON_RETURN_IF_ERROR(CheckColumns(attrs, data));
  if (data.shape.IsFullyKnown()) BARYON_RETURN_IF_ERROR(CheckBoxCount(data.shape.Product(0, data.shape.rank() - 1)));
  TensorType record = data;
  record.shape[data.shape.rank() - 1] = 1;
  return TensorTypes{data, std::move(record)};
}

// Rows of T, computed as V. Three loops over all threads: over parts of the images, to pick the rows that take part;
// over images, to suppress; over rows of the output, to write.
template <typename T>
class NmsKernel : public Kernel {
  using V = ComputeType<T>;

 public:
  NmsKernel(const NmsAttrs& attrs, const Shape& shape, int num_threads)
      : attrs_(attrs),
        images_(shape.Product(0, shape.rank() - 2)),
        boxes_(shape[shape.rank() - 2]),
        width_(shape.back()),
        most_(attrs.topk < 0 ? boxes_ : std::min(boxes_, attrs.topk)),
        parts_(std::clamp<int64_t>(boxes_ / kRowsPerPart, 1, num_threads)) {
    candidates_ = shared_.Add<Scored<V>>(images_ * boxes_);
    counts_ = shared_.Add<int64_t>(images_ * parts_);
    kept_ = shared_.Add<int32_t>(images_ * most_);
    num_kept_ = shared_.Add<int64_t>(images_);
    own_ = ScratchLayout(shared_.bytes());
    ranked_boxes_ = own_.Add<Box<V>>(most_);
    classes_ = own_.Add<int32_t>(most_);
    keeper_ = own_.Add<char>(kernels::KeepBestBoxesBytes<V>(most_));
  }

  int64_t workspace_bytes() const override { return own_.bytes(); }

  void Compute(OpContext& context) const override {
    const T* x = context.input(0).data<const T>();
    T* y = context.output(0).data<T>();
    if (images_ * boxes_ == 0) return;
    if (most_ < 1) {
      std::copy_n(x, images_ * boxes_ * width_, y);
      return;
    }
    char* shared = context.workspace(0);
    context.ParallelFor(static_cast<int>(images_ * parts_), [&](int task, int) { Pick(x, task, shared); });
    context.ParallelFor(static_cast<int>(images_),
                        [&](int image, int worker) { Suppress(x, image, shared, context.workspace(worker)); });
    context.ParallelRanges(images_ * boxes_, kRowsPerPart,
                           [&](int64_t begin, int64_t end) { Write(x, begin, end, shared, y); });
  }

 private:
  static constexpr int64_t kRowsPerPart = 1 << 13;

  // The rows of one part of an image that take part, with their scores.
  void Pick(const T* x, int64_t task, char* shared) const {
    const int64_t image = task / parts_, part = task % parts_;
    const int64_t begin = boxes_ * part / parts_, end = boxes_ * (part + 1) / parts_;
    const V valid = static_cast<float>(attrs_.valid_thresh), background = static_cast<V>(attrs_.background_id);
    Scored<V>* first = candidates_.At(shared) + image * boxes_ + begin;
    Scored<V>* next = first;
    const T* row = x + (image * boxes_ + begin) * width_;
    for (int64_t i = begin; i < end; ++i, row += width_) {
      const V score = row[attrs_.score_index];
      if (!(score > valid) || (attrs_.has_class() && static_cast<V>(row[attrs_.id_index]) == background)) continue;
      *next++ = {score, static_cast<int32_t>(i)};
    }
    counts_.At(shared)[task] = next - first;
  }

  // The places of the rows of an image that stay, best first.
  void Suppress(const T* x, int64_t image, char* shared, char* own) const {
    Scored<V>* candidates = candidates_.At(shared) + image * boxes_;
    int64_t count = 0;
    for (int64_t part = 0; part < parts_; ++part) {
      const Scored<V>* from = candidates + boxes_ * part / parts_;
      const int64_t n = counts_.At(shared)[image * parts_ + part];
      std::copy(from, from + n, candidates + count);
      count += n;
    }
    const int64_t n = std::min(count, most_);
    kernels::BestFirst(candidates, count, n);
    Box<V>* boxes = ranked_boxes_.At(own);
    int32_t* classes = attrs_.has_class() && !attrs_.force_suppress ? classes_.At(own) : nullptr;
    for (int64_t i = 0; i < n; ++i) {
      const T* row = x + (image * boxes_ + candidates[i].place) * width_;
      boxes[i] = kernels::ReadBox<V>(row + attrs_.coord_start, attrs_.in_format);
      if (classes != nullptr) classes[i] = ClassNumber(row[attrs_.id_index]);
    }
    int32_t* kept = kept_.At(shared) + image * most_;
    const kernels::SuppressionRule<V> rule = {static_cast<float>(attrs_.overlap_thresh)};
    const int64_t num_kept = KeepBestBoxes(rule, boxes, classes, n, n, kept, keeper_.At(own));
    for (int64_t i = 0; i < num_kept; ++i) kept[i] = candidates[kept[i]].place;
    num_kept_.At(shared)[image] = num_kept;
  }

  // Rows [begin, end) of all images.
  void Write(const T* x, int64_t begin, int64_t end, const char* shared, T* y) const {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t image = row / boxes_, rank = row % boxes_;
      T* to = y + row * width_;
      if (rank >= num_kept_.At(shared)[image]) {
        const int64_t last = std::min(end, (image + 1) * boxes_);
        std::fill(to, y + last * width_, static_cast<T>(-1));
        row = last - 1;
        continue;
      }
      std::copy_n(x + (image * boxes_ + kept_.At(shared)[image * most_ + rank]) * width_, width_, to);
      if (attrs_.in_format != attrs_.out_format) {
        kernels::ConvertBox<V>(attrs_.out_format, to + attrs_.coord_start);
      }
    }
  }

  const NmsAttrs attrs_;
  const int64_t images_, boxes_, width_, most_, parts_;
  ScratchLayout shared_, own_;  // of the first worker's scratch memory, and of each worker's behind it
  Scratch<Scored<V>> candidates_;
  Scratch<int64_t> counts_, num_kept_;
  Scratch<int32_t> kept_, classes_;
  Scratch<Box<V>> ranked_boxes_;
  Scratch<char> keeper_;
};

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const NmsAttrs& attrs, PrepareContext& context) {
  const TensorType& data = context.inputs()[0];
  return DispatchFloating(data.dtype, [&](auto tag) -> std::unique_ptr<Kernel> {
    return std::make_unique<NmsKernel<typename decltype(tag)::type>>(attrs, data.shape, context.num_threads());
  });
}

const OpRegistration<NmsAttrs> kBoxNms({
    .names = {"_contrib_box_nms", "_contrib_box_non_maximum_suppression"},
    .inputs = {"data"},
    .outputs = {"output0", "output1"},
    .attrs = {Attr("overlap_thresh", &NmsAttrs::overlap_thresh), Attr("valid_thresh", &NmsAttrs::valid_thresh),
              Attr("topk", &NmsAttrs::topk), Attr("coord_start", &NmsAttrs::coord_start),
              Attr("score_index", &NmsAttrs::score_index), Attr("id_index", &NmsAttrs::id_index),
              Attr("background_id", &NmsAttrs::background_id), Attr("force_suppress", &NmsAttrs::force_suppress),
              BoxFormatAttr("in_format", &NmsAttrs::in_format), BoxFormatAttr("out_format", &NmsAttrs::out_format)},
    .num_visible_outputs = [](const NmsAttrs&) { return 1; },
    .infer_types = InferTypes,
    .prepare = Prepare,
    .accepts_unknown_dims = true,
});

}  // namespace
}  // namespace baryon
