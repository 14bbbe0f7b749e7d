// libzip finds and unpacks; what a directory claims is bounded here, before anybody allocates by it.
#include "engine/io/zip_file.h"

#include <zip.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"

namespace baryon {
namespace {

// Deflate writes at most 258 bytes for 2 bits, hence 1032 for a byte.
constexpr int64_t kMostInflation = 1032;

absl::Status CannotUnpack(zip_error_t* error) {
  return absl::DataLossError(absl::StrCat("expected a member that can be unpacked, got: ", zip_error_strerror(error)));
}

absl::Status CheckPacking(const zip_stat_t& entry) {
  if (entry.encryption_method != ZIP_EM_NONE)
    return absl::UnimplementedError("expected plain bytes, got encrypted ones");
  if (entry.comp_method == ZIP_CM_STORE || entry.comp_method == ZIP_CM_DEFLATE) return absl::OkStatus();
  return absl::UnimplementedError(absl::StrCat("expected a stored or deflated member, got method ", entry.comp_method));
}

absl::Status CheckSize(const zip_stat_t& entry, int64_t file_bytes) {
  const uint64_t limit = file_bytes;
  if (entry.comp_size > limit) {
    return absl::DataLossError(absl::StrCat("expected at most ", limit, " packed bytes, got ", entry.comp_size));
  }
  const uint64_t most = entry.comp_method == ZIP_CM_STORE ? entry.comp_size : entry.comp_size * kMostInflation;
  if (entry.size > most) {
    return absl::DataLossError(absl::StrCat("expected at most ", most, " bytes, got ", entry.size));
  }
  return absl::OkStatus();
}

}  // namespace

ZipSource::~ZipSource() {
  absl::MutexLock lock(&mutex_);
  zip_fclose(member_);
}

absl::Status ZipSource::DoRead(int64_t count, void* destination) {
  absl::MutexLock lock(&mutex_);
  const int64_t got = zip_fread(member_, destination, count);
  if (got == count) return absl::OkStatus();
  if (got < 0) return CannotUnpack(zip_file_get_error(member_));
  return ExpectedAtByte(position(), absl::StrCat(count, " bytes"), absl::StrCat(got));
}

// libzip compares checksums where a member ends.
absl::Status ZipSource::Finish() {
  if (remaining() > 0) return ExpectedAtByte(position(), "the end", absl::StrCat(remaining(), " bytes more"));
  absl::MutexLock lock(&mutex_);
  char more;
  const int64_t got = zip_fread(member_, &more, 1);
  if (got < 0) return CannotUnpack(zip_file_get_error(member_));
  return got == 0 ? absl::OkStatus() : ExpectedAtByte(position(), "the end", "more bytes");
}

absl::StatusOr<std::unique_ptr<const ZipFile>> ZipFile::Open(const std::string& path) {
  BARYON_ASSIGN_OR_RETURN(const std::unique_ptr<const FileReader> file, FileReader::Open(path));
  const std::string label = absl::StrCat("\"", path, "\"");
  int code = 0;
  zip_t* const archive = zip_open(path.c_str(), ZIP_RDONLY, &code);
  if (archive == nullptr) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const absl::Status status = absl::DataLossError(absl::StrCat(label, ": expected a zip file, got one of ",
                                                                 file->size(), " bytes: ", zip_error_strerror(&error)));
    zip_error_fini(&error);
    return status;
  }
  std::unique_ptr<ZipFile> zip(new ZipFile(path, archive));
  if (absl::Status status = zip->ReadDirectory(file->size()); !status.ok()) return Annotate(status, label);
  return zip;
}

ZipFile::~ZipFile() { zip_discard(archive_); }

absl::Status ZipFile::ReadDirectory(int64_t file_bytes) {
  absl::MutexLock lock(&mutex_);
  const int64_t count = zip_get_num_entries(archive_, 0);
  int64_t packed_bytes = 0;
  for (int64_t i = 0; i < count; ++i) {
    const char* const name = zip_get_name(archive_, i, ZIP_FL_ENC_RAW);
    if (name == nullptr) return CannotUnpack(zip_get_error(archive_));
    zip_stat_t entry;
    if (zip_stat_index(archive_, i, 0, &entry) != 0) return CannotUnpack(zip_get_error(archive_));
    absl::Status status = CheckPacking(entry);
    if (status.ok()) status = CheckSize(entry, file_bytes);
    BARYON_RETURN_IF_ERROR(Annotate(status, absl::StrCat("member \"", name, "\"")));
    packed_bytes += static_cast<int64_t>(entry.comp_size);
    if (packed_bytes > file_bytes) return absl::DataLossError("members of the zip overlap");
    members_.push_back({name, static_cast<int64_t>(entry.size), static_cast<int64_t>(entry.comp_size)});
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ZipSource>> ZipFile::OpenMember(size_t i) const {
  absl::MutexLock lock(&mutex_);
  zip_file_t* const member = zip_fopen_index(archive_, i, 0);
  if (member == nullptr) return CannotUnpack(zip_get_error(archive_));
  return std::unique_ptr<ZipSource>(new ZipSource(member, members_[i].size, mutex_));
}

}  // namespace baryon
