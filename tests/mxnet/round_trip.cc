// Networks that go to MXNet and come back; see round_trip.py, which runs this.
//   round_trip write FOLDER ZOO_NAME...
//                             FOLDER/NAME/ours-symbol.json, ours-0000.params (Export), ours.params (SaveParameters),
//                             ours.npz (inputs by name, outputs as output0, ...), ours.txt (the block, printed),
//                             ours-summary.txt
//   round_trip read FOLDER ZOO_NAME...
//                             the same files called theirs*: prints a line for each way of loading them with the error
//                             of the answer, as a part of the largest value; fails when one is above 1e-5 (1e-4 for
//                             networks of the zoo)
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"
#include "engine/gluon/hybrid_block.h"
#include "engine/gluon/invoke.h"
#include "engine/gluon/nn.h"
#include "engine/gluon/np.h"
#include "engine/gluon/npx.h"
#include "engine/gluon/rnn.h"
#include "engine/gluon/sequential.h"
#include "engine/gluon/symbol_block.h"
#include "engine/io/npy.h"
#include "engine/zoo/zoo.h"
#include "tests/support/model_case.h"

namespace baryon {
namespace {

constexpr double kTolerance = 1e-5;
constexpr double kZooTolerance = 1e-4;  // up to 150 layers, and fast numerics

class Mlp : public nn::HybridBlock {
 public:
  NDArray Forward(const NDArray& x) override { return dense3(dense2(dense1(x))); }

  Child<nn::Dense> dense1 = Register("dense1", nn::Dense(16, {.activation = "relu"}));
  Child<nn::Dense> dense2 = Register("dense2", nn::Dense(8, {.activation = "tanh"}));
  Child<nn::Dense> dense3 = Register("dense3", nn::Dense(2, {.use_bias = false}));
};

// Children behind the prefix of their parent, arithmetic between layers, a parameter of its own.
class Residual : public nn::HybridBlock {
 public:
  Residual()
      : HybridBlock({.hint = "residual"}), scale(Register("scale", gluon::Parameter("scale", {.shape = {1, 6}}))) {
    const NameScope scope(*this);
    nn::HybridSequential layers({.prefix = "body_"});
    layers.Add(nn::Dense(6, {.flatten = false}), nn::Dropout(0.5), nn::Activation("sigmoid"));
    body = Register("body", std::move(layers));
  }
  NDArray Forward(const NDArray& x) override {
    const NDArray y = body(x) + x;
    return InvokeOne("Activation", {{"act_type", "relu"}}, {y * scale.data() - 0.125}) / 2;
  }

  Child<nn::HybridSequential> body;
  gluon::Parameter scale;
};

// Layers over pictures: convolutions with and without groups, statistics, pooling of all kinds, branches.
nn::HybridSequential Pictures() {
  nn::HybridConcatenate branches({.axis = 1, .prefix = ""});
  branches.Add(nn::Identity(), nn::Conv2D(4, {1, 3}, {.strides = {1, 1}, .padding = {0, 1}, .groups = 2}),
               nn::AvgPool2D({.pool_size = 3, .strides = 1, .padding = 1, .count_include_pad = false}));
  nn::HybridSequential net;
  net.Add(nn::Conv2D(4, 3, {.strides = 2, .padding = 1, .use_bias = false}), nn::BatchNorm());
  net.Add(nn::Activation("relu"), nn::MaxPool2D({.pool_size = 3, .strides = 2, .ceil_mode = true}));
  net.Add(std::move(branches), nn::BatchNorm({.epsilon = 1e-3, .center = false, .scale = false}));
  net.Add(nn::AvgPool2D({.padding = 1}), nn::Conv2D(3, 2, {.dilation = 2, .activation = "sigmoid"}));
  net.Add(nn::GlobalAvgPool2D(), nn::Flatten(), nn::Dense(2));
  return net;
}

nn::HybridSequential Sequences() {
  nn::HybridSequential net;
  net.Add(nn::Conv1D(6, 3, {.strides = 2, .padding = 1, .activation = "relu"}), nn::MaxPool1D());
  net.Add(nn::BatchNorm({.use_global_stats = true}), nn::AvgPool1D({.pool_size = 3, .strides = 1, .padding = 1}));
  net.Add(nn::GlobalMaxPool1D());
  return net;
}

nn::HybridSequential Volumes() {
  nn::HybridSequential net;
  net.Add(nn::Conv3D(3, {1, 2, 3}, {.padding = 1}), nn::MaxPool3D(), nn::Conv3D(2, 2, {.padding = 1}));
  net.Add(nn::AvgPool3D(), nn::GlobalAvgPool3D());
  return net;
}

// What the functions of np and npx become.
class Functions : public nn::HybridBlock {
 public:
  NDArrays ForwardMany(absl::Span<const NDArray> inputs) override {
    const NDArray &x = inputs[0], &y = inputs[1];  // [N, 3, 4] each
    const NDArrays halves = np::Split(x, 2, 2);
    return {
        np::Mean(x, 2) + np::Max(y, {1, 2}, /*keepdims=*/true).Reshape({-2, -1}),
        np::Concatenate({halves[0], halves[1] * 2, np::Exp(-np::Square(y))}, 2),
        np::Where(x > y, x, y - 1) * np::Array({1, 2, 3, 4}),
        npx::Softmax(np::Transpose(x, {0, 2, 1}).Reshape({-2, -1}), -1),
        np::Stack({x.Slice(1), y.Slice(1)}, 1),
        np::Squeeze(np::ExpandDims(np::Sum(x, 1), 1), IntTuple{1}) % 3,
        np::MatMul(x, np::SwapAxes(y, 1, 2)) + np::Std(x, {1, 2}, /*keepdims=*/true),
        np::Power(np::Abs(x) + 1, 2.5) - np::Maximum(x, y) + np::Minimum(x, 0.25),
        np::Take(np::Tile(x, {1, 2, 1}), np::Array({0, 5}), 1) + 1 / (2 + np::Clip(y, -1, 1))[0][-1],
        np::Argmax(x, 2).AsType(DType::kFloat32),
        np::Log1p(np::Sqrt(np::Abs(x))) + np::Tanh(y) - np::Floor(x * 3) + npx::Sigmoid(x) * npx::Relu(y),
    };
  }
};

// A block that answers with the states, too.
class StatefulLstm : public nn::HybridBlock {
 public:
  StatefulLstm() {
    const NameScope scope(*this);
    lstm = Register("lstm", rnn::LSTM(5, {.num_layers = 2, .bidirectional = true}));
  }
  NDArrays ForwardMany(absl::Span<const NDArray> inputs) override { return lstm->Call(inputs); }

  Child<rnn::LSTM> lstm;
};

// Cells upon each other, step by step.
class Unrolled : public nn::HybridBlock {
 public:
  Unrolled() {
    const NameScope scope(*this);
    rnn::HybridSequentialRNNCell stack;
    const NameScope inner(stack);
    stack.Add(rnn::LSTMCell(4), rnn::GRUCell(3), rnn::RNNCell(2));
    cells = Register("cells", std::move(stack));
  }
  NDArray Forward(const NDArray& x) override { return cells->Unroll(3, x, {}, {.merge_outputs = true}).outputs[0]; }

  Child<rnn::HybridSequentialRNNCell> cells;
};

// The same in both directions.
class UnrolledBoth : public nn::HybridBlock {
 public:
  UnrolledBoth() {
    const NameScope scope(*this);
    rnn::HybridSequentialRNNCell stack;
    const NameScope inner(stack);
    stack.Add(rnn::BidirectionalCell(rnn::LSTMCell(4), rnn::GRUCell(3)), rnn::DropoutCell(0.5));
    stack.Add(rnn::BidirectionalCell(rnn::RNNCell(2), rnn::RNNCell(2)));
    cells = Register("cells", std::move(stack));
  }
  NDArray Forward(const NDArray& x) override { return cells->Unroll(3, x, {}, {.merge_outputs = true}).outputs[0]; }

  Child<rnn::HybridSequentialRNNCell> cells;
};

struct Network {
  std::string name;
  std::function<std::shared_ptr<nn::HybridBlock>()> make;
  std::vector<Shape> inputs;
  bool in_python = true;         // round_trip.py has the same architecture
  double low = -1, high = 1;     // of inputs
  init::Initializer start = {};  // of parameters; empty: random numbers for all of them, biases and statistics too
  double tolerance = kTolerance;
};

template <typename Net>
auto Maker(Net (*make)()) {
  return [make] { return std::make_shared<Net>(make()); };
}

// Blocks one after another.
template <typename... Blocks>
std::function<std::shared_ptr<nn::HybridBlock>()> Chain(Blocks... make) {
  return [=] {
    nn::HybridSequential net;
    (net.Add(make()), ...);
    return std::make_shared<nn::HybridSequential>(std::move(net));
  };
}

Network OfTheZoo(const std::string& name) {
  const int64_t size = name == "inceptionv3" ? 299 : 224;
  return {.name = name,
          .make = [name] { return zoo::GetModel(name, {.classes = 10})->shared(); },
          .inputs = {{1, 3, size, size}},
          .start = init::Xavier(),
          .tolerance = kZooTolerance};
}

std::vector<Network> Networks(absl::Span<char* const> zoo_names) {
  std::vector<Network> networks = {
      {"pictures", Maker(Pictures), {{2, 2, 16, 15}}},
      {"sequences", Maker(Sequences), {{2, 3, 17}}},
      {"volumes", Maker(Volumes), {{2, 1, 4, 5, 6}}},
      {"dense", [] { return std::make_shared<nn::Dense>(nn::Dense(5, {.activation = "relu"})); }, {{4, 3}}},
      {"mlp", [] { return std::make_shared<Mlp>(); }, {{4, 12}}},
      {"residual", [] { return std::make_shared<Residual>(); }, {{3, 2, 6}}},
      {"flatten",
       [] {
         nn::HybridSequential net;
         net.Add(nn::Flatten(), nn::Dense(4), nn::Dropout(0.25), nn::Activation("softsign"));
         return std::make_shared<nn::HybridSequential>(std::move(net));
       },
       {{2, 3, 4}}},
      {"norms",
       Chain([] { return nn::LayerNorm(); }, [] { return nn::LayerNorm({.axis = 1, .epsilon = 0.1}); },
             [] { return nn::InstanceNorm(); }, [] { return nn::InstanceNorm({.axis = 2, .scale = true}); },
             [] { return nn::GroupNorm({.num_groups = 2}); }),
       {{2, 4, 5}}},
      {"embedding",
       Chain([] { return nn::Embedding(10, 6); }, [] { return nn::Dense(4, {.flatten = false}); }),
       {{3, 5}},
       true,
       0,
       9.9},
      {"rectifiers",
       Chain([] { return nn::LeakyReLU(0.1); }, [] { return nn::PReLU(); },
             [] { return nn::PReLU({.in_channels = 4}); }, [] { return nn::ELU({.alpha = 0.5}); },
             [] { return nn::SELU(); }, [] { return nn::GELU(); }, [] { return nn::Swish(); },
             [] { return nn::Swish({.beta = 2}); }, [] { return nn::HybridLambda("tanh"); }),
       {{3, 4, 5}}},
      {"silu", Chain([] { return nn::SiLU(); }), {{3, 4, 5}}, false},
      {"transposed1",
       Chain([] { return nn::Conv1DTranspose(3, 2, {.strides = 2, .padding = 1, .output_padding = 1}); }),
       {{2, 2, 4}}},
      {"transposed2",
       Chain(
           [] {
             return nn::Conv2DTranspose(
                 6, 3, {.strides = {2, 1}, .padding = 1, .output_padding = {1, 0}, .groups = 2, .in_channels = 4});
           },
           [] { return nn::Conv2DTranspose(3, 2, {.dilation = 2, .activation = "tanh", .use_bias = false}); }),
       {{2, 4, 5, 6}}},
      {"transposed3",
       Chain([] {
         return nn::Conv3DTranspose(2, {1, 2, 3}, {.strides = 2});
       }),
       {{2, 3, 2, 3, 4}}},
      {"pad", Chain([] { return nn::ReflectionPad2D(2); }), {{2, 3, 4, 5}}},
      {"shuffle1", Chain([] { return nn::PixelShuffle1D(3); }), {{2, 6, 4}}},
      {"shuffle2",
       Chain([] {
         return nn::PixelShuffle2D({2, 3});
       }),
       {{2, 12, 3, 4}}},
      {"shuffle3",
       Chain([] {
         return nn::PixelShuffle3D({2, 1, 3});
       }),
       {{2, 12, 2, 3, 2}}},
      {"rnn",
       Chain([] { return rnn::RNN(4); }, [] { return rnn::RNN(3, {.activation = "tanh", .bidirectional = true}); }),
       {{5, 2, 3}}},
      {"lstm",
       Chain([] { return rnn::LSTM(4, {.num_layers = 2, .layout = "NTC", .dropout = 0.5, .bidirectional = true}); },
             [] { return nn::Dense(3); }),
       {{2, 5, 3}}},
      {"gru", Chain([] { return rnn::GRU(4, {.num_layers = 2, .layout = "NTC"}); }), {{2, 5, 3}}},
      {"states", [] { return std::make_shared<StatefulLstm>(); }, {{6, 2, 3}, {4, 2, 5}, {4, 2, 5}}},
      {"unrolled", [] { return std::make_shared<Unrolled>(); }, {{2, 3, 5}}},
      {"unrolled_both", [] { return std::make_shared<UnrolledBoth>(); }, {{2, 3, 5}}},
      {"functions", [] { return std::make_shared<Functions>(); }, {{2, 3, 4}, {2, 3, 4}}, false},
  };
  for (const char* name : zoo_names) networks.push_back(OfTheZoo(name));
  return networks;
}

std::shared_ptr<nn::HybridBlock> Make(const Network& network) {
  const NameManager fresh;
  return network.make();
}

std::vector<std::string> InputNames(const Network& network) {
  if (network.inputs.size() == 1) return {"data"};
  std::vector<std::string> names;
  for (size_t i = 0; i < network.inputs.size(); ++i) names.push_back(absl::StrCat("data", i));
  return names;
}

absl::Status Start(const Network& network, nn::HybridBlock& net, const NDArrays& inputs) {
  net.Initialize(network.start.empty() ? init::Uniform() : network.start);
  BARYON_RETURN_IF_ERROR(net.Call(inputs)[0].status());
  if (!network.start.empty()) return absl::OkStatus();
  for (auto [name, parameter] : net.CollectParams()) {
    const double low = absl::EndsWith(name, "running_var") ? 0.5 : -0.7;
    BARYON_RETURN_IF_ERROR(parameter.SetData(np::random::Uniform(low, low + 1.4, parameter.shape())));
  }
  return absl::OkStatus();
}

absl::Status Write(const Network& network, const std::string& folder) {
  std::filesystem::create_directories(folder);
  random::Seed(7);
  const std::shared_ptr<nn::HybridBlock> net = Make(network);
  NamedTensors arrays;
  NDArrays inputs;
  for (size_t i = 0; i < network.inputs.size(); ++i) {
    inputs.push_back(np::random::Uniform(network.low, network.high, network.inputs[i]));
    arrays.emplace_back(InputNames(network)[i], inputs.back().tensor());
  }
  BARYON_RETURN_IF_ERROR(WriteFileAtomically(folder + "/ours.txt", net->ToString()));
  BARYON_RETURN_IF_ERROR(Start(network, *net, inputs));
  if (inputs.size() == 1) {
    BARYON_ASSIGN_OR_RETURN(const std::string summary, net->Summary(inputs[0]));
    BARYON_RETURN_IF_ERROR(WriteFileAtomically(folder + "/ours-summary.txt", summary));
  }
  net->Hybridize();
  const NDArrays outputs = net->Call(inputs);
  for (size_t i = 0; i < outputs.size(); ++i) {
    BARYON_ASSIGN_OR_RETURN(Tensor output, outputs[i].AsTensor());
    arrays.emplace_back(absl::StrCat("output", i), std::move(output));
  }
  BARYON_RETURN_IF_ERROR(WriteNpz(folder + "/ours.npz", arrays));
  BARYON_RETURN_IF_ERROR(net->Export(folder + "/ours").status());
  return net->SaveParameters(folder + "/ours.params");
}

// The largest error of what `net` answers to the inputs in `arrays`.
absl::StatusOr<double> ErrorOf(nn::HybridBlock& net, const NamedTensors& arrays, size_t num_inputs) {
  NDArrays inputs;
  for (size_t i = 0; i < num_inputs; ++i) inputs.emplace_back(arrays[i].second);
  const NDArrays outputs = net.Call(inputs);
  double error = outputs.size() == arrays.size() - num_inputs ? 0 : INFINITY;
  for (size_t i = 0; i < outputs.size() && num_inputs + i < arrays.size(); ++i) {
    BARYON_ASSIGN_OR_RETURN(const Tensor output, outputs[i].AsTensor());
    error = std::max(error, ScaledError(output, arrays[num_inputs + i].second));
  }
  return error;
}

absl::Status Read(const Network& network, const std::string& folder, bool& agrees) {
  BARYON_ASSIGN_OR_RETURN(const NamedTensors arrays, ReadNpz(folder + "/theirs.npz"));
  const auto report = [&](const char* what, nn::HybridBlock& net) -> absl::Status {
    BARYON_ASSIGN_OR_RETURN(const double error, ErrorOf(net, arrays, network.inputs.size()));
    agrees = agrees && error <= network.tolerance;
    std::printf("%-17s %-36s %.1e%s\n", network.name.c_str(), what, error,
                error <= network.tolerance ? "" : "  DISAGREES");
    return absl::OkStatus();
  };
  BARYON_ASSIGN_OR_RETURN(
      gluon::SymbolBlock imported,
      gluon::SymbolBlock::Imports(folder + "/theirs-symbol.json", InputNames(network), folder + "/theirs-0000.params"));
  BARYON_RETURN_IF_ERROR(report("MXNet export -> Imports", imported));
  const std::shared_ptr<nn::HybridBlock> net = Make(network);
  BARYON_RETURN_IF_ERROR(net->LoadParameters(folder + "/theirs.params"));
  BARYON_RETURN_IF_ERROR(report("MXNet save_parameters -> eager", *net));
  net->Hybridize();
  return report("MXNet save_parameters -> hybridized", *net);
}

int Run(const std::string& command, const std::string& folder, absl::Span<char* const> zoo_names) {
  bool agrees = true;
  for (const Network& network : Networks(zoo_names)) {
    const std::string place = folder + "/" + network.name;
    absl::Status status;
    if (command == "write") status = Write(network, place);
    if (command == "read" && network.in_python) status = Read(network, place, agrees);
    if (status.ok()) continue;
    std::fprintf(stderr, "%s: %s\n", network.name.c_str(), status.ToString().c_str());
    agrees = false;
  }
  return agrees ? 0 : 1;
}

}  // namespace
}  // namespace baryon

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: round_trip write|read FOLDER ZOO_NAME...\n");
    return 2;
  }
  return baryon::Run(argv[1], argv[2], absl::MakeConstSpan(argv + 3, argc - 3));
}
