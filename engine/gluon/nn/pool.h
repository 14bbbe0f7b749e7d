// Pooling over one, two or three spatial axes: the largest value or the mean of each window.
//
//   nn::MaxPool2D({.pool_size = 3, .strides = 2, .padding = 1})
#ifndef BARYON_ENGINE_GLUON_NN_POOL_H_
#define BARYON_ENGINE_GLUON_NN_POOL_H_

#include <cstdint>
#include <optional>
#include <string>

#include "engine/gluon/hybrid_block.h"
#include "engine/gluon/nn/extents.h"

namespace baryon::nn {

struct MaxPoolOptions {
  Extents pool_size = 2;
  std::optional<Extents> strides = std::nullopt;  // none: pool_size
  Extents padding = 0;
  std::string layout = "";  // empty: channels first, "NCHW"; or channels last, "NHWC"
  bool ceil_mode = false;   // a window that begins inside counts although it ends outside
  std::optional<std::string> prefix = std::nullopt;
};

struct AvgPoolOptions {
  Extents pool_size = 2;
  std::optional<Extents> strides = std::nullopt;
  Extents padding = 0;
  std::string layout = "";
  bool ceil_mode = false;
  bool count_include_pad = true;  // the mean is over the whole window, zeros of the padding included
  std::optional<std::string> prefix = std::nullopt;
};

struct GlobalPoolOptions {
  std::string layout = "";
  std::optional<std::string> prefix = std::nullopt;
};

// What all of them have in common: [N, C, ...] to [N, C, ...], spatial axes being (size + 2 padding - pool_size) /
// strides + 1, rounded up in `ceil_mode`; global ones give size 1. No parameters. Sizes that are none are in status().
class Pool : public gluon::HybridBlock {
 public:
  NDArray Forward(const NDArray& x) override;
  // "MaxPool2D(size=(2, 2), stride=(2, 2), padding=(0, 0), ceil_mode=False, global_pool=False, pool_type=max,
  // layout=NCHW)"
  std::string ToString() const override;

 protected:
  Pool(int64_t axes, const MaxPoolOptions& options);
  Pool(int64_t axes, const AvgPoolOptions& options);
  Pool(int64_t axes, const char* type, const GlobalPoolOptions& options);

 private:
  struct Spec {
    const char* type;
    bool global;
    std::optional<bool> count_include_pad;
  };
  Pool(int64_t axes, const Spec& spec, const MaxPoolOptions& options);
  absl::Status SetSizes(int64_t axes, const MaxPoolOptions& options);

  Spec spec_;
  IntTuple size_, strides_, padding_;  // a number for each axis
  std::string layout_;
  bool ceil_mode_;
};

// [N, C, W]
class MaxPool1D : public Pool {
 public:
  explicit MaxPool1D(const MaxPoolOptions& options = {}) : Pool(1, options) {}
};
class AvgPool1D : public Pool {
 public:
  explicit AvgPool1D(const AvgPoolOptions& options = {}) : Pool(1, options) {}
};
class GlobalMaxPool1D : public Pool {
 public:
  explicit GlobalMaxPool1D(const GlobalPoolOptions& options = {}) : Pool(1, "max", options) {}
};
class GlobalAvgPool1D : public Pool {
 public:
  explicit GlobalAvgPool1D(const GlobalPoolOptions& options = {}) : Pool(1, "avg", options) {}
};

// [N, C, H, W]
class MaxPool2D : public Pool {
 public:
  explicit MaxPool2D(const MaxPoolOptions& options = {}) : Pool(2, options) {}
};
class AvgPool2D : public Pool {
 public:
  explicit AvgPool2D(const AvgPoolOptions& options = {}) : Pool(2, options) {}
};
class GlobalMaxPool2D : public Pool {
 public:
  explicit GlobalMaxPool2D(const GlobalPoolOptions& options = {}) : Pool(2, "max", options) {}
};
class GlobalAvgPool2D : public Pool {
 public:
  explicit GlobalAvgPool2D(const GlobalPoolOptions& options = {}) : Pool(2, "avg", options) {}
};

// [N, C, D, H, W]
class MaxPool3D : public Pool {
 public:
  explicit MaxPool3D(const MaxPoolOptions& options = {}) : Pool(3, options) {}
};
class AvgPool3D : public Pool {
 public:
  explicit AvgPool3D(const AvgPoolOptions& options = {}) : Pool(3, options) {}
};
class GlobalMaxPool3D : public Pool {
 public:
  explicit GlobalMaxPool3D(const GlobalPoolOptions& options = {}) : Pool(3, "max", options) {}
};
class GlobalAvgPool3D : public Pool {
 public:
  explicit GlobalAvgPool3D(const GlobalPoolOptions& options = {}) : Pool(3, "avg", options) {}
};

}  // namespace baryon::nn

#endif  // BARYON_ENGINE_GLUON_NN_POOL_H_
