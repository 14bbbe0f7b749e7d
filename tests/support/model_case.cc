#include "tests/support/model_case.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"
#include "engine/io/npy.h"
#include "engine/io/symbol_json.h"
#include "engine/load_model.h"
#include "nlohmann/json.hpp"
#include "tests/support/seeded.h"

namespace baryon {
namespace {

using Json = nlohmann::json;

Shape ToShape(const Json& json) {
  const std::vector<int64_t> dims = json;
  return Shape(absl::MakeConstSpan(dims));
}

std::string WithoutPrefix(const std::string& key) {
  const size_t colon = key.find(':');
  return colon == std::string::npos ? key : key.substr(colon + 1);
}

absl::StatusOr<Graph> SeededGraph(const Json& json, const std::string& folder) {
  const std::string path = folder + "/" + json["symbol"].get<std::string>();
  BARYON_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  BARYON_ASSIGN_OR_RETURN(Symbol symbol, ReadSymbol(text, path));
  std::map<std::string, std::shared_ptr<const Constant>> parameters;
  for (const auto& [key, dims] : json["seeded_params"].items()) {
    const std::string name = WithoutPrefix(key);
    const Shape shape = ToShape(dims);
    parameters[name] = Constant::Lazy({DType::kFloat32, shape}, name, [name, shape]() -> absl::StatusOr<Tensor> {
      return SeededParameter(name, shape);
    });
  }
  if (json.contains("constants") && !json["constants"].is_null()) {
    BARYON_ASSIGN_OR_RETURN(const NamedTensors constants, ReadNpz(folder + "/" + json["constants"].get<std::string>()));
    for (const auto& [key, tensor] : constants) parameters[WithoutPrefix(key)] = Constant::Literal(tensor);
  }
  for (NodeId id : std::vector<NodeId>(symbol.graph.inputs())) {
    const auto it = parameters.find(symbol.graph.node(id).name);
    if (it != parameters.end()) symbol.graph.BindInput(id, it->second);
  }
  return std::move(symbol.graph);
}

absl::StatusOr<NamedTensors> ReadInputs(const Json& json, const std::string& folder) {
  NamedTensors inputs, stored;
  for (const auto& [name, description] : json["inputs"].items()) {
    if (description["seeded"].get<bool>()) {
      inputs.emplace_back(name, SeededInput(name, ToShape(description["shape"])));
      continue;
    }
    if (stored.empty()) {
      BARYON_ASSIGN_OR_RETURN(stored, ReadNpz(folder + "/input.npz"));
    }
    const Tensor* tensor = FindTensor(stored, name);
    if (tensor == nullptr) return absl::NotFoundError(absl::StrCat(folder, "/input.npz has no ", name));
    inputs.emplace_back(name, *tensor);
  }
  return inputs;
}

}  // namespace

absl::StatusOr<ModelCase> ReadModelCase(const std::string& folder) {
  BARYON_ASSIGN_OR_RETURN(const std::string text, ReadFile(folder + "/case.json"));
  const Json json = Json::parse(text);
  ModelCase result;
  if (json["params"].is_string()) {
    ModelFiles files;
    files.symbol = folder + "/" + json["symbol"].get<std::string>();
    files.params = folder + "/" + json["params"].get<std::string>();
    BARYON_ASSIGN_OR_RETURN(result.graph, ReadModel(files));
  } else {
    BARYON_ASSIGN_OR_RETURN(result.graph, SeededGraph(json, folder));
  }
  BARYON_ASSIGN_OR_RETURN(result.inputs, ReadInputs(json, folder));
  BARYON_ASSIGN_OR_RETURN(const NamedTensors outputs, ReadNpz(folder + "/output.npz"));
  for (const Json& name : json["outputs"]) {
    const Tensor* tensor = FindTensor(outputs, name.get<std::string>());
    if (tensor == nullptr) return absl::NotFoundError(absl::StrCat(folder, "/output.npz has no ", name.dump()));
    result.outputs.emplace_back(name.get<std::string>(), *tensor);
  }
  result.rtol = json["rtol"];
  result.atol = json["atol"];
  return result;
}

double ScaledError(const Tensor& got, const Tensor& want) {
  const Tensor a = got.Cast(DType::kFloat64), b = want.Cast(DType::kFloat64);
  double largest = 0, difference = 0;
  for (int64_t i = 0; i < b.num_elements(); ++i) {
    largest = std::max(largest, std::abs(b.data<double>()[i]));
    const double distance = std::abs(a.data<double>()[i] - b.data<double>()[i]);
    difference = std::isnan(distance) ? INFINITY : std::max(difference, distance);
  }
  return largest > 0 ? difference / largest : difference;
}

std::string Disagreement(const ModelCase& model_case, const NamedTensors& got) {
  if (got.size() != model_case.outputs.size())
    return absl::StrCat("expected ", model_case.outputs.size(), " outputs, got ", got.size());
  for (size_t i = 0; i < got.size(); ++i) {
    const auto& [name, want] = model_case.outputs[i];
    if (got[i].first != name) return absl::StrCat("expected output \"", name, "\", got \"", got[i].first, "\"");
    if (got[i].second.type() != want.type()) {
      return absl::StrCat("\"", name, "\": expected ", want.type().ToString(), ", got ",
                          got[i].second.type().ToString());
    }
    double largest = 0;
    const Tensor wide = want.Cast(DType::kFloat64);
    for (double value : wide.span<double>()) largest = std::max(largest, std::abs(value));
    const double error = ScaledError(got[i].second, want) * (largest > 0 ? largest : 1);
    const double most = model_case.atol + model_case.rtol * largest;
    if (!(error <= most)) {
      return absl::StrCat("\"", name, "\": expected a distance of at most ", most, ", got ", error,
                          ", largest element ", largest);
    }
  }
  return "";
}

}  // namespace baryon
