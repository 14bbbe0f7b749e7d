// Detections of a single-shot detector: for every anchor the best class other than the background, if its score reaches
// the threshold, and the decoded box; then non-maximum suppression. A row of the result is [class, score, left, top,
// right, bottom], the best first. Suppressed rows stay with a class of -1, as do rows behind the best nms_topk, which
// stand in the order of the anchors; rows behind all of them are -1.
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
using kernels::Scored;

struct DetectionAttrs {
  bool clip = true;  // boxes to the picture
  double threshold = 0.01;
  int64_t background_id = 0;   // MXNet reads it and takes 0 whatever it says
  double nms_threshold = 0.5;  // none when it is not in (0, 1]
  bool force_suppress = false;
  FloatTuple variances = {0.1, 0.1, 0.2, 0.2};
  int64_t nms_topk = -1;

  bool suppresses() const { return nms_threshold > 0 && nms_threshold <= 1; }
};

absl::Status Check(const DetectionAttrs& attrs) {
  if (attrs.variances.size() == 4) return absl::OkStatus();
  return ExpectedGot("four \"variances\"", FormatAttr(attrs.variances));
}

absl::StatusOr<TensorTypes> InferTypes(const DetectionAttrs&, const TensorTypes& inputs) {
  const TensorType &scores = inputs[0], &codes = inputs[1], &anchor = inputs[2];
  BARYON_RETURN_IF_ERROR(CheckRank("cls_prob", scores, 3));
  BARYON_RETURN_IF_ERROR(CheckFloating("cls_prob", scores));
  const int64_t batch = scores.shape[0], anchors = scores.shape[2];
  if (anchors == 0) return ExpectedGot("anchors", scores.ToString());
  const TensorType expected_codes = {scores.dtype, {batch, anchors * 4}},
                   expected_anchor = {scores.dtype, {1, anchors, 4}};
  if (codes != expected_codes) return InputMismatch("loc_pred", expected_codes, codes);
  if (anchor != expected_anchor) return InputMismatch("anchor", expected_anchor, anchor);
  BARYON_RETURN_IF_ERROR(CheckBoxCount(batch * anchors));
  return TensorTypes{{scores.dtype, {batch, anchors, 6}}};
}

template <typename T>
class DetectionKernel : public Kernel {
  using V = ComputeType<T>;
  static constexpr int64_t kAnchorsPerTask = 1 << 10;
  static constexpr int64_t kColumns = 6;

 public:
  DetectionKernel(const DetectionAttrs& attrs, const Shape& scores)
      : attrs_(attrs), batch_(scores[0]), classes_(scores[1]), anchors_(scores[2]) {
    for (int k = 0; k < 4; ++k) coding_.variances[k] = static_cast<float>(attrs.variances[k]);
    best_ = shared_.Add<V>(batch_ * anchors_);
    best_class_ = shared_.Add<int32_t>(batch_ * anchors_);
    own_ = ScratchLayout(shared_.bytes());
    rows_ = own_.Add<V>(anchors_ * kColumns);
    scored_ = own_.Add<Scored<V>>(anchors_);
    boxes_ = own_.Add<Box<V>>(anchors_);
    class_of_ = own_.Add<int32_t>(anchors_);
    kept_ = own_.Add<int32_t>(anchors_);
    keeper_ = own_.Add<char>(kernels::KeepBestBoxesBytes<V>(anchors_));
  }

  int64_t workspace_bytes() const override { return own_.bytes(); }

  void Compute(OpContext& context) const override {
    char* shared = context.workspace(0);
    const T* scores = context.input(0).data<const T>();
    context.ParallelRanges(batch_ * anchors_, kAnchorsPerTask,
                           [&](int64_t begin, int64_t end) { FindClasses(scores, begin, end, shared); });
    context.ParallelFor(static_cast<int>(batch_),
                        [&](int image, int worker) { Detect(context, image, shared, context.workspace(worker)); });
  }

 private:
  // The best class of anchors [begin, end) of all images, 0 for none, and its score.
  void FindClasses(const T* scores, int64_t begin, int64_t end, char* shared) const {
    V* best = best_.At(shared);
    int32_t* best_class = best_class_.At(shared);
    std::fill(best + begin, best + end, static_cast<V>(-1));
    std::fill(best_class + begin, best_class + end, 0);
    for (int64_t first = begin, last; first < end; first = last) {
      const int64_t image = first / anchors_;
      last = std::min(end, (image + 1) * anchors_);
      for (int32_t c = 1; c < classes_; ++c) {
        const T* of_class = scores + (image * (classes_ - 1) + c) * anchors_;  // at `first`, counted through all images
        for (int64_t i = first; i < last; ++i) {
          const V score = of_class[i];
          const bool better = score > best[i];
          best[i] = better ? score : best[i];
          best_class[i] = better ? c : best_class[i];
        }
      }
    }
  }

  void Detect(OpContext& context, int64_t image, const char* shared, char* own) const {
    V* rows = rows_.At(own);
    const int64_t count = ListDetections(context, image, shared, rows);
    T* y = context.output(0).data<T>() + image * anchors_ * kColumns;
    if (attrs_.suppresses() && count > 0) {
      Suppress(rows, count, own, y);
    } else {
      std::copy_n(rows, count * kColumns, y);
    }
    std::fill(y + count * kColumns, y + anchors_ * kColumns, static_cast<T>(-1));
  }

  // The rows of all anchors with an object, in their order.
  int64_t ListDetections(OpContext& context, int64_t image, const char* shared, V* rows) const {
    const T *codes = context.input(1).data<const T>() + image * anchors_ * 4,
            *anchor = context.input(2).data<const T>();
    const V* best = best_.At(shared) + image * anchors_;
    const int32_t* best_class = best_class_.At(shared) + image * anchors_;
    const V threshold = static_cast<float>(attrs_.threshold);
    int64_t count = 0;
    for (int64_t i = 0; i < anchors_; ++i) {
      if (best_class[i] == 0 || best[i] < threshold) continue;
      V* row = rows + count++ * kColumns;
      row[0] = static_cast<V>(best_class[i] - 1);
      row[1] = best[i];
      const V left = anchor[i * 4], top = anchor[i * 4 + 1], right = anchor[i * 4 + 2], bottom = anchor[i * 4 + 3];
      kernels::DecodeBox(coding_, codes + i * 4, (left + right) / 2, (top + bottom) / 2, right - left, bottom - top,
                         row + 2);
      if (attrs_.clip) {
        for (int k = 2; k < kColumns; ++k) row[k] = std::max<V>(0, std::min<V>(1, row[k]));
      }
    }
    return count;
  }

  void Suppress(const V* rows, int64_t count, char* own, T* y) const {
    Scored<V>* scored = scored_.At(own);
    for (int64_t i = 0; i < count; ++i) scored[i] = {rows[i * kColumns + 1], static_cast<int32_t>(i)};
    kernels::BestFirst(scored, count, count);
    const int64_t n = attrs_.nms_topk > 0 ? std::min(count, attrs_.nms_topk) : count;
    Box<V>* boxes = boxes_.At(own);
    int32_t* classes = attrs_.force_suppress ? nullptr : class_of_.At(own);
    for (int64_t i = 0; i < n; ++i) {
      const V* row = rows + scored[i].place * kColumns;
      boxes[i] = {row[2], row[3], row[4], row[5], (row[4] - row[2]) * (row[5] - row[3])};
      if (classes != nullptr) classes[i] = static_cast<int32_t>(row[0]);
    }
    int32_t* kept = kept_.At(own);
    const kernels::SuppressionRule<V> rule = {static_cast<float>(attrs_.nms_threshold), /*at_threshold=*/true};
    const int64_t num_kept = KeepBestBoxes(rule, boxes, classes, n, n, kept, keeper_.At(own));
    for (int64_t i = 0; i < count; ++i) {
      const V* row = rows + (i < n ? scored[i].place : i) * kColumns;
      std::copy_n(row, kColumns, y + i * kColumns);
    }
    for (int64_t i = 0, next = 0; i < count; ++i) {
      const bool stays = next < num_kept && kept[next] == i;
      if (!stays) y[i * kColumns] = static_cast<T>(-1);
      next += stays;
    }
  }

  const DetectionAttrs attrs_;
  const int64_t batch_, classes_, anchors_;
  kernels::BoxCoding<V> coding_;
  ScratchLayout shared_, own_;  // of the first worker's scratch memory, and of each worker's behind it
  Scratch<V> best_, rows_;
  Scratch<int32_t> best_class_, class_of_, kept_;
  Scratch<Scored<V>> scored_;
  Scratch<Box<V>> boxes_;
  Scratch<char> keeper_;
};

absl::StatusOr<std::unique_ptr<Kernel>> Prepare(const DetectionAttrs& attrs, PrepareContext& context) {
  const TensorType& scores = context.inputs()[0];
  return DispatchFloating(scores.dtype, [&](auto tag) -> std::unique_ptr<Kernel> {
    return std::make_unique<DetectionKernel<typename decltype(tag)::type>>(attrs, scores.shape);
  });
}

const OpRegistration<DetectionAttrs> kMultiBoxDetection({
    .names = {"_contrib_MultiBoxDetection", "_npx_multibox_detection"},
    .inputs = {"cls_prob", "loc_pred", "anchor"},
    .attrs = {Attr("clip", &DetectionAttrs::clip), Attr("threshold", &DetectionAttrs::threshold),
              Attr("background_id", &DetectionAttrs::background_id),
              Attr("nms_threshold", &DetectionAttrs::nms_threshold),
              Attr("force_suppress", &DetectionAttrs::force_suppress), Attr("variances", &DetectionAttrs::variances),
              Attr("nms_topk", &DetectionAttrs::nms_topk)},
    .check = Check,
    .infer_types = InferTypes,
    .prepare = Prepare,
});

}  // namespace
}  // namespace baryon
