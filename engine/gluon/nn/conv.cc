#include "engine/gluon/nn/conv.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "engine/gluon/invoke.h"

namespace baryon::nn {

using gluon::Parameter;

Conv::Conv(int64_t axes, int64_t channels, const Extents& kernel_size, ConvOptions options,
           const std::optional<Extents>& output_padding)
    : HybridBlock({.hint = "conv", .prefix = std::move(options.prefix)}),
      channels_(channels),
      groups_(options.groups),
      layout_(options.layout.empty() ? ChannelsFirst(axes) : options.layout) {
  if (absl::Status status = SetSizes(axes, kernel_size, options, output_padding); !status.ok()) Fail(std::move(status));
  Register("weight", Parameter("weight", {.shape = WeightShape(options.in_channels),
                                          .init = options.weight_initializer,
                                          .allow_deferred_init = true}));
  if (options.use_bias) {
    Register("bias", Parameter("bias", {.shape = {channels_}, .init = options.bias_initializer}));
  }
  if (!options.activation.empty()) {
    const gluon::NameScope scope(*this);
    activation_ = Register("act", Activation(options.activation, {.prefix = options.activation + "_"}));
  }
}

absl::Status Conv::SetSizes(int64_t axes, const Extents& kernel_size, const ConvOptions& options,
                            const std::optional<Extents>& output_padding) {
  if (output_padding.has_value()) {
    output_padding_.emplace();
    BARYON_ASSIGN_OR_RETURN(*output_padding_, output_padding->ForAxes(axes, "output_padding"));
  }
  BARYON_ASSIGN_OR_RETURN(kernel_, kernel_size.ForAxes(axes, "kernel_size"));
  BARYON_ASSIGN_OR_RETURN(strides_, options.strides.ForAxes(axes, "strides"));
  BARYON_ASSIGN_OR_RETURN(padding_, options.padding.ForAxes(axes, "padding"));
  BARYON_ASSIGN_OR_RETURN(dilation_, options.dilation.ForAxes(axes, "dilation"));
  if (groups_ < 1) return absl::InvalidArgumentError(absl::StrCat("groups must be at least 1, got ", groups_));
  const std::string first = ChannelsFirst(axes), last = ChannelsLast(axes);
  if (layout_ == first || layout_ == last) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("Only supports '", first, "' and '", last, "' layout for now, got '", layout_, "'"));
}

Shape Conv::WeightShape(int64_t in_channels) const {
  const auto of_group = [this](int64_t count) {
    return count > 0 && groups_ > 0 ? count / groups_ : Shape::kUnknownDim;
  };
  Shape shape = {output_padding_.has_value() ? in_channels : channels_};
  for (int64_t extent : kernel_) shape.Append(extent);
  shape.Insert(layout_[1] == 'C' ? 1 : shape.rank(), of_group(output_padding_.has_value() ? channels_ : in_channels));
  return shape;
}

absl::Status Conv::InferShape(const NDArray& x) {
  const auto rank = static_cast<int64_t>(layout_.size());
  if (x.ndim() != rank) {
    return absl::InvalidArgumentError(absl::StrCat(class_name(), ": expected an input of ", rank, " axes (", layout_,
                                                   "), got ", ShapeTuple(x.shape())));
  }
  const int64_t in_channels = x.shape()[static_cast<int64_t>(layout_.find('C'))];
  if (in_channels > 0 && in_channels % groups_ != 0) {
    return absl::InvalidArgumentError(absl::StrCat(class_name(), ": expected a number of input channels that ", groups_,
                                                   " groups divide, got ", in_channels));
  }
  return weight().SetShape(WeightShape(in_channels));
}

NDArray Conv::Forward(const NDArray& x) {
  NDArrays inputs = {x, weight().data()};
  if (bias()) inputs.push_back(bias().data());
  Attrs attrs = {{"kernel", AttrText(kernel_)},       {"stride", AttrText(strides_)},
                 {"dilate", AttrText(dilation_)},     {"pad", AttrText(padding_)},
                 {"num_filter", AttrText(channels_)}, {"num_group", AttrText(groups_)},
                 {"no_bias", AttrText(!bias())},      {"layout", layout_}};
  if (output_padding_.has_value()) attrs.Set("adj", AttrText(*output_padding_));
  const NDArray y =
      InvokeOne(output_padding_.has_value() ? "Deconvolution" : "Convolution", attrs, inputs, {.name = "fwd"});
  return activation_.has_value() ? (*activation_)(y) : y;
}

std::string Conv::ToString() const {
  const Shape& shape = weight().shape();
  const bool transposed = output_padding_.has_value();
  std::string text = absl::StrCat(class_name(), "(", shape[transposed ? 0 : 1], " -> ", shape[transposed ? 1 : 0],
                                  ", kernel_size=", FormatAttr(kernel_), ", stride=", FormatAttr(strides_));
  if (padding_ != IntTuple(padding_.size(), 0)) absl::StrAppend(&text, ", padding=", FormatAttr(padding_));
  if (dilation_ != IntTuple(dilation_.size(), 1)) absl::StrAppend(&text, ", dilation=", FormatAttr(dilation_));
  if (groups_ != 1) absl::StrAppend(&text, ", groups=", groups_);
  if (!bias()) absl::StrAppend(&text, ", bias=False");
  if (activation_.has_value()) absl::StrAppend(&text, ", ", (*activation_)->ToString());
  return text + ")";
}

}  // namespace baryon::nn
