// From files to something that runs.
#ifndef BARYON_ENGINE_LOAD_MODEL_H_
#define BARYON_ENGINE_LOAD_MODEL_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/base/thread_pool.h"
#include "engine/graph/graph.h"
#include "engine/io/model_files.h"
#include "engine/runtime/executable.h"

namespace baryon {

// Reads symbol and parameters and binds these to the graph: the inputs that remain are the model's. Parameters are
// matched by name, with and without "arg:" and "aux:"; their elements are read when they are packed. Without a
// parameter file every variable is an input. Labels of loss operators stay inputs; the runtime does not ask for them.
// Arrays that the graph has no use for are warned about. Errors name file, node or parameter, expected and got:
// DATA_LOSS, UNIMPLEMENTED (operators), NOT_FOUND (parameters the graph needs), INVALID_ARGUMENT (shapes that do not
// fit).
absl::StatusOr<Graph> ReadModel(const ModelFiles& files);

// FindModelFiles, ReadModel, Executable::Create. The first Run compiles; see Executable. `pool` outlives the result.
absl::StatusOr<std::shared_ptr<const Executable>> LoadModel(const std::string& model, ThreadPool& pool,
                                                            const CompileOptions& options = {});

// What is wrong with a model, all of it: for `baryon check`.
struct ModelReport {
  std::map<std::string, std::vector<std::string>> unknown_operators;  // operator → nodes
  std::vector<std::string> missing_parameters;
  std::vector<std::string> extra_parameters;  // harmless: the graph has no use for them
  std::vector<std::string> wrong_shapes;      // a sentence each
  std::vector<std::string> other;             // a sentence each: files that cannot be read, attributes, values
  bool can_be_loaded() const {
    return unknown_operators.empty() && missing_parameters.empty() && wrong_shapes.empty() && other.empty();
  }
};

// Reads everything, the elements of all parameters included. Errors: only that the symbol file cannot be opened.
absl::StatusOr<ModelReport> CheckModel(const ModelFiles& files);

}  // namespace baryon

#endif  // BARYON_ENGINE_LOAD_MODEL_H_
