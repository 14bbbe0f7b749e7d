#include "engine/gluon/nn/reflection_pad.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/gluon/invoke.h"

namespace baryon::nn {

ReflectionPad2D::ReflectionPad2D(int64_t padding, ReflectionPad2DOptions options)
    : ReflectionPad2D(IntTuple{0, 0, 0, 0, padding, padding, padding, padding}, std::move(options)) {}

ReflectionPad2D::ReflectionPad2D(IntTuple padding, ReflectionPad2DOptions options)
    : HybridBlock({.hint = "reflectionpad2d", .prefix = std::move(options.prefix)}), padding_(std::move(padding)) {
  if (padding_.size() != 8) {
    Fail(absl::InvalidArgumentError(
        absl::StrCat("ReflectionPad2D: expected one number or 8 as padding, got ", FormatAttr(padding_))));
  }
}

NDArray ReflectionPad2D::Forward(const NDArray& x) {
  return InvokeOne("Pad", {{"mode", "reflect"}, {"pad_width", AttrText(padding_)}}, {x});
}

}  // namespace baryon::nn
