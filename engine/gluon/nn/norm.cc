#include "engine/gluon/nn/norm.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/gluon/invoke.h"

namespace baryon::nn {

using gluon::GradReq;
using gluon::Parameter;

namespace {

Parameter ChannelParameter(const char* name, int64_t size, bool trained, init::Initializer init) {
  return Parameter(name, {.shape = {size},
                          .grad_req = trained ? GradReq::kWrite : GradReq::kNull,
                          .init = std::move(init),
                          .allow_deferred_init = true});
}

// Both vectors become as long as the axis of the input.
absl::Status SetChannels(const gluon::Block& block, const NDArray& x, int64_t axis) {
  const int64_t place = axis < 0 ? axis + x.ndim() : axis;
  if (place < 0 || place >= x.ndim()) {
    return absl::InvalidArgumentError(absl::StrCat(block.class_name(), ": expected an input with axis ", axis,
                                                   ", got shape ", ShapeTuple(x.shape())));
  }
  for (auto [name, parameter] : block.params()) BARYON_RETURN_IF_ERROR(parameter.SetShape({x.shape()[place]}));
  return absl::OkStatus();
}

std::string NormText(const gluon::Block& block, double epsilon, const char* what, int64_t value, bool center,
                     bool scale) {
  return absl::StrCat(block.class_name(), "(eps=", FormatAttr(epsilon), ", ", what, "=", value,
                      ", center=", FormatAttr(center), ", scale=", FormatAttr(scale));
}

}  // namespace

LayerNorm::LayerNorm(LayerNormOptions options)
    : HybridBlock({.hint = "layernorm", .prefix = std::move(options.prefix)}),
      axis_(options.axis),
      epsilon_(options.epsilon),
      center_(options.center),
      scale_(options.scale) {
  Register("gamma", ChannelParameter("gamma", options.in_channels, scale_, std::move(options.gamma_initializer)));
  Register("beta", ChannelParameter("beta", options.in_channels, center_, std::move(options.beta_initializer)));
}

absl::Status LayerNorm::InferShape(const NDArray& x) { return SetChannels(*this, x, axis_); }

NDArray LayerNorm::Forward(const NDArray& x) {
  return InvokeOne("LayerNorm", {{"axis", AttrText(axis_)}, {"eps", AttrText(epsilon_)}},
                   {x, gamma().data(), beta().data()});
}

std::string LayerNorm::ToString() const {
  return absl::StrCat(NormText(*this, epsilon_, "axis", axis_, center_, scale_), ", in_channels=", gamma().shape()[0],
                      ")");
}

InstanceNorm::InstanceNorm(InstanceNormOptions options)
    : HybridBlock({.hint = "instancenorm", .prefix = std::move(options.prefix)}),
      axis_(options.axis),
      epsilon_(options.epsilon),
      center_(options.center),
      scale_(options.scale) {
  Register("gamma", ChannelParameter("gamma", options.in_channels, scale_, std::move(options.gamma_initializer)));
  Register("beta", ChannelParameter("beta", options.in_channels, center_, std::move(options.beta_initializer)));
}

absl::Status InstanceNorm::InferShape(const NDArray& x) { return SetChannels(*this, x, axis_); }

// The operator has its channels in axis 1.
NDArray InstanceNorm::Forward(const NDArray& x) {
  const auto normalize = [&](const NDArray& channels_first) {
    return InvokeOne("InstanceNorm", {{"eps", AttrText(epsilon_)}}, {channels_first, gamma().data(), beta().data()},
                     {.name = "fwd"});
  };
  if (axis_ == 1) return normalize(x);
  const auto swap = [this](const NDArray& array) {
    return InvokeOne("SwapAxis", {{"dim1", "1"}, {"dim2", AttrText(axis_)}}, {array}, {.hint = "swapaxes"});
  };
  return swap(normalize(swap(x)));
}

std::string InstanceNorm::ToString() const {
  return absl::StrCat(NormText(*this, epsilon_, "axis", axis_, center_, scale_), ", in_channels=", gamma().shape()[0],
                      ")");
}

GroupNorm::GroupNorm(GroupNormOptions options)
    : HybridBlock({.hint = "groupnorm", .prefix = std::move(options.prefix)}),
      num_groups_(options.num_groups),
      epsilon_(options.epsilon),
      center_(options.center),
      scale_(options.scale),
      per_channel_(options.in_channels.has_value()) {
  const int64_t size = options.in_channels.value_or(num_groups_);
  Register("gamma", ChannelParameter("gamma", size, scale_, std::move(options.gamma_initializer)));
  Register("beta", ChannelParameter("beta", size, center_, std::move(options.beta_initializer)));
}

absl::Status GroupNorm::InferShape(const NDArray& x) {
  return per_channel_ ? SetChannels(*this, x, 1) : absl::OkStatus();
}

// The operator tells the two releases apart as it does in files.
NDArray GroupNorm::Forward(const NDArray& x) {
  Attrs attrs = {{"num_groups", AttrText(num_groups_)}, {"eps", AttrText(epsilon_)}};
  if (per_channel_) attrs.Set("__np_shape__", "True");
  return InvokeOne("GroupNorm", attrs, {x, gamma().data(), beta().data()});
}

std::string GroupNorm::ToString() const {
  return absl::StrCat(NormText(*this, epsilon_, "num_groups", num_groups_, center_, scale_),
                      per_channel_ ? absl::StrCat(", in_channels=", gamma().shape()[0]) : "", ")");
}

}  // namespace baryon::nn
