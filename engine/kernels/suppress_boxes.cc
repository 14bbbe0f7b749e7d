// Each box is compared with the kept ones before it, as many at once as fit into a vector, until one suppresses it. The
// kept boxes lie behind each other as columns, so the work depends on what is kept rather than on all pairs. Classes
// are worked off one after the other: a sort by class and place puts the boxes of each together.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/kernels/suppress_boxes.cc"
#include "engine/kernels/suppress_boxes.h"

#include <hwy/foreach_target.h>  // first: compiles this file once for each instruction set
#include <hwy/highway.h>

#include <algorithm>
#include <cstdint>

#include "engine/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace baryon::kernels::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr int64_t kPadding = 64;  // elements: a whole vector may be read from the last one on

// The elements of a column for `n` boxes: what lies behind it stays aligned.
constexpr int64_t ColumnSize(int64_t n) { return (n + kPadding + 15) / 16 * 16; }

template <typename T>
class Keeper {
 public:
  // `scratch` as KeepBestBoxesBytes says.
  Keeper(const SuppressionRule<T>& rule, const Box<T>* boxes, int64_t n, void* scratch)
      : rule_(rule), boxes_(boxes), n_(n) {
    T* column = static_cast<T*>(scratch);
    for (T** start : {&left_, &top_, &right_, &bottom_, &area_}) {
      *start = column;
      column += ColumnSize(n);
    }
    order_ = reinterpret_cast<int64_t*>(column);
    stays_ = reinterpret_cast<bool*>(order_ + n);
    std::fill_n(stays_, n, false);
  }

  void KeepOfAll(int64_t most) {
    int64_t count = 0;
    for (int64_t i = 0; i < n_ && count < most; ++i) count += KeepUnlessSuppressed(i, count);
  }

  void KeepOfEachClass(const int32_t* classes) {
    for (int64_t i = 0; i < n_; ++i) order_[i] = static_cast<int64_t>(classes[i]) * (int64_t{1} << 32) + i;
    std::sort(order_, order_ + n_);
    int64_t count = 0;
    for (int64_t i = 0; i < n_; ++i) {
      if (i > 0 && order_[i] >> 32 != order_[i - 1] >> 32) count = 0;
      count += KeepUnlessSuppressed(order_[i] & 0xFFFFFFFF, count);
    }
  }

  int64_t List(int64_t most, int32_t* kept) const {
    int64_t count = 0;
    for (int64_t i = 0; i < n_ && count < most; ++i) {
      if (stays_[i]) kept[count++] = static_cast<int32_t>(i);
    }
    return count;
  }

 private:
  // Adds the box to the `count` kept ones, or not.
  bool KeepUnlessSuppressed(int64_t place, int64_t count) {
    const Box<T>& box = boxes_[place];
    if (IsSuppressed(box, count)) return false;
    left_[count] = box.left;
    top_[count] = box.top;
    right_[count] = box.right;
    bottom_[count] = box.bottom;
    area_[count] = box.area;
    return stays_[place] = true;
  }

  bool IsSuppressed(const Box<T>& box, int64_t count) const {
    const hn::ScalableTag<T> d;
    const int64_t lanes = hn::Lanes(d);
    const auto zero = hn::Zero(d), edge = hn::Set(d, rule_.edge), threshold = hn::Set(d, rule_.threshold);
    const auto left = hn::Set(d, box.left), top = hn::Set(d, box.top), right = hn::Set(d, box.right);
    const auto bottom = hn::Set(d, box.bottom), area = hn::Set(d, box.area);
    for (int64_t i = 0; i < count; i += lanes) {
      const auto width = hn::Sub(hn::Min(right, hn::LoadU(d, right_ + i)), hn::Max(left, hn::LoadU(d, left_ + i)));
      const auto height = hn::Sub(hn::Min(bottom, hn::LoadU(d, bottom_ + i)), hn::Max(top, hn::LoadU(d, top_ + i)));
      const auto shared = hn::Mul(hn::Max(hn::Add(width, edge), zero), hn::Max(hn::Add(height, edge), zero));
      const auto overlap = hn::Div(shared, hn::Sub(hn::Add(hn::LoadU(d, area_ + i), area), shared));
      auto goes = rule_.at_threshold ? hn::Ge(overlap, threshold) : hn::Gt(overlap, threshold);
      if (i + lanes > count) goes = hn::And(goes, hn::FirstN(d, count - i));
      if (!hn::AllFalse(d, goes)) return true;
    }
    return false;
  }

  const SuppressionRule<T>& rule_;
  const Box<T>* boxes_;
  const int64_t n_;
  T *left_, *top_, *right_, *bottom_, *area_;  // of the kept boxes
  int64_t* order_;                             // class and place
  bool* stays_;
};

template <typename T>
int64_t Keep(const SuppressionRule<T>& rule, const Box<T>* boxes, const int32_t* classes, int64_t n, int64_t most,
             int32_t* kept, void* scratch) {
  Keeper<T> keeper(rule, boxes, n, scratch);
  classes == nullptr ? keeper.KeepOfAll(most) : keeper.KeepOfEachClass(classes);
  return keeper.List(most, kept);
}

int64_t KeepFloat(const SuppressionRule<float>& rule, const Box<float>* boxes, const int32_t* classes, int64_t n,
                  int64_t most, int32_t* kept, void* scratch) {
  return Keep(rule, boxes, classes, n, most, kept, scratch);
}
int64_t KeepDouble(const SuppressionRule<double>& rule, const Box<double>* boxes, const int32_t* classes, int64_t n,
                   int64_t most, int32_t* kept, void* scratch) {
  return Keep(rule, boxes, classes, n, most, kept, scratch);
}

int64_t BytesOf(int64_t n, int64_t element_size) {
  return 5 * ColumnSize(n) * element_size + n * static_cast<int64_t>(sizeof(int64_t) + sizeof(bool));
}

}  // namespace
}  // namespace baryon::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace baryon::kernels {
namespace {

HWY_EXPORT(KeepFloat);
HWY_EXPORT(KeepDouble);
HWY_EXPORT(BytesOf);

template <typename T>
void OrderBestFirst(Scored<T>* scored, int64_t n, int64_t k) {
  const auto before = [](const Scored<T>& a, const Scored<T>& b) {
    return a.score > b.score || (a.score == b.score && a.place < b.place);
  };
  if (k < n) std::nth_element(scored, scored + k, scored + n, before);
  std::sort(scored, scored + std::min(k, n), before);
}

}  // namespace

void BestFirst(Scored<float>* scored, int64_t n, int64_t k) { OrderBestFirst(scored, n, k); }
void BestFirst(Scored<double>* scored, int64_t n, int64_t k) { OrderBestFirst(scored, n, k); }

template <typename T>
int64_t KeepBestBoxesBytes(int64_t n) {
  return HWY_DYNAMIC_DISPATCH(BytesOf)(n, sizeof(T));
}
template int64_t KeepBestBoxesBytes<float>(int64_t n);
template int64_t KeepBestBoxesBytes<double>(int64_t n);

int64_t KeepBestBoxes(const SuppressionRule<float>& rule, const Box<float>* boxes, const int32_t* classes, int64_t n,
                      int64_t most, int32_t* kept, void* scratch) {
  return HWY_DYNAMIC_DISPATCH(KeepFloat)(rule, boxes, classes, n, most, kept, scratch);
}
int64_t KeepBestBoxes(const SuppressionRule<double>& rule, const Box<double>* boxes, const int32_t* classes, int64_t n,
                      int64_t most, int32_t* kept, void* scratch) {
  return HWY_DYNAMIC_DISPATCH(KeepDouble)(rule, boxes, classes, n, most, kept, scratch);
}

}  // namespace baryon::kernels
#endif  // HWY_ONCE
