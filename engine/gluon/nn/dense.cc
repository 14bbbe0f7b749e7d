#include "engine/gluon/nn/dense.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/gluon/invoke.h"

namespace baryon::nn {

using gluon::Parameter;

Dense::Dense(int64_t units, DenseOptions options)
    : HybridBlock({.hint = "dense", .prefix = std::move(options.prefix)}),
      units_(units),
      use_bias_(options.use_bias),
      flatten_(options.flatten) {
  Register("weight", Parameter("weight", {.shape = {units, options.in_units},
                                          .dtype = options.dtype,
                                          .init = options.weight_initializer,
                                          .allow_deferred_init = true}));
  if (use_bias_) {
    Register("bias", Parameter("bias", {.shape = {units},
                                        .dtype = options.dtype,
                                        .init = options.bias_initializer,
                                        .allow_deferred_init = true}));
  }
  if (!options.activation.empty()) {
    const gluon::NameScope scope(*this);
    activation_ = Register("act", Activation(options.activation, {.prefix = options.activation + "_"}));
  }
}

absl::Status Dense::InferShape(const NDArray& x) {
  if (x.ndim() == 0) return absl::InvalidArgumentError("Dense: expected an input with at least one axis, got a scalar");
  const int64_t columns = flatten_ ? x.shape().Product(1, x.ndim()) : x.shape().back();
  return weight().SetShape({units_, columns});
}

NDArray Dense::Forward(const NDArray& x) {
  NDArrays inputs = {x, weight().data()};
  if (use_bias_) inputs.push_back(bias().data());
  const Attrs attrs = {
      {"num_hidden", AttrText(units_)}, {"no_bias", AttrText(!use_bias_)}, {"flatten", AttrText(flatten_)}};
  const NDArray y = InvokeOne("FullyConnected", attrs, inputs, {.name = "fwd"});
  return activation_.has_value() ? (*activation_)(y) : y;
}

std::string Dense::ToString() const {
  const Shape& shape = weight().shape();
  return absl::StrCat(class_name(), "(", shape[1], " -> ", shape[0], ", ",
                      activation_.has_value() ? (*activation_)->ToString() : "linear", ")");
}

}  // namespace baryon::nn
