// The NDArray list, MXNet's own container for parameters: what `*.params` files of 1.x are. Part of params_file.h,
// which tells the containers apart; FORMAT.md has the bytes.
#ifndef BARYON_ENGINE_IO_NDARRAY_LIST_H_
#define BARYON_ENGINE_IO_NDARRAY_LIST_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/base/file.h"
#include "engine/io/params_file.h"
#include "engine/tensor/tensor.h"

namespace baryon {

constexpr uint64_t kNdarrayListMagic = 0x112;  // the first eight bytes

// Reads everything but the elements of the list in `file`, arrays of all versions (0 to 3) and storages. The elements
// of a sparse array take its dense size in memory, which the file's length does not bound: at most 64 MiB, or 64 times
// the file. Errors as ParamsFile::Open.
absl::StatusOr<std::shared_ptr<const ParamsFile>> OpenNdarrayList(std::unique_ptr<const FileReader> file);

// Writes arrays of version 2 and, unless all of them are empty, the names. Errors as WriteParamsFile.
absl::Status WriteNdarrayList(AtomicFile& file, const NamedTensors& tensors);

}  // namespace baryon

#endif  // BARYON_ENGINE_IO_NDARRAY_LIST_H_
