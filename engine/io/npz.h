// One .npz file, open: its arrays one by one. ReadNpz and WriteNpz of npy.h do whole files.
#ifndef BARYON_ENGINE_IO_NPZ_H_
#define BARYON_ENGINE_IO_NPZ_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/io/npy.h"
#include "engine/io/zip_file.h"
#include "engine/tensor/tensor.h"

namespace baryon {

// Thread-safe.
class NpzFile {
 public:
  struct Array {
    std::string name;  // the member's, without ".npy"
    NpyHeader header;
    size_t member;
  };

  // Reads the directory and the head of every member. Errors: those of ZipFile and ReadNpyHeader, with the path and the
  // member; DATA_LOSS when two arrays have one name.
  static absl::StatusOr<std::unique_ptr<const NpzFile>> Open(const std::string& path);

  const std::vector<Array>& arrays() const { return arrays_; }  // in the order of the directory

  // The elements of array i; the checksum is verified.
  absl::StatusOr<Tensor> Read(size_t i) const;

 private:
  explicit NpzFile(std::unique_ptr<const ZipFile> zip) : zip_(std::move(zip)) {}
  absl::Status ReadHeaders();
  absl::StatusOr<Tensor> ReadArray(const Array& array) const;
  absl::Status AnnotateMember(const absl::Status& status, size_t member) const;

  const std::unique_ptr<const ZipFile> zip_;
  std::vector<Array> arrays_;
};

}  // namespace baryon

#endif  // BARYON_ENGINE_IO_NPZ_H_
