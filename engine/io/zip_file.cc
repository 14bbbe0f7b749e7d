// A zip file ends with a short record that says where its directory lies; the directory says where the members lie. So
// a member is found without touching the others, which weights need: they are wanted in the order of the graph and by
// several threads, while archive libraries walk a file from its front. Headers in front of members may lack sizes
// (MXNet writes them as it goes), the directory never does. Source: PKWARE, .ZIP File Format Specification
// (APPNOTE.TXT), version 6.3.
#include "engine/io/zip_file.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "engine/base/status_macros.h"

namespace baryon {
namespace {

constexpr uint32_t kMemberMagic = 0x04034B50, kDirectoryMagic = 0x02014B50;
constexpr char kEndMagic[] = "PK\5\6";
constexpr uint32_t kEnd64Magic = 0x06064B50, kEnd64LocatorMagic = 0x07064B50;
constexpr int64_t kMemberHeaderBytes = 30, kEndBytes = 22, kEnd64LocatorBytes = 20;
constexpr int64_t kMostCommentBytes = 65535;
constexpr uint16_t kEncrypted = 1, kStored = 0, kDeflated = 8;
constexpr uint16_t kZip64Field = 1;
constexpr uint32_t kIn64 = 0xFFFFFFFF;  // "see the zip64 field"

// Deflate writes at most 258 bytes for 2 bits, hence 1032 for a byte.
constexpr int64_t kMostInflation = 1032;

struct Directory {
  int64_t offset = 0, size = 0, num_members = 0;
};

// Where the end record lies: the last place that looks like one and whose comment ends with the file.
absl::StatusOr<int64_t> FindEnd(const FileReader& file) {
  const int64_t tail_bytes = std::min(file.size(), kEndBytes + kMostCommentBytes);
  std::string tail(tail_bytes, '\0');
  BARYON_RETURN_IF_ERROR(file.Read(file.size() - tail_bytes, tail_bytes, tail.data()));
  for (size_t at = tail.rfind(kEndMagic); at != std::string::npos; at = tail.rfind(kEndMagic, at - 1)) {
    MemorySource source(absl::string_view(tail).substr(at));
    char fixed[kEndBytes - sizeof(uint16_t)];
    uint16_t comment_bytes;
    const bool whole = source.Read(sizeof(fixed), fixed).ok() && source.ReadNumber(comment_bytes).ok();
    if (whole && source.remaining() == comment_bytes) return file.size() - source.size();
    if (at == 0) break;
  }
  return ExpectedAtByte(file.size(), "a zip directory before it", "none");
}

// The larger record of zip64, which a locator just before the end record points to. Fills in `directory` if it exists.
absl::Status ReadEnd64(const FileReader& file, int64_t end, Directory& directory) {
  if (end < kEnd64LocatorBytes) return absl::OkStatus();
  FileSource locator(file, end - kEnd64LocatorBytes, kEnd64LocatorBytes);
  uint32_t magic, disk, num_disks;
  uint64_t record;
  BARYON_RETURN_IF_ERROR(locator.ReadNumbers(magic, disk, record, num_disks));
  if (magic != kEnd64LocatorMagic) return absl::OkStatus();
  if (record > static_cast<uint64_t>(end))
    return ExpectedAtByte(end, "a zip64 directory before it", absl::StrCat(record));
  FileSource source(file, static_cast<int64_t>(record), end - static_cast<int64_t>(record));
  uint64_t record_bytes, members_here, members, size, offset;
  uint32_t this_disk, directory_disk;
  uint16_t made_by, needed;
  BARYON_RETURN_IF_ERROR(source.ReadNumbers(magic, record_bytes, made_by, needed, this_disk, directory_disk,
                                            members_here, members, size, offset));
  if (magic != kEnd64Magic) return ExpectedAtByte(static_cast<int64_t>(record), "a zip64 directory", "something else");
  constexpr uint64_t kMost = std::numeric_limits<int64_t>::max();
  directory = {static_cast<int64_t>(std::min(offset, kMost)), static_cast<int64_t>(std::min(size, kMost)),
               static_cast<int64_t>(std::min(members, kMost))};
  return absl::OkStatus();
}

absl::StatusOr<Directory> FindDirectory(const FileReader& file) {
  BARYON_ASSIGN_OR_RETURN(const int64_t end, FindEnd(file));
  FileSource source(file, end, kEndBytes);
  uint32_t magic, size, offset;
  uint16_t disk, directory_disk, members_here, members;
  BARYON_RETURN_IF_ERROR(source.ReadNumbers(magic, disk, directory_disk, members_here, members, size, offset));
  Directory directory = {offset, size, members};
  BARYON_RETURN_IF_ERROR(ReadEnd64(file, end, directory));
  if (directory.offset > end || directory.size > end - directory.offset) {
    return ExpectedAtByte(end, absl::StrCat("a directory of ", directory.size, " bytes at byte ", directory.offset),
                          absl::StrCat("a file of ", file.size(), " bytes"));
  }
  return directory;
}

// Reads those of size, packed size and header offset that did not fit 32 bits, from the extra field of an entry.
absl::Status ReadZip64Field(absl::string_view extra, ZipFile::Member& member) {
  MemorySource fields(extra);
  uint16_t id, bytes;
  while (fields.remaining() >= 4) {
    BARYON_RETURN_IF_ERROR(fields.ReadNumbers(id, bytes));
    BARYON_RETURN_IF_ERROR(fields.ExpectBytes(bytes));
    if (id != kZip64Field) {
      std::string skipped(bytes, '\0');
      BARYON_RETURN_IF_ERROR(fields.Read(bytes, skipped.data()));
      continue;
    }
    for (int64_t* value : {&member.size, &member.packed_size, &member.header}) {
      if (*value == kIn64) BARYON_RETURN_IF_ERROR(fields.ReadNumber(*value));
    }
    return absl::OkStatus();
  }
  return absl::OkStatus();
}

// What the directory says must be possible in a file whose directory starts at `directory`.
absl::Status CheckMember(const ZipFile::Member& member, int64_t directory) {
  const int64_t room = directory - kMemberHeaderBytes;
  if (member.header < 0 || member.header > room || member.packed_size < 0 ||
      member.packed_size > room - member.header) {
    return ExpectedAtByte(member.header, absl::StrCat(member.packed_size, " packed bytes"),
                          absl::StrCat("a directory at byte ", directory));
  }
  const int64_t most = member.deflated ? member.packed_size * kMostInflation : member.packed_size;
  const bool sound = member.deflated ? member.size >= 0 && member.size <= most : member.size == most;
  if (sound) return absl::OkStatus();
  return ExpectedAtByte(member.header, absl::StrCat(member.deflated ? "at most " : "", most, " bytes"),
                        absl::StrCat(member.size));
}

// One entry of the directory.
absl::Status ReadEntry(FileSource& source, ZipFile::Member& member) {
  uint32_t magic, packed_size, size, external_attributes, header;
  uint16_t made_by, needed, flags, method, time, date, name_bytes, extra_bytes, comment_bytes, disk, attributes;
  BARYON_RETURN_IF_ERROR(source.ReadNumbers(magic, made_by, needed, flags, method, time, date, member.crc, packed_size,
                                            size, name_bytes, extra_bytes, comment_bytes, disk, attributes,
                                            external_attributes, header));
  if (magic != kDirectoryMagic)
    return ExpectedAtByte(source.position(), "an entry of the zip directory", "something else");
  member.name.resize(name_bytes);
  BARYON_RETURN_IF_ERROR(source.Read(name_bytes, member.name.data()));
  std::string extra(extra_bytes, '\0');
  BARYON_RETURN_IF_ERROR(source.Read(extra_bytes, extra.data()));
  BARYON_RETURN_IF_ERROR(source.Skip(comment_bytes));
  const std::string label = absl::StrCat("member \"", member.name, "\"");
  if ((flags & kEncrypted) != 0) return absl::UnimplementedError(absl::StrCat(label, ": it is encrypted"));
  if (method != kStored && method != kDeflated) {
    return absl::UnimplementedError(
        absl::StrCat(label, ": expected a stored or deflated member, got compression method ", method));
  }
  member.deflated = method == kDeflated;
  member.size = size;
  member.packed_size = packed_size;
  member.header = header;
  return Annotate(ReadZip64Field(extra, member), label);
}

class StoredSource : public ZipSource {
 public:
  StoredSource(const FileReader& file, int64_t begin, const ZipFile::Member& member)
      : ZipSource(member.size, member.crc), source_(file, begin, member.packed_size) {}

 protected:
  absl::Status Unpack(int64_t count, void* destination) override { return source_.Read(count, destination); }

 private:
  FileSource source_;
};

class DeflatedSource : public ZipSource {
 public:
  DeflatedSource(const FileReader& file, int64_t begin, const ZipFile::Member& member)
      : ZipSource(member.size, member.crc), packed_(file, begin, member.packed_size) {
    ready_ = inflateInit2(&stream_, -MAX_WBITS) == Z_OK;  // negative: without zlib's own header
  }
  ~DeflatedSource() override {
    if (ready_) inflateEnd(&stream_);
  }

 protected:
  absl::Status Unpack(int64_t count, void* destination) override {
    if (!ready_) return absl::ResourceExhaustedError("no memory to inflate with");
    stream_.next_out = static_cast<Bytef*>(destination);
    while (count > 0) {
      BARYON_RETURN_IF_ERROR(FillInput());
      const int64_t wanted = std::min<int64_t>(count, std::numeric_limits<uInt>::max());
      stream_.avail_out = static_cast<uInt>(wanted);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      const int64_t got = wanted - stream_.avail_out;
      count -= got;
      const bool stuck = got == 0 && stream_.avail_in == 0 && packed_.remaining() == 0;
      const bool ended = result == Z_STREAM_END || stuck;
      if (result != Z_OK && !ended) return absl::DataLossError("the deflated bytes are damaged");
      if (ended && count > 0) return absl::DataLossError(absl::StrCat("the deflated bytes end ", count, " too early"));
    }
    return absl::OkStatus();
  }

 private:
  static constexpr int64_t kInputBytes = 1 << 16;

  absl::Status FillInput() {
    if (stream_.avail_in > 0) return absl::OkStatus();
    input_.resize(std::min(kInputBytes, packed_.remaining()));
    BARYON_RETURN_IF_ERROR(packed_.Read(input_.size(), input_.data()));
    stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
    stream_.avail_in = static_cast<uInt>(input_.size());
    return absl::OkStatus();
  }

  FileSource packed_;
  std::string input_;
  z_stream stream_ = {};
  bool ready_ = false;
};

}  // namespace

absl::Status ZipSource::DoRead(int64_t count, void* destination) {
  BARYON_RETURN_IF_ERROR(Unpack(count, destination));
  crc_ = static_cast<uint32_t>(crc32_z(crc_, static_cast<const Bytef*>(destination), count));
  return absl::OkStatus();
}

absl::Status ZipSource::Finish() const {
  if (remaining() > 0) return ExpectedAtByte(position(), "the end", absl::StrCat(remaining(), " bytes more"));
  if (crc_ == expected_crc_) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("expected CRC-32 ", absl::Hex(expected_crc_, absl::kZeroPad8), ", got ",
                                          absl::Hex(crc_, absl::kZeroPad8)));
}

absl::StatusOr<std::unique_ptr<const ZipFile>> ZipFile::Open(const std::string& path) {
  BARYON_ASSIGN_OR_RETURN(std::unique_ptr<const FileReader> file, FileReader::Open(path));
  std::unique_ptr<ZipFile> zip(new ZipFile(std::move(file)));
  if (absl::Status status = zip->ReadDirectory(); !status.ok()) return Annotate(status, absl::StrCat("\"", path, "\""));
  return zip;
}

absl::Status ZipFile::ReadDirectory() {
  BARYON_ASSIGN_OR_RETURN(const Directory directory, FindDirectory(*file_));
  FileSource source(*file_, directory.offset, directory.size);
  int64_t packed_bytes = 0;
  while (source.remaining() > 0) {
    Member& member = members_.emplace_back();
    if (absl::Status status = ReadEntry(source, member); !status.ok()) {
      return Annotate(status, absl::StrCat("zip directory at byte ", directory.offset));
    }
    BARYON_RETURN_IF_ERROR(
        Annotate(CheckMember(member, directory.offset), absl::StrCat("member \"", member.name, "\"")));
    packed_bytes += member.packed_size;
    if (packed_bytes > file_->size()) return absl::DataLossError("members of the zip overlap");
  }
  const int64_t count = static_cast<int64_t>(members_.size());
  if (count != directory.num_members) {
    return ExpectedAtByte(directory.offset, absl::StrCat(directory.num_members, " entries in the zip directory"),
                          absl::StrCat(count));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ZipSource>> ZipFile::OpenMember(size_t i) const {
  const Member& member = members_[i];
  FileSource header(*file_, member.header, kMemberHeaderBytes);
  uint32_t magic, crc, packed_size, size;
  uint16_t needed, flags, method, time, date, name_bytes, extra_bytes;
  BARYON_RETURN_IF_ERROR(
      header.ReadNumbers(magic, needed, flags, method, time, date, crc, packed_size, size, name_bytes, extra_bytes));
  if (magic != kMemberMagic) return ExpectedAtByte(member.header, "a zip member", "something else");
  const int64_t begin = member.header + kMemberHeaderBytes + name_bytes + extra_bytes;
  if (begin + member.packed_size > file_->size()) {
    return ExpectedAtByte(begin, absl::StrCat(member.packed_size, " bytes"), absl::StrCat(file_->size() - begin));
  }
  if (member.deflated) return std::make_unique<DeflatedSource>(*file_, begin, member);
  return std::make_unique<StoredSource>(*file_, begin, member);
}

}  // namespace baryon
