// Reshape and its NumPy relatives: views of the same elements. A new shape is written with codes that copy, merge,
// split or infer dimensions of the old one; the operators differ in the numbers they give to the codes. Codes are read
// from left to right beside a cursor in the old shape; `reverse` reads both from the right.
#include <algorithm>
#include <limits>
#include <utility>

#include "engine/graph/op_def.h"
#include "engine/ops/type_rules.h"

namespace baryon {
namespace {

constexpr int64_t kNone = std::numeric_limits<int64_t>::min();

// What negative numbers (and, for Reshape, 0) mean. -1, "infer this one", is the same everywhere.
struct Codes {
  int64_t copy;   // the next dimension
  int64_t rest;   // all that are left
  int64_t merge;  // the product of the next two
  int64_t split;  // the next one into the two factors that follow, one of which may be -1
  int64_t drop;   // the next one, which must be 1, disappears
};
constexpr Codes kLegacyCodes = {.copy = 0, .rest = -2, .merge = -3, .split = -4, .drop = kNone};
constexpr Codes kNpxCodes = {.copy = -2, .rest = -4, .merge = -5, .split = -6, .drop = -3};
constexpr Codes kNumPyCodes = {.copy = kNone, .rest = kNone, .merge = kNone, .split = kNone, .drop = kNone};

// Walks over one list of codes. Unknown dimensions are passed on.
class ShapeReader {
 public:
  ShapeReader(const Codes& codes, const IntTuple& text, const Shape& from) : codes_(codes), text_(text), from_(from) {}

  absl::StatusOr<Shape> Read() {
    while (next_ < text_.size()) BARYON_RETURN_IF_ERROR(ReadCode(text_[next_++]));
    if (inferred_ >= 0) BARYON_RETURN_IF_ERROR(Infer());
    return to_;
  }

 private:
  absl::Status ReadCode(int64_t code) {
    if (code == -1) {
      if (inferred_ >= 0) return Refuse("at most one -1");
      inferred_ = to_.rank();
      ++cursor_;
      to_.Append(Shape::kUnknownDim);
    } else if (code == codes_.copy) {
      BARYON_RETURN_IF_ERROR(Need(1, code));
      to_.Append(from_[cursor_++]);
    } else if (code == codes_.rest) {
      while (cursor_ < from_.rank()) to_.Append(from_[cursor_++]);
    } else if (code == codes_.merge) {
      BARYON_RETURN_IF_ERROR(Need(2, code));
      const int64_t a = from_[cursor_++], b = from_[cursor_++];
      to_.Append(a < 0 || b < 0 ? Shape::kUnknownDim : a * b);
    } else if (code == codes_.split) {
      return ReadSplit(code);
    } else if (code == codes_.drop) {
      BARYON_RETURN_IF_ERROR(Need(1, code));
      if (from_[cursor_] > 1 || from_[cursor_] == 0) return Refuse("a dimension of 1 to drop");
      ++cursor_;
    } else if (code < 0) {
      return Refuse(absl::StrCat("no code ", code));
    } else {
      to_.Append(code);
      ++cursor_;
    }
    return absl::OkStatus();
  }

  absl::Status ReadSplit(int64_t code) {
    BARYON_RETURN_IF_ERROR(Need(1, code));
    if (next_ + 2 > text_.size()) return Refuse(absl::StrCat("two factors with ", code));
    const int64_t whole = from_[cursor_++];
    int64_t a = text_[next_++], b = text_[next_++];
    if (a == -1 && b == -1) return Refuse("at most one factor of -1");
    if (whole >= 0 && a == -1 && b > 0) a = whole / b;
    if (whole >= 0 && b == -1 && a > 0) b = whole / a;
    if (a < -1 || b < -1 || (whole >= 0 && Shape{a, b}.CheckedNumElements() != whole)) {
      return Refuse(absl::StrCat("factors that multiply to ", whole, " instead of ", a, " and ", b));
    }
    to_.Append(a);
    to_.Append(b);
    return absl::OkStatus();
  }

  // Fills the -1 in: what the old shape has more than the rest of the new one. Unknown dimensions cancel when all of
  // them are copied.
  absl::Status Infer() {
    Shape old_known = from_, new_known = to_;
    new_known[inferred_] = 1;
    const int64_t unknown = ReplaceUnknown(old_known) - ReplaceUnknown(new_known);
    if (unknown != 0) return absl::OkStatus();
    const std::optional<int64_t> old_size = old_known.CheckedNumElements(), new_size = new_known.CheckedNumElements();
    if (!old_size.has_value() || new_size.value_or(0) == 0 || *old_size % *new_size != 0) {
      return Refuse("a whole number for -1");
    }
    to_[inferred_] = *old_size / *new_size;
    return absl::OkStatus();
  }

  // Counts unknown dimensions while it makes them 1.
  static int64_t ReplaceUnknown(Shape& shape) {
    int64_t count = 0;
    for (int64_t axis = 0; axis < shape.rank(); ++axis) {
      if (shape[axis] >= 0) continue;
      shape[axis] = 1;
      ++count;
    }
    return count;
  }

  absl::Status Need(int64_t count, int64_t code) const {
    if (cursor_ + count <= from_.rank()) return absl::OkStatus();
    return Refuse(absl::StrCat("more dimensions for code ", code));
  }

  absl::Status Refuse(absl::string_view expected) const {
    return ExpectedGot(expected, absl::StrCat("shape ", FormatAttr(text_), " for ", from_.ToString()));
  }

  const Codes& codes_;
  const IntTuple& text_;
  const Shape& from_;
  size_t next_ = 0;
  int64_t cursor_ = 0, inferred_ = -1;
  Shape to_;
};

template <typename Sequence>
Sequence Reversed(Sequence sequence) {
  std::reverse(sequence.begin(), sequence.end());
  return sequence;
}
Shape Reversed(const Shape& shape) {
  IntTuple dims(shape.begin(), shape.end());
  return Shape(Reversed(std::move(dims)));
}

absl::StatusOr<Shape> NewShape(const Codes& codes, const IntTuple& text, bool reverse, const Shape& from) {
  if (!reverse) return ShapeReader(codes, text, from).Read();
  const IntTuple reversed_text = Reversed(text);
  const Shape reversed_from = Reversed(from);
  BARYON_ASSIGN_OR_RETURN(const Shape to, ShapeReader(codes, reversed_text, reversed_from).Read());
  return Reversed(to);
}

absl::Status CheckSameSize(const Shape& from, const Shape& to) {
  if (!from.IsFullyKnown() || !to.IsFullyKnown()) return absl::OkStatus();
  if (from.CheckedNumElements() == to.CheckedNumElements()) return absl::OkStatus();
  return ExpectedGot(absl::StrCat("a shape of ", from.num_elements(), " elements for ", from.ToString()),
                     to.ToString());
}

absl::StatusOr<TensorTypes> ViewAs(const TensorType& input, absl::StatusOr<Shape> shape) {
  if (!shape.ok()) return shape.status();
  BARYON_RETURN_IF_ERROR(CheckSameSize(input.shape, *shape));
  return TensorTypes{{input.dtype, *std::move(shape)}};
}

struct ReshapeAttrs {
  IntTuple shape;
  bool reverse = false;
  IntTuple target_shape;
  bool keep_highest = false;
};

// The deprecated spelling: one 0 is inferred; with `keep_highest` the first dimension stays.
absl::StatusOr<Shape> TargetShape(const ReshapeAttrs& attrs, const Shape& from) {
  IntTuple text = attrs.target_shape;
  for (int64_t& dim : text) {
    if (dim < 0) return ExpectedGot("target_shape without negative dimensions", FormatAttr(attrs.target_shape));
    if (dim == 0) dim = -1;
  }
  if (attrs.keep_highest) {
    if (from.rank() == 0) return ExpectedGot("rank 1 or more with keep_highest", from.ToString());
    if (from[0] < 0) return Shape::Unknown();
    text[0] = from[0];
  }
  return NewShape(kNumPyCodes, text, /*reverse=*/false, from);
}

absl::StatusOr<TensorTypes> InferReshape(const ReshapeAttrs& attrs, const TensorTypes& inputs) {
  const Shape& from = inputs[0].shape;
  if (!attrs.shape.empty()) return ViewAs(inputs[0], NewShape(kLegacyCodes, attrs.shape, attrs.reverse, from));
  if (!attrs.target_shape.empty()) return ViewAs(inputs[0], TargetShape(attrs, from));
  return TensorTypes{{inputs[0].dtype, Shape::Unknown()}};  // the consumer decides
}

absl::Status CompleteReshape(const ReshapeAttrs&, TensorTypes& inputs, TensorTypes& outputs) {
  return CheckSameSize(inputs[0].shape, outputs[0].shape);
}

const OpRegistration<ReshapeAttrs> kReshape({
    .names = {"Reshape", "reshape"},
    .inputs = {"data"},
    .attrs = {Attr("shape", &ReshapeAttrs::shape), Attr("reverse", &ReshapeAttrs::reverse),
              Attr("target_shape", &ReshapeAttrs::target_shape), Attr("keep_highest", &ReshapeAttrs::keep_highest)},
    .infer_types = InferReshape,
    .complete_types = CompleteReshape,
    .view = true,
    .accepts_unknown_dims = true,
});

struct NewShapeAttrs {
  IntTuple newshape;
  bool reverse = false;
  std::string order = "C";
};

absl::Status CheckOrder(const NewShapeAttrs& attrs) {
  return attrs.order == "C" ? absl::OkStatus() : ExpectedGot("order C", attrs.order);
}

const OpRegistration<NewShapeAttrs> kNpxReshape({
    .names = {"_npx_reshape", "_npi_reshape"},
    .inputs = {"a"},
    .attrs = {RequiredAttr("newshape", &NewShapeAttrs::newshape), Attr("reverse", &NewShapeAttrs::reverse),
              Attr("order", &NewShapeAttrs::order)},
    .check = CheckOrder,
    .infer_types =
        [](const NewShapeAttrs& attrs, const TensorTypes& inputs) {
          return ViewAs(inputs[0], NewShape(kNpxCodes, attrs.newshape, attrs.reverse, inputs[0].shape));
        },
    .view = true,
    .accepts_unknown_dims = true,
});

const OpRegistration<NewShapeAttrs> kNumPyReshape({
    .names = {"_np_reshape"},
    .inputs = {"a"},
    .attrs = {RequiredAttr("newshape", &NewShapeAttrs::newshape), Attr("order", &NewShapeAttrs::order)},
    .check = CheckOrder,
    .infer_types =
        [](const NewShapeAttrs& attrs, const TensorTypes& inputs) {
          return ViewAs(inputs[0], NewShape(kNumPyCodes, attrs.newshape, /*reverse=*/false, inputs[0].shape));
        },
    .view = true,
    .accepts_unknown_dims = true,
});

}  // namespace
}  // namespace baryon
