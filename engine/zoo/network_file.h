// The networks of the zoo with parameters from a file that has no graph: what save_parameters and save_params wrote,
// or the parameters of an export alone.
#ifndef BARYON_ENGINE_ZOO_NETWORK_FILE_H_
#define BARYON_ENGINE_ZOO_NETWORK_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/graph/graph.h"
#include "engine/io/params_file.h"
#include "engine/zoo/zoo.h"

namespace baryon::zoo {

// The network called `name` with as many classes as `params` has outputs for. Errors: those of MakeNetwork; NOT_FOUND,
// the file has no array that says so; INVALID_ARGUMENT, one that cannot.
absl::StatusOr<Network> MakeNetworkFor(absl::string_view name, const ParamsFile& params);

// The entry of `params` for each parameter of `network`, in the network's order. Arrays may be called as
// save_parameters does ("features.0.weight"), as an export does ("resnetv10_conv0_weight", whatever the number of the
// network), or as save_params did ("conv0_weight"); with or without "arg:" and "aux:". Errors: NOT_FOUND, an array is
// missing; INVALID_ARGUMENT, there is one too many, or of another shape.
absl::StatusOr<std::vector<size_t>> MatchParameters(const Network& network, const ParamsFile& params);

// The graph of the network called `name`, parameters bound to the arrays of the file `path`, which are read when they
// are wanted, as float32. Errors: those of ParamsFile::Open and of the above.
absl::StatusOr<Graph> ReadNetwork(absl::string_view name, const std::string& path);

}  // namespace baryon::zoo

#endif  // BARYON_ENGINE_ZOO_NETWORK_FILE_H_
