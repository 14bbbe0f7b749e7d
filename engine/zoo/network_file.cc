#include "engine/zoo/network_file.h"

#include <map>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"

namespace baryon::zoo {
namespace {

// An export's name without that of the network: Gluon numbers networks by process, so it is resnetv10_ or resnetv13_.
std::string WithoutNetwork(absl::string_view name) { return std::string(name.substr(name.find('_') + 1)); }

// Entries by the two names that each may have.
class Entries {
 public:
  explicit Entries(const ParamsFile& params) : params_(params) {
    for (size_t i = 0; i < params.entries().size(); ++i) {
      const absl::string_view name = StripParamPrefix(params.entries()[i].name);
      by_name_[std::string(name)] = i;
      by_short_name_[WithoutNetwork(name)] = i;
    }
  }

  std::optional<size_t> Find(const Parameter& parameter) const {
    for (const std::string& name : {parameter.structure, parameter.name, WithoutNetwork(parameter.name)}) {
      if (const auto it = by_name_.find(name); it != by_name_.end()) return it->second;
    }
    const auto it = by_short_name_.find(WithoutNetwork(parameter.name));
    return it == by_short_name_.end() ? std::nullopt : std::optional(it->second);
  }

  absl::StatusOr<size_t> Get(const Parameter& parameter) const {
    if (const std::optional<size_t> entry = Find(parameter); entry.has_value()) return *entry;
    return absl::NotFoundError(absl::StrCat("\"", params_.path(), "\": expected an array \"", parameter.structure,
                                            "\" or \"", parameter.name, "\", got neither among ",
                                            params_.entries().size()));
  }

 private:
  const ParamsFile& params_;
  std::map<std::string, size_t> by_name_, by_short_name_;
};

absl::Status ShapeError(const ParamsFile& params, size_t entry, const Shape& expected) {
  const ParamsFile::Entry& got = params.entries()[entry];
  return absl::InvalidArgumentError(absl::StrCat("\"", params.path(), "\": array \"", got.name, "\": expected shape ",
                                                 expected.ToString(), ", got ", got.type.shape.ToString()));
}

absl::Status CheckAllUsed(const ParamsFile& params, const std::vector<size_t>& matches) {
  std::vector<bool> used(params.entries().size());
  for (size_t entry : matches) used[entry] = true;
  for (size_t i = 0; i < used.size(); ++i) {
    if (used[i]) continue;
    return absl::InvalidArgumentError(absl::StrCat("\"", params.path(), "\": expected ", matches.size(),
                                                   " arrays, got ", used.size(), ": \"", params.entries()[i].name,
                                                   "\" has no place in the network"));
  }
  return absl::OkStatus();
}

}  // namespace

// The last parameter is the output layer's, whose first axis is the classes.
absl::StatusOr<Network> MakeNetworkFor(absl::string_view name, const ParamsFile& params) {
  BARYON_ASSIGN_OR_RETURN(Network network, MakeNetwork(name));
  const Parameter& last = network.parameters.back();
  BARYON_ASSIGN_OR_RETURN(const size_t entry, Entries(params).Get(last));
  const Shape& expected = network.graph.type({last.node, 0}).shape;
  const Shape& got = params.entries()[entry].type.shape;
  if (got == expected) return network;
  if (got.rank() != expected.rank()) return ShapeError(params, entry, expected);
  return MakeNetwork(name, got[0]);
}

absl::StatusOr<std::vector<size_t>> MatchParameters(const Network& network, const ParamsFile& params) {
  const Entries entries(params);
  std::vector<size_t> matches;
  for (const Parameter& parameter : network.parameters) {
    BARYON_ASSIGN_OR_RETURN(const size_t entry, entries.Get(parameter));
    const Shape& expected = network.graph.type({parameter.node, 0}).shape;
    if (params.entries()[entry].type.shape != expected) return ShapeError(params, entry, expected);
    matches.push_back(entry);
  }
  BARYON_RETURN_IF_ERROR(CheckAllUsed(params, matches));
  return matches;
}

absl::StatusOr<Graph> ReadNetwork(absl::string_view name, const std::string& path) {
  BARYON_ASSIGN_OR_RETURN(const std::shared_ptr<const ParamsFile> params, ParamsFile::Open(path));
  BARYON_ASSIGN_OR_RETURN(Network network, MakeNetworkFor(name, *params));
  BARYON_ASSIGN_OR_RETURN(const std::vector<size_t> matches, MatchParameters(network, *params));
  for (size_t i = 0; i < matches.size(); ++i) {
    const NodeId node = network.parameters[i].node;
    const TensorType type = network.graph.type({node, 0});
    const auto read = [params, entry = matches[i], type]() -> absl::StatusOr<Tensor> {
      BARYON_ASSIGN_OR_RETURN(const Tensor tensor, params->Read(entry));
      return tensor.Cast(type.dtype);
    };
    network.graph.BindInput(node, Constant::Lazy(type, absl::StrCat(path, ":", matches[i]), read));
  }
  return std::move(network.graph);
}

}  // namespace baryon::zoo
