// Which arrays of a parameter file belong to which variables of a graph, and whether they fit.
#ifndef BARYON_ENGINE_IO_PARAMETER_BINDING_H_
#define BARYON_ENGINE_IO_PARAMETER_BINDING_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "engine/graph/graph.h"
#include "engine/io/params_file.h"
#include "engine/io/symbol_file.h"
#include "engine/tensor/tensor.h"

namespace baryon {

// A variable and what it is for.
struct Variable {
  std::string name;
  NodeId node = -1;  // in the graph
  // An operator takes it as weight, state or the like, or it serves only to compute such (joined or reshaped weights).
  bool is_parameter = false;
  std::vector<std::string> users;  // `Convolution "conv0"`
};

// The inputs of `graph`, in their order.
std::vector<Variable> ListVariables(const Graph& graph);
// The same for a file whose graph cannot be built because operators are unknown: those say nothing of their inputs.
std::vector<Variable> ListVariables(const SymbolFile& file);

struct ParameterBinding {
  struct Bound {
    size_t variable, entry;  // indices of the variables and of the file's entries
  };
  std::vector<Bound> bound;
  std::vector<size_t> missing;  // parameters among the variables that the file lacks
  std::vector<size_t> extra;    // entries that no variable asks for
};

// Matches by name: as it stands, else without "arg:" and "aux:" in front.
ParameterBinding BindParameters(const std::vector<Variable>& variables, const ParamsFile& file);

// NOT_FOUND, naming the missing parameters and who uses them. When nothing at all could be matched it says what kind of
// file this probably is: save_parameters of Gluon writes names that follow the blocks, not those of the graph.
absl::Status MissingParametersError(const std::vector<Variable>& variables, const ParameterBinding& binding,
                                    const ParamsFile& file);

// A sentence for each bound array (the first hundred) whose shape cannot be, by what its variable declares and by what
// follows from operators and other arrays: parameter "fc_weight": expected [10, 64], got float32 [10, 32]. As far as
// one can say without the shapes of the inputs. Errors: those of the graph alone, INVALID_ARGUMENT.
absl::StatusOr<std::vector<std::string>> FindWrongShapes(const Graph& graph,
                                                         const std::map<std::string, TensorType>& declared,
                                                         const std::vector<Variable>& variables,
                                                         const std::vector<ParameterBinding::Bound>& bound,
                                                         const ParamsFile& file);

}  // namespace baryon

#endif  // BARYON_ENGINE_IO_PARAMETER_BINDING_H_
