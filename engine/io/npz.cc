// A .npz is a zip with a .npy for each array. Reading goes through ZipFile; writing through libzip, which knows when a
// member or the file needs zip64.
#include "engine/io/npz.h"

#include <zip.h>

#include <deque>
#include <memory>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"

namespace baryon {
namespace {

// The members of a zip, gathered and then written at once. What is added is borrowed until then.
class NpzWriter {
 public:
  explicit NpzWriter(const std::string& path) : path_(path) {}
  ~NpzWriter() {
    if (archive_ != nullptr) zip_discard(archive_);
  }
  NpzWriter(const NpzWriter&) = delete;
  NpzWriter& operator=(const NpzWriter&) = delete;

  absl::Status Open() {
    int code = 0;
    archive_ = zip_open(path_.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
    if (archive_ != nullptr) return absl::OkStatus();
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    absl::Status status = Failure(&error);
    zip_error_fini(&error);
    return status;
  }

  absl::Status Add(const std::string& name, const Tensor& tensor) {
    const std::string& header = headers_.emplace_back(FormatNpyHeader(tensor.type()));
    zip_buffer_fragment_t parts[] = {{Bytes(header.data()), header.size()},
                                     {Bytes(tensor.raw_data()), static_cast<zip_uint64_t>(tensor.size_bytes())}};
    zip_source_t* const source = zip_source_buffer_fragment(archive_, parts, 2, 0);
    if (source == nullptr) return Failure(zip_get_error(archive_));
    const int64_t member = zip_file_add(archive_, absl::StrCat(name, ".npy").c_str(), source, ZIP_FL_ENC_UTF_8);
    if (member < 0) {
      zip_source_free(source);
      return Failure(zip_get_error(archive_));
    }
    const bool done = zip_set_file_compression(archive_, member, ZIP_CM_STORE, 0) == 0 &&
                      zip_file_set_dostime(archive_, member, 0, kFirstDay, 0) == 0;
    return done ? absl::OkStatus() : Failure(zip_get_error(archive_));
  }

  // Writes a temporary file and renames it. libzip makes no file of an archive without members.
  absl::Status Close() {
    if (headers_.empty()) return WriteFileAtomically(path_, kEmptyZip);
    if (zip_close(archive_) != 0) return Failure(zip_get_error(archive_));
    archive_ = nullptr;
    return absl::OkStatus();
  }

 private:
  static constexpr zip_uint16_t kFirstDay = 1 << 5 | 1;  // 1980-01-01, as numpy.savez: the same arrays, the same bytes
  static constexpr absl::string_view kEmptyZip = {"PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22};

  static zip_uint8_t* Bytes(const void* data) { return static_cast<zip_uint8_t*>(const_cast<void*>(data)); }

  absl::Status Failure(zip_error_t* error) const {
    if (zip_error_system_type(error) == ZIP_ET_SYS) {
      return ErrnoToStatus(zip_error_code_system(error), "cannot write", path_);
    }
    if (zip_error_code_zip(error) == ZIP_ER_EXISTS) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", path_, "\": expected arrays with names of their own, got one twice"));
    }
    return absl::UnavailableError(absl::StrCat("cannot write \"", path_, "\": ", zip_error_strerror(error)));
  }

  const std::string path_;
  zip_t* archive_ = nullptr;
  std::deque<std::string> headers_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<const NpzFile>> NpzFile::Open(const std::string& path) {
  BARYON_ASSIGN_OR_RETURN(std::unique_ptr<const ZipFile> zip, ZipFile::Open(path));
  std::unique_ptr<NpzFile> npz(new NpzFile(std::move(zip)));
  BARYON_RETURN_IF_ERROR(npz->ReadHeaders());
  return npz;
}

absl::Status NpzFile::ReadHeaders() {
  absl::flat_hash_set<std::string> names;
  for (size_t i = 0; i < zip_->members().size(); ++i) {
    absl::string_view name = zip_->members()[i].name;
    if (absl::EndsWith(name, "/")) continue;  // a folder
    absl::ConsumeSuffix(&name, ".npy");
    if (!names.insert(std::string(name)).second) {
      return AnnotateMember(absl::DataLossError("expected a name of its own, got one that is there already"), i);
    }
    absl::StatusOr<std::unique_ptr<ZipSource>> source = zip_->OpenMember(i);
    if (!source.ok()) return AnnotateMember(source.status(), i);
    absl::StatusOr<NpyHeader> header = ReadNpyHeader(**source);
    if (!header.ok()) return AnnotateMember(header.status(), i);
    arrays_.push_back({std::string(name), *std::move(header), i});
  }
  return absl::OkStatus();
}

absl::StatusOr<Tensor> NpzFile::Read(size_t i) const {
  absl::StatusOr<Tensor> tensor = ReadArray(arrays_[i]);
  if (!tensor.ok()) return AnnotateMember(tensor.status(), arrays_[i].member);
  return tensor;
}

absl::StatusOr<Tensor> NpzFile::ReadArray(const Array& array) const {
  BARYON_ASSIGN_OR_RETURN(const std::unique_ptr<ZipSource> source, zip_->OpenMember(array.member));
  BARYON_ASSIGN_OR_RETURN(const NpyHeader header, ReadNpyHeader(*source));
  if (!(header == array.header)) return absl::DataLossError("the file has changed since it was opened");
  BARYON_ASSIGN_OR_RETURN(Tensor tensor, ReadNpyElements(header, *source));
  BARYON_RETURN_IF_ERROR(source->Finish());
  return tensor;
}

absl::Status NpzFile::AnnotateMember(const absl::Status& status, size_t member) const {
  return Annotate(status, absl::StrCat("\"", zip_->path(), "\": member \"", zip_->members()[member].name, "\""));
}

absl::StatusOr<NamedTensors> ReadNpz(const std::string& path) {
  BARYON_ASSIGN_OR_RETURN(const std::unique_ptr<const NpzFile> npz, NpzFile::Open(path));
  NamedTensors tensors;
  for (size_t i = 0; i < npz->arrays().size(); ++i) {
    BARYON_ASSIGN_OR_RETURN(Tensor tensor, npz->Read(i));
    tensors.emplace_back(npz->arrays()[i].name, std::move(tensor));
  }
  return tensors;
}

absl::Status WriteNpz(const std::string& path, const NamedTensors& tensors) {
  NpzWriter writer(path);
  BARYON_RETURN_IF_ERROR(writer.Open());
  for (const auto& [name, tensor] : tensors) BARYON_RETURN_IF_ERROR(writer.Add(name, tensor));
  return writer.Close();
}

}  // namespace baryon
