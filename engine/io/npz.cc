// A .npz is a zip with a .npy for each array. Reading goes through ZipFile; writing through libarchive, which knows
// when a member or the file needs zip64.
#include "engine/io/npz.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"

namespace baryon {
namespace {

struct WriterFree {
  void operator()(archive* writer) const { archive_write_free(writer); }
};
struct EntryFree {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

// Writes the members of a zip into an AtomicFile. The first error of the file is kept: libarchive only knows that there
// was one.
class NpzWriter {
 public:
  explicit NpzWriter(AtomicFile& file) : file_(file), writer_(archive_write_new()) {
    archive_write_set_format_zip(writer_.get());
    archive_write_zip_set_compression_store(writer_.get());
    archive_write_set_bytes_per_block(writer_.get(), 0);  // no padding, no copy of large blocks
  }

  absl::Status Open() { return Check(archive_write_open(writer_.get(), this, nullptr, Write, nullptr) == ARCHIVE_OK); }

  absl::Status Add(const std::string& name, const Tensor& tensor) {
    const std::string header = FormatNpyHeader(tensor.type());
    std::unique_ptr<archive_entry, EntryFree> entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), absl::StrCat(name, ".npy").c_str());
    archive_entry_set_size(entry.get(), static_cast<int64_t>(header.size()) + tensor.size_bytes());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    BARYON_RETURN_IF_ERROR(Check(archive_write_header(writer_.get(), entry.get()) == ARCHIVE_OK));
    BARYON_RETURN_IF_ERROR(AddBytes(header.data(), header.size()));
    return AddBytes(tensor.raw_data(), tensor.size_bytes());
  }

  absl::Status Close() { return Check(archive_write_close(writer_.get()) == ARCHIVE_OK); }

 private:
  static la_ssize_t Write(archive*, void* self, const void* bytes, size_t count) {
    auto& writer = *static_cast<NpzWriter*>(self);
    writer.status_ = writer.file_.Append(absl::string_view(static_cast<const char*>(bytes), count));
    return writer.status_.ok() ? static_cast<la_ssize_t>(count) : -1;
  }

  absl::Status AddBytes(const void* bytes, size_t count) {
    return Check(archive_write_data(writer_.get(), bytes, count) == static_cast<la_ssize_t>(count));
  }

  absl::Status Check(bool done) const {
    if (done || !status_.ok()) return status_;
    const char* reason = archive_error_string(writer_.get());
    return absl::UnavailableError(absl::StrCat("cannot write the npz: ", reason == nullptr ? "unknown" : reason));
  }

  AtomicFile& file_;
  absl::Status status_;
  std::unique_ptr<archive, WriterFree> writer_;
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
  BARYON_ASSIGN_OR_RETURN(const std::unique_ptr<AtomicFile> file, AtomicFile::Create(path));
  NpzWriter writer(*file);
  BARYON_RETURN_IF_ERROR(writer.Open());
  for (const auto& [name, tensor] : tensors) BARYON_RETURN_IF_ERROR(writer.Add(name, tensor));
  BARYON_RETURN_IF_ERROR(writer.Close());
  return file->Commit();
}

}  // namespace baryon
