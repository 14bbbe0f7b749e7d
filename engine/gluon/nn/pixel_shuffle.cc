// Split the axis of channels, move each factor behind its axis, merge. The codes of Reshape: 0 copies an axis, -3
// merges two, -4 splits one into the two that follow.
#include "engine/gluon/nn/pixel_shuffle.h"

#include "absl/strings/str_cat.h"
#include "engine/gluon/invoke.h"

namespace baryon::nn {
namespace {

NDArray Reshaped(const NDArray& x, const IntTuple& shape) {
  return InvokeOne("Reshape", {{"shape", AttrText(shape)}}, {x}, {.hint = "reshape"});
}

NDArray Transposed(const NDArray& x, const IntTuple& axes) {
  return InvokeOne("transpose", {{"axes", AttrText(axes)}}, {x});
}

NDArray Swapped(const NDArray& x, int64_t axis) {
  return InvokeOne("SwapAxis", {{"dim1", AttrText(axis)}, {"dim2", AttrText(axis + 1)}}, {x}, {.hint = "swapaxes"});
}

}  // namespace

PixelShuffle1D::PixelShuffle1D(int64_t factor) : HybridBlock({.hint = "pixelshuffle1d"}), factor_(factor) {}

NDArray PixelShuffle1D::Forward(const NDArray& x) {
  const NDArray split = Reshaped(x, {0, -4, -1, factor_, 0});    // [N, C, f, W]
  return Reshaped(Transposed(split, {0, 1, 3, 2}), {0, 0, -3});  // [N, C, W f]
}

std::string PixelShuffle1D::ToString() const { return absl::StrCat(class_name(), "(", factor_, ")"); }

PixelShuffle2D::PixelShuffle2D(const std::array<int64_t, 2>& factors)
    : HybridBlock({.hint = "pixelshuffle2d"}), factors_(factors) {}

NDArray PixelShuffle2D::Forward(const NDArray& x) {
  const auto [f1, f2] = factors_;
  const NDArray joint = Reshaped(x, {0, -4, -1, f1 * f2, 0, 0});  // [N, C, f1 f2, H, W]
  const NDArray split = Reshaped(joint, {0, 0, -4, f1, f2, 0, 0});
  return Reshaped(Transposed(split, {0, 1, 4, 2, 5, 3}), {0, 0, -3, -3});
}

std::string PixelShuffle2D::ToString() const {
  return absl::StrCat(class_name(), "((", factors_[0], ", ", factors_[1], "))");
}

PixelShuffle3D::PixelShuffle3D(const std::array<int64_t, 3>& factors)
    : HybridBlock({.hint = "pixelshuffle3d"}), factors_(factors) {}

// One axis after the other: MXNet transposes at most six.
NDArray PixelShuffle3D::Forward(const NDArray& x) {
  const auto [f1, f2, f3] = factors_;
  NDArray y = Reshaped(x, {0, -4, -1, f1 * f2 * f3, 0, 0, 0});                  // [N, C, f1 f2 f3, D, H, W]
  y = Reshaped(Swapped(y, 2), {0, 0, 0, -4, f1, f2 * f3, 0, 0});                // [N, C, D, f1, f2 f3, H, W]
  y = Swapped(Reshaped(y, {0, 0, -3, 0, 0, 0}), 3);                             // [N, C, D f1, H, f2 f3, W]
  y = Reshaped(Reshaped(y, {0, 0, 0, 0, -4, f2, f3, 0}), {0, 0, 0, -3, 0, 0});  // [N, C, D f1, H f2, f3, W]
  return Reshaped(Swapped(y, 4), {0, 0, 0, 0, -3});
}

std::string PixelShuffle3D::ToString() const {
  return absl::StrCat(class_name(), "((", factors_[0], ", ", factors_[1], ", ", factors_[2], "))");
}

}  // namespace baryon::nn
