#ifndef BARYON_ENGINE_GLUON_NN_REFLECTION_PAD_H_
#define BARYON_ENGINE_GLUON_NN_REFLECTION_PAD_H_

#include <cstdint>
#include <optional>
#include <string>

#include "engine/gluon/hybrid_block.h"
#include "engine/graph/attrs.h"

namespace baryon::nn {

struct ReflectionPad2DOptions {
  std::optional<std::string> prefix = std::nullopt;
};

// [N, C, H, W] to [N, C, H + 2 padding, W + 2 padding]: beyond its edges a picture goes on as in a mirror that shows
// the edge once.
class ReflectionPad2D : public gluon::HybridBlock {
 public:
  explicit ReflectionPad2D(int64_t padding = 0, ReflectionPad2DOptions options = {});
  // Before and after each of the four axes: {0, 0, 0, 0, top, bottom, left, right}.
  explicit ReflectionPad2D(IntTuple padding, ReflectionPad2DOptions options = {});

  NDArray Forward(const NDArray& x) override;

 private:
  IntTuple padding_;
};

}  // namespace baryon::nn

#endif  // BARYON_ENGINE_GLUON_NN_REFLECTION_PAD_H_
