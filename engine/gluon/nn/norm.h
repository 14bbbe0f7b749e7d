// Normalisation by the numbers of the input itself: layers, groups of channels, instances. (By numbers seen in
// training: batch_norm.h.)
#ifndef BARYON_ENGINE_GLUON_NN_NORM_H_
#define BARYON_ENGINE_GLUON_NN_NORM_H_

#include <cstdint>
#include <optional>
#include <string>

#include "engine/gluon/hybrid_block.h"

namespace baryon::nn {

struct LayerNormOptions {
  int64_t axis = -1;
  double epsilon = 1e-5;  // is added to the variance
  bool center = true;     // false: beta is not trained
  bool scale = true;      // false: gamma is not trained
  init::Initializer beta_initializer = "zeros";
  init::Initializer gamma_initializer = "ones";
  int64_t in_channels = 0;  // size of the axis; 0: that of the first input
  std::optional<std::string> prefix = std::nullopt;
};

// Along one axis: y = (x - mean) / sqrt(variance + epsilon) * gamma + beta. Any shape. Parameters: gamma and beta, of
// the size of the axis.
// Source: Ba, Kiros, Hinton, Layer Normalization, 2016.
class LayerNorm : public gluon::HybridBlock {
 public:
  explicit LayerNorm(LayerNormOptions options = {});

  gluon::Parameter gamma() const { return param("gamma"); }
  gluon::Parameter beta() const { return param("beta"); }

  NDArray Forward(const NDArray& x) override;
  absl::Status InferShape(const NDArray& x) override;
  std::string ToString() const override;  // "LayerNorm(eps=1e-05, axis=-1, center=True, scale=True, in_channels=5)"

 private:
  int64_t axis_;
  double epsilon_;
  bool center_, scale_;
};

struct InstanceNormOptions {
  int64_t axis = 1;
  double epsilon = 1e-5;
  bool center = true;
  bool scale = false;
  init::Initializer beta_initializer = "zeros";
  init::Initializer gamma_initializer = "ones";
  int64_t in_channels = 0;
  std::optional<std::string> prefix = std::nullopt;
};

// The same over all positions of one row and one channel: [N, C, ...], the channels being `axis`; rank 3 and more.
// Parameters: gamma [C] and beta [C].
// Source: Ulyanov, Vedaldi, Lempitsky, Instance Normalization: The Missing Ingredient for Fast Stylization, 2016.
class InstanceNorm : public gluon::HybridBlock {
 public:
  explicit InstanceNorm(InstanceNormOptions options = {});

  gluon::Parameter gamma() const { return param("gamma"); }
  gluon::Parameter beta() const { return param("beta"); }

  NDArray Forward(const NDArray& x) override;
  absl::Status InferShape(const NDArray& x) override;
  std::string ToString() const override;  // "InstanceNorm(eps=1e-05, axis=1, center=True, scale=False, in_channels=3)"

 private:
  int64_t axis_;
  double epsilon_;
  bool center_, scale_;
};

struct GroupNormOptions {
  int64_t num_groups = 1;
  double epsilon = 1e-5;
  bool center = true;
  bool scale = true;
  init::Initializer beta_initializer = "zeros";
  init::Initializer gamma_initializer = "ones";
  // None: gamma and beta have a number for each group, as in MXNet 1.x. Else one for each of so many channels (0: those
  // of the first input), as in MXNet 2; MXNet 1.x does not load what is exported then.
  std::optional<int64_t> in_channels = std::nullopt;
  std::optional<std::string> prefix = std::nullopt;
};

// The same over all positions of a row and of C / num_groups channels: [N, C, ...], rank 3 and more. Parameters: gamma
// and beta, [num_groups] or [C].
// Source: Wu, He, Group Normalization, 2018.
class GroupNorm : public gluon::HybridBlock {
 public:
  explicit GroupNorm(GroupNormOptions options = {});

  gluon::Parameter gamma() const { return param("gamma"); }
  gluon::Parameter beta() const { return param("beta"); }

  NDArray Forward(const NDArray& x) override;
  absl::Status InferShape(const NDArray& x) override;
  // "GroupNorm(eps=1e-05, num_groups=1, center=True, scale=True)", with a number for each channel ", in_channels=4"
  std::string ToString() const override;

 private:
  int64_t num_groups_;
  double epsilon_;
  bool center_, scale_, per_channel_;
};

}  // namespace baryon::nn

#endif  // BARYON_ENGINE_GLUON_NN_NORM_H_
