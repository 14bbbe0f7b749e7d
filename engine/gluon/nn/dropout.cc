#include "engine/gluon/nn/dropout.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/gluon/invoke.h"

namespace baryon::nn {

Dropout::Dropout(double rate, DropoutOptions options)
    : HybridBlock({.hint = "dropout", .prefix = std::move(options.prefix)}),
      rate_(rate),
      axes_(std::move(options.axes)) {}

NDArray Dropout::Forward(const NDArray& x) {
  if (rate_ == 0) return InvokeOne("_copy", {}, {x}, {.hint = "identity"});
  Attrs attrs = {{"p", AttrText(rate_)}};
  if (!axes_.empty()) attrs.Set("axes", AttrText(axes_));
  return InvokeOne("Dropout", attrs, {x}, {.name = "fwd"});
}

std::string Dropout::ToString() const {
  return absl::StrCat(class_name(), "(p = ", FormatAttr(rate_), ", axes=", FormatAttr(axes_), ")");
}

}  // namespace baryon::nn
