// Regions of interest from a region proposal network: at every cell of the feature map the same anchors, each moved and
// scaled as the network says and cut to the picture. The best rpn_pre_nms_top_n pass non-maximum suppression, and
// rpn_post_nms_top_n of each image are the result, [image, left, top, right, bottom]; where fewer are left they are
// repeated from the first. Corners are pixels: a box from 0 to 15 is 16 wide.
#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

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

struct ProposalAttrs {
  int64_t rpn_pre_nms_top_n = 6000, rpn_post_nms_top_n = 300;
  double threshold = 0.7;
  int64_t rpn_min_size = 16;  // in pixels of the unscaled picture
  FloatTuple scales = {4, 8, 16, 32}, ratios = {0.5, 1, 2};
  int64_t feature_stride = 16;
  bool output_score = false;
  bool iou_loss = false;  // the network shifts corners

  int64_t anchors_per_cell() const { return static_cast<int64_t>(scales.size() * ratios.size()); }
};

absl::Status Check(const ProposalAttrs& attrs) {
  if (attrs.scales.empty() || attrs.ratios.empty()) return ExpectedGot("\"scales\" and \"ratios\"", "none");
  constexpr int64_t kMostRows = int64_t{1} << 28;
  const auto check = [](const char* name, int64_t value, int64_t least) {
    if (value >= least && value <= kMostRows) return absl::OkStatus();
    return ExpectedGot(absl::StrCat("\"", name, "\" from ", least, " to 2^28"), value);
  };
  BARYON_RETURN_IF_ERROR(check("rpn_post_nms_top_n", attrs.rpn_post_nms_top_n, 1));
  return check("feature_stride", attrs.feature_stride, 1);
}

absl::StatusOr<TensorTypes> InferTypes(const ProposalAttrs& attrs, const TensorTypes& inputs) {
  const TensorType& scores = inputs[0];
  BARYON_RETURN_IF_ERROR(CheckRank("cls_prob", scores, 4));
  if (scores.dtype != DType::kFloat32) return ExpectedGot("\"cls_prob\" of float32", scores.ToString());
  const int64_t batch = scores.shape[0], height = scores.shape[2], width = scores.shape[3];
  const int64_t anchors = attrs.anchors_per_cell();
  if (scores.shape[1] != 2 * anchors || height * width == 0) {
    return ExpectedGot(absl::StrCat("\"cls_prob\" with ", 2 * anchors, " channels, two for each anchor"),
                       scores.ToString());
  }
  const TensorType deltas = {DType::kFloat32, {batch, 4 * anchors, height, width}},
                   info = {DType::kFloat32, {batch, 3}};
  if (inputs[1] != deltas) return InputMismatch("bbox_pred", deltas, inputs[1]);
  if (inputs[2] != info) return InputMismatch("im_info", info, inputs[2]);
  BARYON_RETURN_IF_ERROR(CheckBoxCount(batch * anchors * height * width));
  const int64_t rows = batch * attrs.rpn_post_nms_top_n;
  return TensorTypes{{DType::kFloat32, {rows, 5}}, {DType::kFloat32, {rows, 1}}};
}

absl::StatusOr<TensorTypes> InferSingle(const ProposalAttrs& attrs, const TensorTypes& inputs) {
  BARYON_ASSIGN_OR_RETURN(TensorTypes outputs, InferTypes(attrs, inputs));
  if (inputs[0].shape[0] == 1) return outputs;
  return ExpectedGot("one image", inputs[0].ToString());
}

struct Corners {
  float left, top, right, bottom;
};

// Those of the cell at the origin: around its middle, with areas near those of the cell times a scale squared.
std::vector<Corners> BaseAnchors(const ProposalAttrs& attrs) {
  const float side = static_cast<float>(attrs.feature_stride), center = 0.5f * (side - 1.0f);
  std::vector<Corners> anchors;
  for (double ratio_attr : attrs.ratios) {
    for (double scale_attr : attrs.scales) {
      const float ratio = static_cast<float>(ratio_attr), scale = static_cast<float>(scale_attr);
      const float width = std::floor(std::sqrt(std::floor(side * side / ratio)) + 0.5f) * scale;
      const float height = std::floor(width / scale * ratio + 0.5f) * scale;
      const float x = 0.5f * (width - 1.0f), y = 0.5f * (height - 1.0f);
      anchors.push_back({center - x, center - y, center + x, center + y});
    }
  }
  return anchors;
}

// What a picture says about its proposals.
struct Picture {
  float width, height;
  float least_side;
  int64_t rows, columns;  // cells beyond them are padding
};

class ProposalKernel : public Kernel {
 public:
  ProposalKernel(const ProposalAttrs& attrs, const Shape& scores)
      : attrs_(attrs),
        base_(BaseAnchors(attrs)),
        batch_(scores[0]),
        height_(scores[2]),
        width_(scores[3]),
        count_(static_cast<int64_t>(base_.size()) * height_ * width_),
        most_(attrs.rpn_pre_nms_top_n > 0 ? std::min(count_, attrs.rpn_pre_nms_top_n) : count_) {
    proposals_ = layout_.Add<Corners>(count_);
    scored_ = layout_.Add<Scored<float>>(count_);
    boxes_ = layout_.Add<Box<float>>(most_);
    kept_ = layout_.Add<int32_t>(most_);
    keeper_ = layout_.Add<char>(kernels::KeepBestBoxesBytes<float>(most_));
  }

  int64_t workspace_bytes() const override { return layout_.bytes(); }

  void Compute(OpContext& context) const override {
    context.ParallelFor(static_cast<int>(batch_),
                        [&](int image, int worker) { Propose(context, image, context.workspace(worker)); });
  }

 private:
  void Propose(OpContext& context, int64_t image, char* scratch) const {
    const float* info = context.input(2).data<const float>() + image * 3;
    const auto cells = [&](float size, int64_t most) {  // NaN and negative sizes: none
      const float count = size / attrs_.feature_stride;
      return count >= 0 ? static_cast<int64_t>(std::min<float>(count, most)) : 0;
    };
    const Picture picture = {info[1], info[0], attrs_.rpn_min_size * info[2], cells(info[0], height_),
                             cells(info[1], width_)};
    ListProposals(context, image, picture, scratch);
    Scored<float>* scored = scored_.At(scratch);
    const Corners* proposals = proposals_.At(scratch);
    kernels::BestFirst(scored, count_, most_);
    Box<float>* boxes = boxes_.At(scratch);
    for (int64_t i = 0; i < most_; ++i) {
      const Corners& p = proposals[scored[i].place];
      boxes[i] = {p.left, p.top, p.right, p.bottom, (p.right - p.left + 1) * (p.bottom - p.top + 1)};
    }
    int32_t* kept = kept_.At(scratch);
    const kernels::SuppressionRule<float> rule = {static_cast<float>(attrs_.threshold), false, /*edge=*/1};
    const int64_t rows = attrs_.rpn_post_nms_top_n;
    const int64_t num_kept = KeepBestBoxes(rule, boxes, nullptr, most_, rows, kept, keeper_.At(scratch));
    for (int64_t i = 0; i < rows; ++i) {
      const Scored<float>& from = scored[kept[i % num_kept]];
      const Corners& box = proposals[from.place];
      float* row = context.output(0).data<float>() + (image * rows + i) * 5;
      row[0] = static_cast<float>(image);
      row[1] = box.left, row[2] = box.top, row[3] = box.right, row[4] = box.bottom;
      if (context.output(1).has_data()) context.output(1).data<float>()[image * rows + i] = from.score;
    }
  }

  // All proposals of an image with their scores, cell by cell and anchor by anchor.
  void ListProposals(OpContext& context, int64_t image, const Picture& picture, char* scratch) const {
    const int64_t cells = height_ * width_, anchors = static_cast<int64_t>(base_.size());
    const float* scores = context.input(0).data<const float>() + (2 * image + 1) * anchors * cells;
    const float* deltas = context.input(1).data<const float>() + image * 4 * anchors * cells;
    Corners* proposal = proposals_.At(scratch);
    Scored<float>* scored = scored_.At(scratch);
    for (int64_t cell = 0, place = 0; cell < cells; ++cell) {
      const int64_t row = cell / width_, column = cell % width_;
      const bool is_padding = row >= picture.rows || column >= picture.columns;
      for (int64_t a = 0; a < anchors; ++a, ++place, ++proposal, ++scored) {
        const float* delta = deltas + 4 * a * cells + cell;
        const float d[4] = {delta[0], delta[cells], delta[2 * cells], delta[3 * cells]};
        const float x = static_cast<float>(column * attrs_.feature_stride);
        const float y = static_cast<float>(row * attrs_.feature_stride);
        const Corners anchor = {base_[a].left + x, base_[a].top + y, base_[a].right + x, base_[a].bottom + y};
        *proposal = Cut(attrs_.iou_loss ? ShiftCorners(anchor, d) : MoveAndScale(anchor, d), picture);
        const bool is_small = GrowIfSmall(picture.least_side, *proposal);
        const float score = scores[a * cells + cell];
        const bool is_worthless = is_padding || is_small || std::isnan(score);  // NaN has no place in an order
        *scored = {is_worthless ? -1.0f : score, static_cast<int32_t>(place)};
      }
    }
  }

  // Sums that MXNet forms in double are formed so here: suppression may depend on the last bit.
  static Corners MoveAndScale(const Corners& anchor, const float* d) {
    const float width = anchor.right - anchor.left + 1.0f, height = anchor.bottom - anchor.top + 1.0f;
    const float x = d[0] * width + static_cast<float>(anchor.left + 0.5 * (width - 1.0));
    const float y = d[1] * height + static_cast<float>(anchor.top + 0.5 * (height - 1.0));
    const double half_width = 0.5 * (std::exp(d[2]) * width - 1.0);
    const double half_height = 0.5 * (std::exp(d[3]) * height - 1.0);
    return {static_cast<float>(x - half_width), static_cast<float>(y - half_height), static_cast<float>(x + half_width),
            static_cast<float>(y + half_height)};
  }
  static Corners ShiftCorners(const Corners& anchor, const float* d) {
    return {anchor.left + d[0], anchor.top + d[1], anchor.right + d[2], anchor.bottom + d[3]};
  }
  static Corners Cut(const Corners& box, const Picture& picture) {
    const auto cut = [](float value, float size) { return std::max(std::min(value, size - 1.0f), 0.0f); };
    return {cut(box.left, picture.width), cut(box.top, picture.height), cut(box.right, picture.width),
            cut(box.bottom, picture.height)};
  }
  // Boxes with a side below `least` grow by half of it on all sides and lose their score.
  static bool GrowIfSmall(float least, Corners& box) {
    if (box.right - box.left + 1.0f >= least && box.bottom - box.top + 1.0f >= least) return false;
    const float half = least / 2;
    box = {box.left - half, box.top - half, box.right + half, box.bottom + half};
    return true;
  }

  const ProposalAttrs attrs_;
  const std::vector<Corners> base_;
  const int64_t batch_, height_, width_, count_, most_;
  ScratchLayout layout_;
  Scratch<Corners> proposals_;
  Scratch<Scored<float>> scored_;
  Scratch<Box<float>> boxes_;
  Scratch<int32_t> kept_;
  Scratch<char> keeper_;
};

OpSpec<ProposalAttrs> Spec(std::vector<std::string> names) {
  return {
      .names = std::move(names),
      .inputs = {"cls_prob", "bbox_pred", "im_info"},
      .outputs = {"output", "score"},
      .attrs = {Attr("rpn_pre_nms_top_n", &ProposalAttrs::rpn_pre_nms_top_n),
                Attr("rpn_post_nms_top_n", &ProposalAttrs::rpn_post_nms_top_n),
                Attr("threshold", &ProposalAttrs::threshold), Attr("rpn_min_size", &ProposalAttrs::rpn_min_size),
                Attr("scales", &ProposalAttrs::scales), Attr("ratios", &ProposalAttrs::ratios),
                Attr("feature_stride", &ProposalAttrs::feature_stride),
                Attr("output_score", &ProposalAttrs::output_score), Attr("iou_loss", &ProposalAttrs::iou_loss)},
      .check = Check,
      .num_visible_outputs = [](const ProposalAttrs& attrs) { return attrs.output_score ? 2 : 1; },
      .infer_types = InferTypes,
      .prepare = [](const ProposalAttrs& attrs, PrepareContext& context) -> absl::StatusOr<std::unique_ptr<Kernel>> {
        return std::make_unique<ProposalKernel>(attrs, context.inputs()[0].shape);
      },
  };
}

OpSpec<ProposalAttrs> SingleSpec() {
  OpSpec<ProposalAttrs> spec = Spec({"_contrib_Proposal"});
  spec.infer_types = InferSingle;
  return spec;
}

const OpRegistration<ProposalAttrs> kMultiProposal(Spec({"_contrib_MultiProposal"}));
const OpRegistration<ProposalAttrs> kProposal(SingleSpec());

}  // namespace
}  // namespace baryon
