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
  NDArray Forward(const NDArray& x) override { return output(features(x)); }

  Child<nn::HybridSequential> features;
  Child<nn::HybridBlock> output;

 protected:
  template <typename Output>
  void SetLayers(nn::HybridSequential features_layers, Output output_layer) {
    features = Register("features", std::move(features_layers));
    output = Register("output", std::move(output_layer));
  }
};

// A network as it is handed out: net(x), net->Initialize(), net->features. Copies are the same network.
using NetworkBlock = Child<Classifier>;

}  // namespace baryon::zoo

#endif  // BARYON_ENGINE_ZOO_CLASSIFIER_H_
