#include "engine/zoo/zoo.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"
#include "engine/io/params_file.h"
#include "engine/io/symbol_json.h"
#include "engine/zoo/networks.h"
#include "engine/zoo/pretrained.h"

namespace baryon::zoo {
namespace {

constexpr int64_t kMostClasses = int64_t{1} << 20;

using Maker = std::function<NetworkBlock(int64_t classes)>;

std::map<std::string, Maker> MakeMakers() {
  std::map<std::string, Maker> makers = {{"alexnet", MakeAlexNet}, {"inceptionv3", MakeInceptionV3}};
  for (int layers : {121, 161, 169, 201}) {
    makers[absl::StrCat("densenet", layers)] = [=](int64_t classes) { return MakeDenseNet(layers, classes); };
  }
  for (const auto& [text, multiplier] : {std::pair("0.25", 0.25), {"0.5", 0.5}, {"0.75", 0.75}, {"1.0", 1.0}}) {
    makers[absl::StrCat("mobilenet", text)] = [m = multiplier](int64_t classes) { return MakeMobileNet(m, classes); };
    makers[absl::StrCat("mobilenetv2_", text)] = [m = multiplier](int64_t classes) {
      return MakeMobileNetV2(m, classes);
    };
  }
  for (int layers : {18, 34, 50, 101, 152}) {
    makers[absl::StrCat("resnet", layers, "_v1")] = [=](int64_t classes) { return MakeResNetV1(layers, classes); };
    makers[absl::StrCat("resnet", layers, "_v2")] = [=](int64_t classes) { return MakeResNetV2(layers, classes); };
  }
  for (int minor : {0, 1}) {
    makers[absl::StrCat("squeezenet1.", minor)] = [=](int64_t classes) { return MakeSqueezeNet(minor, classes); };
  }
  for (int layers : {11, 13, 16, 19}) {
    makers[absl::StrCat("vgg", layers)] = [=](int64_t classes) { return MakeVgg(layers, false, classes); };
    makers[absl::StrCat("vgg", layers, "_bn")] = [=](int64_t classes) { return MakeVgg(layers, true, classes); };
  }
  return makers;
}

const std::map<std::string, Maker>& Makers() {
  static const auto* makers = new std::map<std::string, Maker>(MakeMakers());
  return *makers;
}

// What Gluon calls the function that makes the network: an identifier.
std::string FunctionName(absl::string_view name) {
  return absl::StrReplaceAll(name, {{".", "_"}, {"mobilenetv2", "mobilenet_v2"}, {"inceptionv3", "inception_v3"}});
}

// Of the pictures that the network was made for.
int64_t PictureSize(absl::string_view name) { return NetworkName(name) == "inceptionv3" ? 299 : 224; }

// `name` is that of a layer's parameter: "weight", "running_mean".
bool IsState(absl::string_view name) { return absl::StartsWith(name, "running_"); }

Start StartOf(absl::string_view name) {
  if (name == "weight") return Start::kWeight;
  return name == "gamma" || name == "running_var" ? Start::kOnes : Start::kZeros;
}

// SplitMix64, mapped to [-1, 1): the numbers are a function of name, seed and place alone.
float UniformAt(uint64_t stream, int64_t i) {
  uint64_t z = stream + (static_cast<uint64_t>(i) + 1) * 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  z ^= z >> 31;
  return static_cast<float>(z >> 40) * 0x1p-23f - 1;
}

uint64_t StreamOf(const std::string& name, uint64_t seed) {
  uint64_t hash = 0xCBF29CE484222325 ^ (seed * 0x9E3779B97F4A7C15);
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return hash;
}

Tensor MakeStartValue(const std::string& name, const TensorType& type, Start start, uint64_t seed) {
  Tensor tensor = Tensor::Allocate(type);
  const absl::Span<float> values(tensor.mutable_data<float>(), tensor.num_elements());
  if (start != Start::kWeight) {
    std::fill(values.begin(), values.end(), start == Start::kOnes ? 1.0f : 0.0f);
    return tensor;
  }
  const double fan_in = static_cast<double>(type.shape.Product(1, type.shape.rank()));
  const float limit = static_cast<float>(std::sqrt(6 / fan_in));
  const uint64_t stream = StreamOf(name, seed);
  for (size_t i = 0; i < values.size(); ++i) values[i] = limit * UniformAt(stream, static_cast<int64_t>(i));
  return tensor;
}

}  // namespace

std::vector<std::string> NetworkNames() {
  std::vector<std::string> names;
  for (const auto& [name, maker] : Makers()) names.push_back(name);
  return names;
}

std::optional<std::string> NetworkName(absl::string_view name) {
  const std::string lower = absl::AsciiStrToLower(name);
  for (const auto& [known, maker] : Makers()) {
    if (lower == known || lower == FunctionName(known)) return known;
  }
  return std::nullopt;
}

absl::StatusOr<NetworkBlock> GetModel(absl::string_view name, const ModelOptions& options) {
  const std::optional<std::string> known = NetworkName(name);
  if (!known.has_value()) {
    return absl::NotFoundError(absl::StrCat("Model ", name, " is not supported. Available options are\n\t",
                                            absl::StrJoin(NetworkNames(), "\n\t")));
  }
  if (options.classes < 1 || options.classes > kMostClasses) {
    return absl::InvalidArgumentError(absl::StrCat("expected 1 to ", kMostClasses, " classes, got ", options.classes));
  }
  NetworkBlock net = Makers().at(*known)(options.classes);
  if (!options.pretrained) return net;
  BARYON_ASSIGN_OR_RETURN(const std::string file, FindPretrained(*known, options.root));
  BARYON_RETURN_IF_ERROR(LoadPretrained(*known, options.classes, file, *net));
  return net;
}

absl::StatusOr<Network> MakeNetwork(absl::string_view name, int64_t classes) {
  if (!NetworkName(name).has_value()) {
    return absl::NotFoundError(
        absl::StrCat("no network \"", name, "\" in the zoo; there are ", absl::StrJoin(NetworkNames(), ", ")));
  }
  const NameManager fresh;
  BARYON_ASSIGN_OR_RETURN(const NetworkBlock net, GetModel(name, {.classes = classes}));
  const int64_t size = PictureSize(name);
  Network network;
  BARYON_ASSIGN_OR_RETURN(network.graph, net->TraceGraph({{DType::kFloat32, {1, 3, size, size}}}));
  std::map<std::string, NodeId> nodes;
  for (NodeId id : network.graph.inputs()) nodes[network.graph.node(id).name] = id;
  for (const auto& [structure, parameter] : net->CollectParams()) {
    const std::string& export_name = parameter.export_name();
    network.parameters.push_back(
        {nodes.at(export_name), export_name, structure, IsState(parameter.name()), StartOf(parameter.name())});
  }
  return network;
}

Tensor StartValue(const Network& network, const Parameter& parameter, uint64_t seed) {
  return MakeStartValue(parameter.name, network.graph.type({parameter.node, 0}), parameter.start, seed);
}

Graph BindStartValues(const Network& network, uint64_t seed) {
  Graph graph = network.graph;
  for (const Parameter& parameter : network.parameters) {
    const TensorType type = graph.type({parameter.node, 0});
    const auto make = [name = parameter.name, type, start = parameter.start, seed]() -> absl::StatusOr<Tensor> {
      return MakeStartValue(name, type, start, seed);
    };
    graph.BindInput(parameter.node, Constant::Lazy(type, parameter.name, make));
  }
  return graph;
}

absl::Status ExportNetwork(const Network& network, uint64_t seed, const std::string& prefix) {
  const Graph graph = BindStartValues(network, seed);
  std::map<NodeId, const Parameter*> parameters;
  for (const Parameter& parameter : network.parameters) parameters[parameter.node] = &parameter;
  NamedTensors tensors;
  for (NodeId id : graph.TopologicalOrder()) {
    const auto it = parameters.find(id);
    if (it == parameters.end()) continue;
    const Parameter& parameter = *it->second;
    tensors.emplace_back(absl::StrCat(parameter.is_state ? "aux:" : "arg:", parameter.name),
                         StartValue(network, parameter, seed));
  }
  BARYON_ASSIGN_OR_RETURN(const std::string symbol, WriteSymbol(graph));
  BARYON_RETURN_IF_ERROR(WriteFileAtomically(prefix + "-symbol.json", symbol));
  return WriteParamsFile(prefix + "-0000.params", tensors);
}

}  // namespace baryon::zoo
