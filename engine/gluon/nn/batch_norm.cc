#include "engine/gluon/nn/batch_norm.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/gluon/invoke.h"

namespace baryon::nn {

using gluon::GradReq;
using gluon::Parameter;

BatchNorm::BatchNorm(BatchNormOptions options) : BatchNorm("batchnorm", std::move(options)) {}

BatchNorm::BatchNorm(std::string hint, BatchNormOptions options)
    : HybridBlock({.hint = std::move(hint), .prefix = options.prefix}), options_(std::move(options)) {
  const auto add = [this](const char* name, const init::Initializer& init, bool trained) {
    Register(name, Parameter(name, {.shape = {options_.in_channels},
                                    .init = init,
                                    .allow_deferred_init = true,
                                    .differentiable = trained}));
  };
  add("gamma", options_.gamma_initializer, options_.scale);
  add("beta", options_.beta_initializer, options_.center);
  add("running_mean", options_.running_mean_initializer, false);
  add("running_var", options_.running_variance_initializer, false);
}

absl::Status BatchNorm::InferShape(const NDArray& x) {
  const std::optional<int64_t> axis = NormalizeAxis(options_.axis, x.ndim());
  if (!axis.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat(class_name(), ": expected an input with axis ", options_.axis, ", got ", ShapeTuple(x.shape())));
  }
  for (auto [name, parameter] : params()) {
    if (absl::Status status = parameter.SetShape({x.shape()[*axis]}); !status.ok()) return status;
  }
  return absl::OkStatus();
}

NDArray BatchNorm::Normalize(const char* op, const Attrs& attrs, const NDArray& x) {
  return InvokeOne(op, attrs, {x, gamma().data(), beta().data(), running_mean().data(), running_var().data()},
                   {.name = "fwd"});
}

NDArray BatchNorm::Forward(const NDArray& x) {
  return Normalize("BatchNorm",
                   {{"axis", AttrText(options_.axis)},
                    {"eps", AttrText(options_.epsilon)},
                    {"momentum", AttrText(options_.momentum)},
                    {"fix_gamma", AttrText(!options_.scale)},
                    {"use_global_stats", AttrText(options_.use_global_stats)}},
                   x);
}

void BatchNorm::Cast(DType dtype) { HybridBlock::Cast(dtype == DType::kFloat16 ? DType::kFloat32 : dtype); }

std::string BatchNorm::ToString() const {
  return absl::StrCat(class_name(), "(axis=", options_.axis, ", eps=", FormatAttr(options_.epsilon),
                      ", momentum=", FormatAttr(options_.momentum), ", fix_gamma=", FormatAttr(!options_.scale),
                      ", use_global_stats=", FormatAttr(options_.use_global_stats),
                      ", in_channels=", gamma().shape()[0], ")");
}

SyncBatchNorm::SyncBatchNorm(const SyncBatchNormOptions& options)
    : BatchNorm("syncbatchnorm", {.axis = 1,
                                  .momentum = options.momentum,
                                  .epsilon = options.epsilon,
                                  .center = options.center,
                                  .scale = options.scale,
                                  .use_global_stats = options.use_global_stats,
                                  .beta_initializer = options.beta_initializer,
                                  .gamma_initializer = options.gamma_initializer,
                                  .running_mean_initializer = options.running_mean_initializer,
                                  .running_variance_initializer = options.running_variance_initializer,
                                  .in_channels = options.in_channels,
                                  .prefix = options.prefix}),
      num_devices_(options.num_devices) {}

// The key, by which training finds the layer on other devices, is the block's prefix.
NDArray SyncBatchNorm::Forward(const NDArray& x) {
  return Normalize("_contrib_SyncBatchNorm",
                   {{"eps", AttrText(options().epsilon)},
                    {"momentum", AttrText(options().momentum)},
                    {"fix_gamma", AttrText(!options().scale)},
                    {"use_global_stats", AttrText(options().use_global_stats)},
                    {"ndev", AttrText(num_devices_)},
                    {"key", prefix()}},
                   x);
}

std::string SyncBatchNorm::ToString() const {
  return absl::StrCat(class_name(), "(eps=", FormatAttr(options().epsilon),
                      ", momentum=", FormatAttr(options().momentum), ", fix_gamma=", FormatAttr(!options().scale),
                      ", use_global_stats=", FormatAttr(options().use_global_stats), ", ndev=", num_devices_, ", key='",
                      prefix(), "', in_channels=", gamma().shape()[0], ")");
}

}  // namespace baryon::nn
