// What `run` and `predict` do with an answer.
#ifndef BARYON_CLIENTS_CLI_OUTPUTS_H_
#define BARYON_CLIENTS_CLI_OUTPUTS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "engine/tensor/tensor.h"
#include "server/services/top_classes.h"

namespace baryon {

// Whether `path` can be that of outputs: .npz, .npy, or empty for none. Before anything is computed. Errors:
// INVALID_ARGUMENT.
absl::Status CheckOutputPath(const std::string& path);

// Writes `outputs` to `path`: a .npz with an array for each, or a .npy when there is one. Errors: INVALID_ARGUMENT for
// another ending or a .npy of several; those of writing.
absl::Status WriteOutputs(const std::string& path, const NamedTensors& outputs);

// A line a class, best first: index, score and label; rows have a heading when there are several.
std::string FormatClasses(const std::vector<std::vector<ClassScore>>& rows);

// A line an output: name, type, and its first elements.
std::string FormatTensors(const NamedTensors& outputs);

}  // namespace baryon

#endif  // BARYON_CLIENTS_CLI_OUTPUTS_H_
