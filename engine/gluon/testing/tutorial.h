// The networks of Gluon's first lesson, with the parameters, texts and answers that real MXNet gave (tests/golden).
#ifndef BARYON_ENGINE_GLUON_TESTING_TUTORIAL_H_
#define BARYON_ENGINE_GLUON_TESTING_TUTORIAL_H_

#include <memory>
#include <string>

#include "engine/gluon/block.h"
#include "engine/gluon/hybrid_block.h"
#include "engine/gluon/nn.h"

namespace baryon {

class MLP_Hybrid : public nn::HybridBlock {  // NOLINT: the lesson's own name, which is printed
 public:
  NDArray Forward(const NDArray& x) override { return dense3(dense2(dense1(x))); }

  Child<nn::Dense> dense1 = Register("dense1", nn::Dense(256, {.activation = "relu"}));
  Child<nn::Dense> dense2 = Register("dense2", nn::Dense(128, {.activation = "relu"}));
  Child<nn::Dense> dense3 = Register("dense3", nn::Dense(2));
};

class LeNet : public nn::HybridBlock {
 public:
  NDArray Forward(const NDArray& x) override { return dense3(dense2(dense1(pool2(conv2(pool1(conv1(x))))))); }

  Child<nn::Conv2D> conv1 = Register("conv1", nn::Conv2D(6, 3, {.activation = "relu"}));
  Child<nn::MaxPool2D> pool1 = Register("pool1", nn::MaxPool2D({.pool_size = 2, .strides = 2}));
  Child<nn::Conv2D> conv2 = Register("conv2", nn::Conv2D(16, 3, {.activation = "relu"}));
  Child<nn::MaxPool2D> pool2 = Register("pool2", nn::MaxPool2D({.pool_size = 2, .strides = 2}));
  Child<nn::Dense> dense1 = Register("dense1", nn::Dense(120, {.activation = "relu"}));
  Child<nn::Dense> dense2 = Register("dense2", nn::Dense(84, {.activation = "relu"}));
  Child<nn::Dense> dense3 = Register("dense3", nn::Dense(10));
};

// Dense(5, relu) on 3 columns, Dense(25, relu), Dense(2).
template <typename Container>
Container Stack() {
  Container net;
  net.Add(nn::Dense(5, {.activation = "relu", .in_units = 3}), nn::Dense(25, {.activation = "relu"}), nn::Dense(2));
  return net;
}

// A case of the archive: "dense", "sequential", "hybrid_sequential", "lenet" or "mlp_hybrid".
struct TutorialCase {
  std::shared_ptr<gluon::Block> net;  // named from 0, not initialised
  Shape input;
};
TutorialCase MakeTutorialCase(const std::string& name);

// The folder of a case, written by MXNet "v1" (1.9.1) or "v2" (2.0.0b1), and the text of a file in it.
std::string TutorialFolder(const std::string& name, const std::string& version);
std::string TutorialText(const std::string& name, const std::string& version, const std::string& file);
// What a user reads after a mistake, as messages-v1.json and messages-v2.json have it.
std::string TutorialMessage(const std::string& version, const std::string& mistake);

// What step `number` of the lesson gives in MXNet 2.0.0b1, as transcript.txt has it, without the last line end.
std::string LessonText(int number);

// Gives every parameter the elements that the archive's makers gave it; shapes are known.
void SetSeededParameters(gluon::Block& net);

}  // namespace baryon

#endif  // BARYON_ENGINE_GLUON_TESTING_TUTORIAL_H_
