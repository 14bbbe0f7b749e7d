// NumPy's array files: .npy, and .npz (a zip of them), read and written.
#ifndef BARYON_ENGINE_IO_NPY_H_
#define BARYON_ENGINE_IO_NPY_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/io/byte_source.h"
#include "engine/tensor/tensor.h"

namespace baryon {

// The array in the bytes of a .npy file, versions 1.0 to 3.0, C or Fortran order, little-endian. Never allocates more
// than the bytes hold. Errors: DATA_LOSS, with byte, expected and got; UNIMPLEMENTED for a dtype Baryon does not know,
// pickled objects among them. Both name `where`.
absl::StatusOr<Tensor> ParseNpy(absl::string_view bytes, absl::string_view where);

// Version 1.0, C order.
std::string FormatNpy(const Tensor& tensor);

absl::StatusOr<Tensor> ReadNpy(const std::string& path);
absl::Status WriteNpy(const std::string& path, const Tensor& tensor);

// The arrays of a .npz in the order of its directory, named as its members without ".npy". Errors as ParseNpy, and
// those of a zip file; DATA_LOSS when two members have one name.
absl::StatusOr<NamedTensors> ReadNpz(const std::string& path);
// Members stored without compression, as numpy.savez does.
absl::Status WriteNpz(const std::string& path, const NamedTensors& tensors);

// --- The two halves of reading, for those who want the types first and the elements later.

struct NpyHeader {
  TensorType type;
  bool fortran_order = false;  // the first axis varies fastest

  friend bool operator==(const NpyHeader& a, const NpyHeader& b) {
    return a.type == b.type && a.fortran_order == b.fortran_order;
  }
};

// Reads `source` up to the first element, and makes sure that as many follow as the header says.
absl::StatusOr<NpyHeader> ReadNpyHeader(ByteSource& source);
// Reads on to the end, from where ReadNpyHeader stopped.
absl::StatusOr<Tensor> ReadNpyElements(const NpyHeader& header, ByteSource& source);

// The bytes before the elements of an array of `type`: a multiple of 64.
std::string FormatNpyHeader(const TensorType& type);

}  // namespace baryon

#endif  // BARYON_ENGINE_IO_NPY_H_
