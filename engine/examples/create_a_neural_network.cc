// Gluon's lesson "Create a neural network", step by step in C++. Read it from top to bottom, or run it:
//
//   bazel run -c opt //engine/examples:create_a_neural_network
//
// It prints what each step gives. The values of parameters are random, as in the lesson.
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "engine/baryon.h"

using namespace baryon;  // NOLINT: as one writes it in a program of one's own

namespace {

// Ends the program after an error: what one does in a lesson. Programs that live longer pass statuses on.
void Require(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << status << "\n";
  std::exit(1);
}

void Require(bool holds, const std::string& what) {
  Require(holds ? absl::OkStatus() : absl::InternalError("expected " + what));
}

template <typename T>
T Require(absl::StatusOr<T> result) {
  Require(result.status());
  return *std::move(result);
}

// Prints an array, which remembers the first error of all that led to it.
void Show(const NDArray& array) {
  Require(array.status());
  std::cout << array << "\n";
}

void Step(const std::string& title) { std::cout << "\n## " << title << "\n"; }

// ---------------------------------------------------------------------------------------------------------------------
// A layer. Neural networks are made of layers, and the simplest is the dense one: y = x W' + b.

void CreateALayer() {
  Step("A dense layer of 5 units. How many values it reads is known from the first input, or from in_units.");
  std::cout << nn::Dense(5) << "\n";
  std::cout << nn::Dense(5, {.in_units = 3}) << "\n";

  Step("With a function after it.");
  nn::Dense layer(5, {.activation = "relu", .in_units = 3});
  std::cout << layer << "\n";

  Step(
      "What it makes of 10 rows. Parameters have values once they are initialized: uniform in [-0.07, 0.07] by "
      "default.");
  layer.Initialize();
  const NDArray x = np::random::Uniform(-1, 1, {10, 3});
  Show(layer(x));

  Step("Its parameters, and the values of one.");
  std::cout << layer.params() << "\n";
  Show(layer.weight().data());
}

// ---------------------------------------------------------------------------------------------------------------------
// Networks: layers one after another, or a block of one's own.

class MLP : public nn::Block {
 public:
  NDArray Forward(const NDArray& x) override { return dense3(dense2(dense1(x))); }

  Child<nn::Dense> dense1 = Register("dense1", nn::Dense(5, {.activation = "relu"}));
  Child<nn::Dense> dense2 = Register("dense2", nn::Dense(25, {.activation = "relu"}));
  Child<nn::Dense> dense3 = Register("dense3", nn::Dense(2));
};

void ChainLayers() {
  Step("Layers that run one after another are a Sequential.");
  nn::Sequential net;
  net.Add(nn::Dense(5, {.activation = "relu", .in_units = 3}), nn::Dense(25, {.activation = "relu"}), nn::Dense(2));
  std::cout << net << "\n";
  std::cout << net[1] << "\n";

  Step("The same three as a block of our own: anything may happen in its Forward.");
  MLP mlp;
  std::cout << mlp << "\n";
  std::cout << mlp.dense1->params() << "\n";
  mlp.Initialize();
  Show(mlp(np::random::Uniform(-1, 1, {4, 3})));
}

// ---------------------------------------------------------------------------------------------------------------------
// A layer of one's own has parameters of its own.

class Affine : public nn::Block {
 public:
  Affine(int64_t out_units, int64_t in_units)
      : weight(Register("weight", gluon::Parameter("weight", {.shape = {in_units, out_units}}))),
        bias(Register("bias", gluon::Parameter("bias", {.shape = {out_units}}))) {}

  NDArray Forward(const NDArray& x) override { return np::Dot(x, weight.data()) + bias.data(); }

  gluon::Parameter weight, bias;
};

void CreateALayerOfOnesOwn() {
  Step("Parameters by hand. A dimension of -1 is not known yet.");
  std::cout << gluon::Parameter("custom_parameter_weight", {.shape = {5, -1}}) << "\n";

  Step("A layer that uses two of them.");
  Affine affine(3, 5);
  affine.Initialize();
  Show(affine(np::random::Uniform(-1, 1, {4, 5})));
}

// ---------------------------------------------------------------------------------------------------------------------
// LeNet recognizes pictures.

class LeNet : public nn::Block {
 public:
  NDArray Forward(const NDArray& x) override { return dense3(Features(x)); }

  NDArray Features(const NDArray& x) { return dense2(dense1(pool2(conv2(pool1(conv1(x)))))); }

  Child<nn::Conv2D> conv1 = Register("conv1", nn::Conv2D(6, 3, {.activation = "relu"}));
  Child<nn::MaxPool2D> pool1 = Register("pool1", nn::MaxPool2D({.pool_size = 2, .strides = 2}));
  Child<nn::Conv2D> conv2 = Register("conv2", nn::Conv2D(16, 3, {.activation = "relu"}));
  Child<nn::MaxPool2D> pool2 = Register("pool2", nn::MaxPool2D({.pool_size = 2, .strides = 2}));
  Child<nn::Dense> dense1 = Register("dense1", nn::Dense(120, {.activation = "relu"}));
  Child<nn::Dense> dense2 = Register("dense2", nn::Dense(84, {.activation = "relu"}));
  Child<nn::Dense> dense3 = Register("dense3", nn::Dense(10));
};

// Registering a child under the same name takes the place of the one that was there.
class LeNetWithOurLayer : public LeNet {
 public:
  NDArray Forward(const NDArray& x) override { return last(Features(x)); }

  Child<Affine> last = Register("dense3", Affine(10, 84));
};

void RecognizePictures() {
  Step("LeNet before its first forward, and its answer to a picture.");
  const NDArray picture = np::random::Uniform(-1, 1, {1, 1, 28, 28});
  LeNet lenet;
  std::cout << lenet << "\n";
  lenet.Initialize();
  Show(lenet(picture));

  Step("The same with a last layer of our own.");
  LeNetWithOurLayer ours;
  ours.Initialize();
  Show(ours(picture));

  Step("Sizes that are known since the first picture.");
  std::cout << ShapeTuple(lenet.conv1->weight().data().shape()) << " "
            << ShapeTuple(lenet.dense1->bias().data().shape()) << "\n";
}

// ---------------------------------------------------------------------------------------------------------------------
// Networks that others have designed, and trained.

void UseTheModelZoo() {
  Step("A network of the model zoo: 34 are known by name.");
  const zoo::NetworkBlock net = Require(zoo::GetModel("resnet50_v2"));
  net->Initialize();
  net->Hybridize();
  const NDArray y = net(np::Ones({1, 3, 224, 224}));
  Require(y.status());
  std::cout << ShapeTuple(y.shape()) << "\n";
}

// ---------------------------------------------------------------------------------------------------------------------
// Faster: blocks that can be compiled. A HybridSequential is a Sequential of such, and so may blocks of one's own be.

// Affine, with the number of columns learnt from the first input.
class DeferredAffine : public nn::HybridBlock {
 public:
  explicit DeferredAffine(int64_t out_units)
      : weight(Register("weight", gluon::Parameter("weight", {.shape = {-1, out_units}, .allow_deferred_init = true}))),
        bias(Register("bias", gluon::Parameter("bias", {.shape = {out_units}}))) {}

  // Called with the input, before Forward.
  absl::Status InferShape(const NDArray& x) override { return weight.SetShape({x.shape().back(), weight.shape()[1]}); }
  NDArray Forward(const NDArray& x) override { return np::Dot(x, weight.data()) + bias.data(); }

  gluon::Parameter weight, bias;
};

void CreateHybridBlocks() {
  Step("Layers that are compiled together once one calls Hybridize.");
  nn::HybridSequential net;
  net.Add(nn::Dense(5, {.activation = "relu", .in_units = 3}), nn::Dense(25, {.activation = "relu"}), nn::Dense(2));
  std::cout << net << "\n";
  net.Initialize();
  net.Hybridize();
  Show(net(np::random::Uniform(-1, 1, {4, 3})));

  Step("A block of our own that says what sizes follow from its input.");
  DeferredAffine affine(3);
  std::cout << affine.weight << "\n";
  affine.Initialize();
  Show(affine(np::random::Uniform(-1, 1, {4, 5})));
  std::cout << affine.weight << "\n";
}

class MLP_Hybrid : public nn::HybridBlock {  // NOLINT: the lesson's own name
 public:
  NDArray Forward(const NDArray& x) override { return dense3(dense2(dense1(x))); }

  Child<nn::Dense> dense1 = Register("dense1", nn::Dense(256, {.activation = "relu"}));
  Child<nn::Dense> dense2 = Register("dense2", nn::Dense(128, {.activation = "relu"}));
  Child<nn::Dense> dense3 = Register("dense3", nn::Dense(2));
};

// Of one call, in microseconds, over 1000 of them.
double Microseconds(nn::HybridBlock& net, const NDArray& x) {
  Require(net(x).status());  // compiles, if it is to
  const absl::Time start = absl::Now();
  for (int i = 0; i < 1000; ++i) Require(net(x).status());
  return absl::ToDoubleMicroseconds(absl::Now() - start) / 1000;
}

void Hybridize(MLP_Hybrid& net, const NDArray& x) {
  Step("The network runs operator by operator ...");
  net.Initialize();
  const NDArray before = net(x);
  Show(before);
  std::cout << "1000 forwards: " << Microseconds(net, x) << " us each\n";

  Step("... until it is hybridized: then its next call is traced, compiled, and run as a whole from then on.");
  net.Hybridize();
  const NDArray after = net(x);
  Show(after);
  std::cout << "1000 forwards: " << Microseconds(net, x) << " us each\n";
  Require(np::AllClose(after, before, 1e-5, 1e-6), "the same numbers hybridized and not");
}

// ---------------------------------------------------------------------------------------------------------------------
// Files that every MXNet reads.

void SaveAndLoad(const std::string& folder) {
  Step("Parameters alone, for a network that is defined in code.");
  const std::string path = folder + "/layer.params";
  nn::Dense layer(5, {.activation = "relu", .in_units = 3}), loaded(5, {.activation = "relu", .in_units = 3});
  layer.Initialize();
  Require(layer.SaveParameters(path));
  Require(loaded.LoadParameters(path));
  const NDArray x = np::random::Uniform(-1, 1, {10, 3});
  Require(np::ArrayEqual(loaded(x), layer(x)), "the same answer of the loaded layer");
  std::cout << "saved and loaded " << std::filesystem::path(path).filename() << "\n";
}

void ExportAndImport(const MLP_Hybrid& net, const NDArray& x, const NDArray& y, const std::string& folder) {
  Step("A hybridized network with its graph: whoever loads it need not know how it was defined.");
  const auto [symbol, params] = Require(net.Export(folder + "/MLP_hybrid"));
  std::cout << std::filesystem::path(symbol).filename() << " " << std::filesystem::path(params).filename() << "\n";
  nn::SymbolBlock imported = Require(nn::SymbolBlock::Imports(symbol, {"data"}, params));
  std::cout << imported << "\n";
  Show(imported(x));
  Require(np::AllClose(imported(x), y, 1e-5, 1e-6), "the same answer of the imported network");
}

// ---------------------------------------------------------------------------------------------------------------------
// Looking at a network, and at a mistake.

void Summarize(MLP_Hybrid& hybridized, const NDArray& x) {
  Step("A line for each layer that ran, with what it gave.");
  LeNet lenet;
  lenet.Initialize();
  std::cout << Require(lenet.Summary(np::random::Uniform(-1, 1, {1, 1, 28, 28})));

  Step("A hybridized network has no layers any more that could be listed; a new one has.");
  const absl::Status refused = hybridized.Summary(x).status();
  Require(!refused.ok(), "a refusal");
  std::cout << refused.message() << "\n";
  MLP_Hybrid net;
  net.Initialize();
  std::cout << Require(net.Summary(x));
}

}  // namespace

int main() {
  const char* scratch = std::getenv("TEST_TMPDIR");  // of a test
  const std::string folder = scratch != nullptr ? scratch : std::filesystem::temp_directory_path().string();
  SetNumThreads(1);
  CreateALayer();
  ChainLayers();
  CreateALayerOfOnesOwn();
  RecognizePictures();
  UseTheModelZoo();
  CreateHybridBlocks();
  MLP_Hybrid net;
  const NDArray x = np::random::Uniform(-1, 1, {1, 512});
  Hybridize(net, x);
  SaveAndLoad(folder);
  ExportAndImport(net, x, net(x), folder);
  Summarize(net, x);
  return 0;
}
