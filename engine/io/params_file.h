// Parameter files: NDArray lists of MXNet (every version of the format) and the npz and npy files of 2.x, all called
// `*.params`. FORMAT.md has the bytes.
#ifndef BARYON_ENGINE_IO_PARAMS_FILE_H_
#define BARYON_ENGINE_IO_PARAMS_FILE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/tensor/tensor.h"

namespace baryon {

// An open parameter file: names and types are read at once and checked against the file's length, elements when they
// are asked for. Immutable; thread-safe. Changes of the file while it is open give an error or other values, no crash.
class ParamsFile {
 public:
  struct Entry {
    std::string name;  // as it stands in the file, with "arg:" and the like; "" in an unnamed list
    TensorType type;   // of the dense array, also where the file stores it sparsely
  };

  // Errors: NOT_FOUND and the like for the file; DATA_LOSS, naming file, array and byte, when something ends too early
  // or contradicts itself; UNIMPLEMENTED for a dtype or storage nobody wrote so far.
  static absl::StatusOr<std::shared_ptr<const ParamsFile>> Open(const std::string& path);
  virtual ~ParamsFile() = default;

  const std::string& path() const { return path_; }
  const std::vector<Entry>& entries() const { return entries_; }

  // The elements of entry i, dense. Errors as Open.
  virtual absl::StatusOr<Tensor> Read(size_t i) const = 0;
  // All entries, in the order of the file.
  absl::StatusOr<NamedTensors> ReadAll() const;

 protected:
  explicit ParamsFile(std::string path) : path_(std::move(path)) {}
  std::string path_;
  std::vector<Entry> entries_;
};

// Writes an NDArray list (V2), which every MXNet since 0.12 reads: names as given, in this order.
absl::Status WriteParamsFile(const std::string& path, const NamedTensors& tensors);

// `name` without "arg:" or "aux:" in front.
absl::string_view StripParamPrefix(absl::string_view name);

}  // namespace baryon

#endif  // BARYON_ENGINE_IO_PARAMS_FILE_H_
