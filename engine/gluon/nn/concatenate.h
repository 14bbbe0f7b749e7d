// Blocks that all read the same input, their outputs side by side. MXNet 1.x has them as Concurrent and
// HybridConcurrent.
//
//   nn::HybridConcatenate branches({.axis = 1});
//   branches.Add(nn::Identity(), nn::Conv2D(64, 3, {.padding = 1}));
#ifndef BARYON_ENGINE_GLUON_NN_CONCATENATE_H_
#define BARYON_ENGINE_GLUON_NN_CONCATENATE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "engine/gluon/sequential.h"

namespace baryon::nn {

struct ConcatenateOptions {
  int64_t axis = -1;
  std::optional<std::string> prefix = std::nullopt;
};

// Each child gives one output; all shapes agree but for `axis`. INVALID_ARGUMENT for no child at all.
class Concatenate : public Sequential {
 public:
  explicit Concatenate(ConcatenateOptions options = {});
  NDArrays ForwardMany(absl::Span<const NDArray> inputs) override;

 private:
  int64_t axis_;
};

class HybridConcatenate : public HybridSequential {
 public:
  explicit HybridConcatenate(ConcatenateOptions options = {});
  NDArrays ForwardMany(absl::Span<const NDArray> inputs) override;

 private:
  int64_t axis_;
};

}  // namespace baryon::nn

#endif  // BARYON_ENGINE_GLUON_NN_CONCATENATE_H_
