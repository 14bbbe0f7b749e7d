// Values of --input: arrays and pictures from files.
#ifndef BARYON_CLIENTS_CLI_INPUTS_H_
#define BARYON_CLIENTS_CLI_INPUTS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/tensor/tensor.h"
#include "server/models/served_model.h"

namespace baryon {

// One input as it was named on the command line.
struct InputFile {
  std::string name;  // empty: the only input of the model
  std::string path;
  Tensor tensor;                       // of an array
  std::optional<std::string> picture;  // the bytes of a picture, which is no array
};

// Reads `NAME=FILE.npy`, `FILE.npy`, `FILE.npz` (all its arrays, by name), and the bytes of `[NAME=]FILE.png` or .jpg.
// Errors: those of the files; INVALID_ARGUMENT for files of another kind.
absl::StatusOr<std::vector<InputFile>> ReadInputs(const std::vector<std::string>& arguments);

// The inputs of `model`, in any order; pictures of one input become its rows, in the order given. What fits is for the
// executable to say. Errors: INVALID_ARGUMENT, a name is missing, or the model takes no pictures; those of decoding.
absl::StatusOr<NamedTensors> BindInputs(const std::vector<InputFile>& files, const OpenedModel& model);

}  // namespace baryon

#endif  // BARYON_CLIENTS_CLI_INPUTS_H_
