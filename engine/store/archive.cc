// Zips are read by libzip, which goes by their directory, tars by libarchive, which reads them from front to back. Both
// are gone through twice: the first time nothing is written.
#include "engine/store/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <zip.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"
#include "engine/io/zip_file.h"
#include "engine/store/staging.h"

namespace baryon::store {
namespace {

constexpr int64_t kPieceBytes = 1 << 20;
constexpr mode_t kRaisedRights = S_ISUID | S_ISGID;

// The next bytes of a member; empty at its end. Valid until the next call.
using NextPiece = absl::FunctionRef<absl::StatusOr<absl::string_view>()>;
// What becomes of a member that has passed the rules.
using Visit = absl::FunctionRef<absl::Status(const ArchiveMember& member, NextPiece next)>;

absl::Status OfMember(const absl::Status& status, absl::string_view name) {
  return Annotate(status, absl::StrCat("member \"", name.substr(0, 100), "\""));
}

absl::Status CheckMode(mode_t mode) {
  if ((mode & S_IFMT) != 0 && !S_ISREG(mode) && !S_ISDIR(mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected a file or a folder, got ", S_ISLNK(mode) ? "a symbolic link" : "a device or the like"));
  }
  if ((mode & kRaisedRights) != 0) return absl::InvalidArgumentError("expected no setuid and setgid bits");
  return absl::OkStatus();
}

// --- Zip

struct CloseZip {
  void operator()(zip_t* zip) const { zip_discard(zip); }
};

// What ZipFile does not look at: whether the parts of the file agree, and the modes of Unix.
absl::Status CheckZip(const std::string& path, const ArchiveLimits& limits) {
  int code = 0;
  const std::unique_ptr<zip_t, CloseZip> zip(zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code));
  if (zip == nullptr) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const absl::Status status =
        absl::DataLossError(absl::StrCat("expected a sound zip file: ", zip_error_strerror(&error)));
    zip_error_fini(&error);
    return status;
  }
  const int64_t count = zip_get_num_entries(zip.get(), 0);
  if (count > limits.max_members) {
    return absl::ResourceExhaustedError(absl::StrCat("expected at most ", limits.max_members, " members, got ", count));
  }
  for (int64_t i = 0; i < count; ++i) {
    zip_uint8_t system = 0;
    zip_uint32_t attributes = 0;
    if (zip_file_get_external_attributes(zip.get(), i, 0, &system, &attributes) != 0) continue;
    if (system != ZIP_OPSYS_UNIX && system != ZIP_OPSYS_OS_X) continue;
    constexpr int kModeShift = 16;
    BARYON_RETURN_IF_ERROR(OfMember(CheckMode(attributes >> kModeShift), zip_get_name(zip.get(), i, ZIP_FL_ENC_RAW)));
  }
  return absl::OkStatus();
}

absl::Status VisitZipMember(const ZipFile& zip, size_t i, const ArchiveMember& member, Visit visit) {
  std::unique_ptr<ZipSource> source;
  std::string piece;
  const auto next = [&]() -> absl::StatusOr<absl::string_view> {
    if (source == nullptr) {
      BARYON_ASSIGN_OR_RETURN(source, zip.OpenMember(i));
    }
    piece.resize(std::min(kPieceBytes, source->remaining()));
    BARYON_RETURN_IF_ERROR(piece.empty() ? source->Finish() : source->Read(piece.size(), piece.data()));
    return piece;
  };
  return visit(member, next);
}

absl::Status WalkZip(const std::string& path, MemberRules& rules, const ArchiveLimits& limits, Visit visit) {
  BARYON_RETURN_IF_ERROR(CheckZip(path, limits));
  BARYON_ASSIGN_OR_RETURN(const std::unique_ptr<const ZipFile> zip, ZipFile::Open(path));
  for (size_t i = 0; i < zip->members().size(); ++i) {
    const ZipFile::Member& entry = zip->members()[i];
    const absl::StatusOr<ArchiveMember> member = rules.Add(entry.name, absl::EndsWith(entry.name, "/"), entry.size);
    if (!member.ok()) return OfMember(member.status(), entry.name);
    // Together they may pass while one of them hides a bomb among plain bytes.
    if (entry.size > limits.small_bytes && entry.size / limits.max_ratio > entry.packed_size) {
      return OfMember(absl::ResourceExhaustedError(absl::StrCat("expected at most ", limits.max_ratio,
                                                                " bytes for each packed one, got ", entry.size, " for ",
                                                                entry.packed_size)),
                      entry.name);
    }
    BARYON_RETURN_IF_ERROR(OfMember(VisitZipMember(*zip, i, *member, visit), entry.name));
  }
  return absl::OkStatus();
}

// --- Tar

struct CloseGzip {
  void operator()(gzFile file) const { gzclose_r(file); }
};

// Unpacks all of a gzip file to nowhere: libarchive does not compare its checksums.
absl::Status CheckGzip(const std::string& path, const ArchiveLimits& limits, int64_t packed_bytes) {
  const std::unique_ptr<gzFile_s, CloseGzip> file(gzopen(path.c_str(), "rb"));
  if (file == nullptr) return absl::ResourceExhaustedError("no memory to read a gzip file");
  std::string piece(kPieceBytes, '\0');
  int64_t total = 0;
  int got = 0;
  while ((got = gzread(file.get(), piece.data(), piece.size())) > 0) {
    total += got;
    if (total > limits.small_bytes && total / limits.max_ratio > packed_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("expected at most ", limits.max_ratio, " bytes for each packed one, got more"));
    }
  }
  int code = Z_OK;
  const char* const reason = gzerror(file.get(), &code);
  if (code == Z_OK || code == Z_STREAM_END) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("expected a sound gzip file: ", reason));
}

struct CloseTar {
  void operator()(archive* tar) const { archive_read_free(tar); }
};
using Tar = std::unique_ptr<archive, CloseTar>;

absl::Status TarError(archive* tar) {
  const char* const reason = archive_error_string(tar);
  return absl::DataLossError(absl::StrCat("expected a sound tar file: ", reason == nullptr ? "it is damaged" : reason));
}

absl::Status CheckTarEntry(archive_entry* entry) {
  if (archive_entry_hardlink(entry) != nullptr) return absl::InvalidArgumentError("expected a file, got a hard link");
  if (archive_entry_sparse_count(entry) > 0) return absl::InvalidArgumentError("expected a file, got a sparse one");
  if (archive_entry_is_encrypted(entry) != 0)
    return absl::UnimplementedError("expected plain bytes, got encrypted ones");
  return CheckMode(archive_entry_mode(entry));
}

absl::Status VisitTarMember(archive* tar, const ArchiveMember& member, Visit visit) {
  std::string piece(std::min(kPieceBytes, member.size), '\0');
  int64_t rest = member.size;
  const auto next = [&]() -> absl::StatusOr<absl::string_view> {
    const int64_t wanted = std::min(kPieceBytes, rest);
    if (wanted == 0) return absl::string_view();
    const la_ssize_t got = archive_read_data(tar, piece.data(), wanted);
    if (got < 0) return TarError(tar);
    if (got == 0) return absl::DataLossError(absl::StrCat("expected ", rest, " bytes more, got the end"));
    rest -= got;
    return absl::string_view(piece.data(), got);
  };
  return visit(member, next);
}

absl::Status WalkTar(const std::string& path, MemberRules& rules, Visit visit) {
  constexpr size_t kBlockBytes = 1 << 16;
  const Tar tar(archive_read_new());
  if (tar == nullptr) return absl::ResourceExhaustedError("no memory to read a tar file");
  archive_read_support_format_tar(tar.get());
  archive_read_support_filter_gzip(tar.get());
  if (archive_read_open_filename(tar.get(), path.c_str(), kBlockBytes) != ARCHIVE_OK) return TarError(tar.get());
  archive_entry* entry = nullptr;
  int code;
  while ((code = archive_read_next_header(tar.get(), &entry)) == ARCHIVE_OK) {
    const char* const named = archive_entry_pathname(entry);
    const std::string name = named == nullptr ? "" : named;
    BARYON_RETURN_IF_ERROR(OfMember(CheckTarEntry(entry), name));
    const absl::StatusOr<ArchiveMember> member =
        rules.Add(name, archive_entry_filetype(entry) == AE_IFDIR, archive_entry_size(entry));
    if (!member.ok()) return OfMember(member.status(), name);
    BARYON_RETURN_IF_ERROR(OfMember(VisitTarMember(tar.get(), *member, visit), name));
  }
  return code == ARCHIVE_EOF ? absl::OkStatus() : TarError(tar.get());
}

// --- Both

// Goes through the members. What `visit` does not read of a member is left out.
absl::Status Walk(const std::string& path, const ArchiveLimits& limits, Visit visit) {
  BARYON_ASSIGN_OR_RETURN(const std::unique_ptr<const FileReader> file, FileReader::Open(path));
  constexpr int64_t kHeadBytes = 512, kTarMagicAt = 257;
  std::string head(std::min(kHeadBytes, file->size()), '\0');
  BARYON_RETURN_IF_ERROR(file->Read(0, static_cast<int64_t>(head.size()), head.data()));
  MemberRules rules(limits, file->size());
  if (absl::StartsWith(head, "PK\3\4") || absl::StartsWith(head, "PK\5\6")) return WalkZip(path, rules, limits, visit);
  const bool is_gzip = absl::StartsWith(head, "\x1f\x8b");
  if (is_gzip) BARYON_RETURN_IF_ERROR(CheckGzip(path, limits, file->size()));
  const bool is_tar = head.size() == kHeadBytes && head.compare(kTarMagicAt, 5, "ustar") == 0;
  if (is_tar || is_gzip) return WalkTar(path, rules, visit);
  const bool is_page = absl::StartsWith(absl::StripLeadingAsciiWhitespace(head), "<");
  return absl::InvalidArgumentError(absl::StrCat("expected a zip or tar file, got ",
                                                 is_page ? "what looks like a web page" : "other bytes", ", ",
                                                 file->size(), " of them"));
}

}  // namespace

absl::StatusOr<std::vector<ArchiveMember>> ListArchive(const std::string& path, const ArchiveLimits& limits) {
  std::vector<ArchiveMember> members;
  const auto visit = [&](const ArchiveMember& member, NextPiece) {
    members.push_back(member);
    return absl::OkStatus();
  };
  BARYON_RETURN_IF_ERROR(Annotate(Walk(path, limits, visit), absl::StrCat("\"", path, "\"")));
  return members;
}

absl::StatusOr<std::vector<ArchiveMember>> ExtractArchive(const std::string& path, const std::string& folder,
                                                          const ArchiveLimits& limits) {
  BARYON_RETURN_IF_ERROR(ListArchive(path, limits).status());
  std::vector<ArchiveMember> members;
  const auto visit = [&](const ArchiveMember& member, NextPiece next) -> absl::Status {
    members.push_back(member);
    const std::filesystem::path target = std::filesystem::path(folder) / member.path;
    if (member.is_folder) return MakeFolders(target.string());
    BARYON_RETURN_IF_ERROR(MakeFolders(target.parent_path().string()));
    BARYON_ASSIGN_OR_RETURN(const std::unique_ptr<AtomicFile> file, AtomicFile::Create(target.string()));
    while (true) {
      BARYON_ASSIGN_OR_RETURN(const absl::string_view piece, next());
      if (piece.empty()) break;
      BARYON_RETURN_IF_ERROR(file->Append(piece));
    }
    return file->Commit();
  };
  BARYON_RETURN_IF_ERROR(Annotate(Walk(path, limits, visit), absl::StrCat("\"", path, "\"")));
  return members;
}

}  // namespace baryon::store
