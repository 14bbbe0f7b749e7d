// Normalisation of channels by statistics that training has collected.
#ifndef BARYON_ENGINE_GLUON_NN_BATCH_NORM_H_
#define BARYON_ENGINE_GLUON_NN_BATCH_NORM_H_

#include <cstdint>
#include <optional>
#include <string>

#include "engine/gluon/hybrid_block.h"

namespace baryon::nn {

struct BatchNormOptions {
  int64_t axis = 1;               // the channels
  double momentum = 0.9;          // for training: kept and exported
  double epsilon = 1e-5;          // is added to the variance
  bool center = true;             // false: beta is not trained
  bool scale = true;              // false: gamma counts as 1 and is not trained
  bool use_global_stats = false;  // for training
  init::Initializer beta_initializer = "zeros";
  init::Initializer gamma_initializer = "ones";
  init::Initializer running_mean_initializer = "zeros";
  init::Initializer running_variance_initializer = "ones";
  int64_t in_channels = 0;  // size of the axis; 0: that of the first input
  std::optional<std::string> prefix = std::nullopt;
};

// y = (x - running_mean) / sqrt(running_var + epsilon) * gamma + beta for each channel. Any shape with that axis.
// Parameters, all [C] and all there whatever `center` and `scale` say: gamma, beta, running_mean, running_var. They
// stay float32 when the block is cast to float16.
// Source: Ioffe, Szegedy, Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift,
// 2015.
class BatchNorm : public gluon::HybridBlock {
 public:
  explicit BatchNorm(BatchNormOptions options = {});

  gluon::Parameter gamma() const { return param("gamma"); }
  gluon::Parameter beta() const { return param("beta"); }
  gluon::Parameter running_mean() const { return param("running_mean"); }
  gluon::Parameter running_var() const { return param("running_var"); }

  NDArray Forward(const NDArray& x) override;
  absl::Status InferShape(const NDArray& x) override;
  void Cast(DType dtype) override;
  // "BatchNorm(axis=1, eps=1e-05, momentum=0.9, fix_gamma=False, use_global_stats=False, in_channels=64)"
  std::string ToString() const override;

 protected:
  BatchNorm(std::string hint, BatchNormOptions options);
  const BatchNormOptions& options() const { return options_; }
  // `op` on the input and the parameters.
  NDArray Normalize(const char* op, const Attrs& attrs, const NDArray& x);

 private:
  BatchNormOptions options_;
};

struct SyncBatchNormOptions {
  int64_t in_channels = 0;
  int64_t num_devices = 1;  // that shared a batch in training
  double momentum = 0.9;
  double epsilon = 1e-5;
  bool center = true;
  bool scale = true;
  bool use_global_stats = false;
  init::Initializer beta_initializer = "zeros";
  init::Initializer gamma_initializer = "ones";
  init::Initializer running_mean_initializer = "zeros";
  init::Initializer running_variance_initializer = "ones";
  std::optional<std::string> prefix = std::nullopt;
};

// BatchNorm over axis 1 whose statistics were collected on several devices together: afterwards the same.
class SyncBatchNorm : public BatchNorm {
 public:
  explicit SyncBatchNorm(const SyncBatchNormOptions& options = {});

  NDArray Forward(const NDArray& x) override;
  std::string ToString() const override;

 private:
  int64_t num_devices_;
};

}  // namespace baryon::nn

#endif  // BARYON_ENGINE_GLUON_NN_BATCH_NORM_H_
