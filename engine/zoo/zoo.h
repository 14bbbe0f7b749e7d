// Networks built in code: the 34 of Gluon's model_zoo.vision, layer for layer and name for name, so that parameter
// files of MXNet fit them and MXNet loads what is written here.
//
//   BARYON_ASSIGN_OR_RETURN(const zoo::NetworkBlock net, zoo::GetModel("resnet50_v2", {.classes = 10}));
//   net->Initialize();
//   const NDArray y = net(np::Ones({1, 3, 224, 224}));
#ifndef BARYON_ENGINE_ZOO_ZOO_H_
#define BARYON_ENGINE_ZOO_ZOO_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/graph/graph.h"
#include "engine/tensor/tensor.h"
#include "engine/zoo/networks.h"

namespace baryon::zoo {

// The names that get_model takes, in alphabetical order.
std::vector<std::string> NetworkNames();

// The one of them that `name` means, in any case; the names of Gluon's functions (mobilenet_v2_1_0) work too.
std::optional<std::string> NetworkName(absl::string_view name);

struct ModelOptions {
  int64_t classes = 1000;
  bool pretrained = false;  // with the parameters that FindPretrained finds; the order of their classes is ImageNet's
  std::string root = "";    // where it looks
};

// The network called `name`, as NetworkName takes it, not initialised unless `pretrained`. Errors: NOT_FOUND, with all
// names in Gluon's words; INVALID_ARGUMENT, `classes` outside of [1, 2^20]; those of pretrained.h.
absl::StatusOr<NetworkBlock> GetModel(absl::string_view name, const ModelOptions& options = {});

// ---------------------------------------------------------------------------------------------------------------------
// The same as graphs, without values: for whoever has the values in a file, or wants none.

// How a parameter starts.
enum class Start { kWeight, kZeros, kOnes };

struct Parameter {
  NodeId node;            // of the graph
  std::string name;       // in an exported file, behind "arg:" or "aux:": "resnetv10_conv0_weight"
  std::string structure;  // in a file of save_parameters: "features.0.weight"
  bool is_state;          // a running statistic: "aux:"
  Start start;
};

// What the block computes: the inputs of the graph are `data` and the parameters.
struct Network {
  Graph graph;                        // types inferred for one picture of the usual size
  std::vector<Parameter> parameters;  // in the order of save_parameters
};

// Errors: as GetModel, in one line.
absl::StatusOr<Network> MakeNetwork(absl::string_view name, int64_t classes = 1000);

// Values to start with, the same for the same seed everywhere: weights uniform within sqrt(6 / fan-in), which keeps the
// scale of activations through rectifiers (He, Zhang, Ren, Sun, Delving Deep into Rectifiers, 2015); statistics,
// scales and biases at 0 and 1.
Tensor StartValue(const Network& network, const Parameter& parameter, uint64_t seed);

// The graph with parameters bound to their start values, which are made when they are read.
Graph BindStartValues(const Network& network, uint64_t seed);

// Writes PREFIX-symbol.json and PREFIX-0000.params, in the order and under the names of Gluon's export. Errors: those
// of writing.
absl::Status ExportNetwork(const Network& network, uint64_t seed, const std::string& prefix);

}  // namespace baryon::zoo

#endif  // BARYON_ENGINE_ZOO_ZOO_H_
