// NumPy's array files: .npy, and .npz (a zip of them), read and written.
#ifndef BARYON_ENGINE_IO_NPY_H_
#define BARYON_ENGINE_IO_NPY_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/tensor/tensor.h"

namespace baryon {

// The array in the bytes of a .npy file, versions 1.0 to 3.0, C or Fortran order, little-endian. Never allocates more
// than the bytes hold. Errors: DATA_LOSS, UNIMPLEMENTED for a dtype Baryon does not know; both name `where`.
absl::StatusOr<Tensor> ParseNpy(absl::string_view bytes, absl::string_view where);

// Version 1.0, C order.
std::string FormatNpy(const Tensor& tensor);

absl::StatusOr<Tensor> ReadNpy(const std::string& path);
absl::Status WriteNpy(const std::string& path, const Tensor& tensor);

// The arrays of a .npz in the order of its directory, named as its members without ".npy".
absl::StatusOr<NamedTensors> ReadNpz(const std::string& path);
// Members stored without compression, as numpy.savez does.
absl::Status WriteNpz(const std::string& path, const NamedTensors& tensors);

}  // namespace baryon

#endif  // BARYON_ENGINE_IO_NPY_H_
