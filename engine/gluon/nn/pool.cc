// Gluon's own way of saying it: global pooling is a window of 1 with `ceil_mode`, which the operator does not look at.
#include "engine/gluon/nn/pool.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/gluon/invoke.h"

namespace baryon::nn {
namespace {

MaxPoolOptions WithoutPadCount(const AvgPoolOptions& options) {
  return {options.pool_size, options.strides, options.padding, options.layout, options.ceil_mode, options.prefix};
}

}  // namespace

Pool::Pool(int64_t axes, const MaxPoolOptions& options) : Pool(axes, Spec{"max", false, std::nullopt}, options) {}

Pool::Pool(int64_t axes, const AvgPoolOptions& options)
    : Pool(axes, Spec{"avg", false, options.count_include_pad}, WithoutPadCount(options)) {}

Pool::Pool(int64_t axes, const char* type, const GlobalPoolOptions& options)
    : Pool(axes, Spec{type, true, std::nullopt},
           {.pool_size = 1, .layout = options.layout, .ceil_mode = true, .prefix = options.prefix}) {}

Pool::Pool(int64_t axes, const Spec& spec, const MaxPoolOptions& options)
    : HybridBlock({.hint = "pool", .prefix = options.prefix}),
      spec_(spec),
      layout_(options.layout.empty() ? ChannelsFirst(axes) : options.layout),
      ceil_mode_(options.ceil_mode) {
  if (absl::Status status = SetSizes(axes, options); !status.ok()) Fail(std::move(status));
}

absl::Status Pool::SetSizes(int64_t axes, const MaxPoolOptions& options) {
  BARYON_ASSIGN_OR_RETURN(size_, options.pool_size.ForAxes(axes, "pool_size"));
  BARYON_ASSIGN_OR_RETURN(strides_, options.strides.value_or(options.pool_size).ForAxes(axes, "strides"));
  BARYON_ASSIGN_OR_RETURN(padding_, options.padding.ForAxes(axes, "padding"));
  const std::string first = ChannelsFirst(axes), last = ChannelsLast(axes);
  if (layout_ == first || layout_ == last) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("Only ", first, " and ", last, " layouts are valid for ", axes, "D Pooling, got ", layout_));
}

NDArray Pool::Forward(const NDArray& x) {
  Attrs attrs = {{"kernel", AttrText(size_)}, {"stride", AttrText(strides_)},
                 {"pad", AttrText(padding_)}, {"global_pool", AttrText(spec_.global)},
                 {"pool_type", spec_.type},   {"pooling_convention", ceil_mode_ ? "full" : "valid"},
                 {"layout", layout_}};
  if (spec_.count_include_pad.has_value()) attrs.Set("count_include_pad", AttrText(*spec_.count_include_pad));
  return InvokeOne("Pooling", attrs, {x}, {.name = "fwd"});
}

std::string Pool::ToString() const {
  return absl::StrCat(class_name(), "(size=", FormatAttr(size_), ", stride=", FormatAttr(strides_),
                      ", padding=", FormatAttr(padding_), ", ceil_mode=", FormatAttr(ceil_mode_),
                      ", global_pool=", FormatAttr(spec_.global), ", pool_type=", spec_.type, ", layout=", layout_,
                      ")");
}

}  // namespace baryon::nn
