// What the networks of the zoo have in common: features, then the layer that tells classes apart.
#ifndef BARYON_ENGINE_ZOO_CLASSIFIER_H_
#define BARYON_ENGINE_ZOO_CLASSIFIER_H_

#include <string>
#include <utility>

#include "engine/gluon/nn.h"

namespace baryon::zoo {

// Blocks are made inside the scope of the one that owns them (NameScope), and in Gluon's order: that is what gives
// parameters the names of MXNet. Containers with the prefix "" have no scope of their own.
inline nn::HybridSequential Unnamed() { return nn::HybridSequential({.prefix = ""}); }

// [N, 3, height, width] to [N, classes]: the answer before softmax.
class Classifier : public nn::HybridBlock {
 public:
  NDArray Forward(const NDArray& x) override { return output_(features_(x)); }

 protected:
  template <typename Output>
  void SetLayers(nn::HybridSequential features, Output output) {
    features_ = Register("features", std::move(features));
    output_ = Register("output", std::move(output));
  }

 private:
  Child<nn::HybridSequential> features_;
  Child<nn::HybridBlock> output_;
};

}  // namespace baryon::zoo

#endif  // BARYON_ENGINE_ZOO_CLASSIFIER_H_
