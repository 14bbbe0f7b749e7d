// A .npy file: "\x93NUMPY", version, header length, a Python dict literal with descr, fortran_order and shape, then the
// elements. Source: NumPy Enhancement Proposal 1, and "numpy.lib.format" of the NumPy reference for versions 2 and 3.
#include "engine/io/npy.h"

#include <archive.h>
#include <archive_entry.h>

#include <cstring>
#include <memory>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"
#include "engine/graph/attrs.h"

namespace baryon {
namespace {

constexpr absl::string_view kMagic("\x93NUMPY", 6);

struct DescrName {
  absl::string_view descr;
  DType dtype;
};
constexpr DescrName kDescrs[] = {
    {"f4", DType::kFloat32},  {"f8", DType::kFloat64}, {"f2", DType::kFloat16}, {"u1", DType::kUInt8},
    {"i4", DType::kInt32},    {"i1", DType::kInt8},    {"i8", DType::kInt64},   {"b1", DType::kBool},
    {"i2", DType::kInt16},    {"u2", DType::kUInt16},  {"u4", DType::kUInt32},  {"u8", DType::kUInt64},
    {"b2", DType::kBFloat16},
};

absl::Status Broken(absl::string_view where, absl::string_view what) {
  return absl::DataLossError(absl::StrCat(where, ": ", what));
}

// The text of `key`'s value in the header dict, up to the comma or bracket that ends it.
absl::StatusOr<absl::string_view> HeaderValue(absl::string_view header, absl::string_view key,
                                              absl::string_view where) {
  const size_t at = header.find(absl::StrCat("'", key, "'"));
  if (at == absl::string_view::npos) return Broken(where, absl::StrCat("the npy header has no \"", key, "\""));
  absl::string_view rest = header.substr(at + key.size() + 2);
  rest = absl::StripLeadingAsciiWhitespace(rest);
  if (!absl::ConsumePrefix(&rest, ":")) return Broken(where, "the npy header is malformed");
  rest = absl::StripLeadingAsciiWhitespace(rest);
  if (absl::StartsWith(rest, "(")) {
    const size_t end = rest.find(')');
    if (end == absl::string_view::npos) return Broken(where, "the npy header is malformed");
    return rest.substr(0, end + 1);
  }
  return absl::StripAsciiWhitespace(rest.substr(0, rest.find_first_of(",}")));
}

absl::StatusOr<DType> ParseDescr(absl::string_view text, absl::string_view where) {
  absl::string_view descr = text;
  absl::ConsumePrefix(&descr, "'");
  absl::ConsumeSuffix(&descr, "'");
  if (absl::StartsWith(descr, ">")) {
    return absl::UnimplementedError(absl::StrCat(where, ": expected a little-endian dtype, got ", text));
  }
  absl::ConsumePrefix(&descr, "<") || absl::ConsumePrefix(&descr, "|") || absl::ConsumePrefix(&descr, "=");
  for (const DescrName& known : kDescrs) {
    if (known.descr == descr) return known.dtype;
  }
  return absl::UnimplementedError(absl::StrCat(where, ": dtype ", text, " is not supported"));
}

// Fortran order stores the first axis fastest: read as the reversed shape and transpose.
Tensor FromFortranOrder(const Tensor& reversed, const Shape& shape) {
  Tensor result = Tensor::Allocate({reversed.dtype(), shape});
  const int64_t size = DTypeSize(reversed.dtype());
  const char* from = static_cast<const char*>(reversed.raw_data());
  char* to = static_cast<char*>(result.mutable_raw_data());
  std::vector<int64_t> index(shape.rank(), 0), strides(shape.rank(), 1);
  for (int64_t axis = 1; axis < shape.rank(); ++axis) strides[axis] = strides[axis - 1] * shape[axis - 1];
  for (int64_t i = 0; i < result.num_elements(); ++i) {
    int64_t source = 0;
    for (int64_t axis = 0; axis < shape.rank(); ++axis) source += index[axis] * strides[axis];
    std::memcpy(to + i * size, from + source * size, size);
    for (int64_t axis = shape.rank() - 1; axis >= 0 && ++index[axis] == shape[axis]; --axis) index[axis] = 0;
  }
  return result;
}

struct ReadFree {
  void operator()(archive* a) const { archive_read_free(a); }
};
struct WriteFree {
  void operator()(archive* a) const { archive_write_free(a); }
};

// The bytes of the current member. Its declared size is a hint only: memory grows with what is really there.
absl::StatusOr<std::string> ReadMember(archive* reader, absl::string_view where) {
  std::string contents;
  const void* block;
  size_t size;
  la_int64_t offset;
  int result;
  while ((result = archive_read_data_block(reader, &block, &size, &offset)) == ARCHIVE_OK) {
    if (offset != static_cast<la_int64_t>(contents.size())) return Broken(where, "the member has a hole");
    contents.append(static_cast<const char*>(block), size);
  }
  if (result != ARCHIVE_EOF) return Broken(where, archive_error_string(reader));
  return contents;
}

}  // namespace

absl::StatusOr<Tensor> ParseNpy(absl::string_view bytes, absl::string_view where) {
  if (!absl::StartsWith(bytes, kMagic) || bytes.size() < 10) return Broken(where, "expected a .npy file");
  const auto byte = [&](size_t i) -> size_t { return static_cast<unsigned char>(bytes[i]); };
  const size_t version = byte(6);
  if (version < 1 || version > 3) return Broken(where, absl::StrCat("npy version ", version, " is unknown"));
  const size_t start = version == 1 ? 10 : 12;
  if (bytes.size() < start) return Broken(where, "the npy header is cut off");
  const size_t length =
      version == 1 ? byte(8) + 256 * byte(9) : byte(8) + (byte(9) << 8) + (byte(10) << 16) + (byte(11) << 24);
  if (length > bytes.size() - start) return Broken(where, "the npy header is cut off");
  const absl::string_view header = bytes.substr(start, length), data = bytes.substr(start + length);
  BARYON_ASSIGN_OR_RETURN(const absl::string_view descr, HeaderValue(header, "descr", where));
  BARYON_ASSIGN_OR_RETURN(const absl::string_view order, HeaderValue(header, "fortran_order", where));
  BARYON_ASSIGN_OR_RETURN(const absl::string_view shape_text, HeaderValue(header, "shape", where));
  BARYON_ASSIGN_OR_RETURN(const DType dtype, ParseDescr(descr, where));
  IntTuple dims;
  if (!ParseAttr(shape_text, dims).ok() || dims.size() > 32) return Broken(where, "the npy shape is malformed");
  const Shape shape{absl::MakeConstSpan(dims)};
  const std::optional<int64_t> count = shape.CheckedNumElements();
  if (!count.has_value() || *count * DTypeSize(dtype) > static_cast<int64_t>(data.size())) {
    return Broken(where,
                  absl::StrCat("expected ", DTypeName(dtype), " ", shape.ToString(), ", got ", data.size(), " bytes"));
  }
  const bool fortran = order == "True" && shape.rank() > 1;
  if (order != "True" && order != "False") return Broken(where, "the npy header is malformed");
  Shape stored = shape;
  if (fortran) std::reverse_copy(dims.begin(), dims.end(), &stored[0]);
  BARYON_ASSIGN_OR_RETURN(Tensor tensor, Tensor::TryAllocate({dtype, stored}));
  std::memcpy(tensor.mutable_raw_data(), data.data(), tensor.size_bytes());
  return fortran ? FromFortranOrder(tensor, shape) : tensor;
}

std::string FormatNpy(const Tensor& tensor) {
  absl::string_view descr = "f4";
  for (const DescrName& known : kDescrs) {
    if (known.dtype == tensor.dtype()) descr = known.descr;
  }
  const std::string dims = absl::StrJoin(tensor.shape().dims(), ", ");
  std::string header =
      absl::StrCat("{'descr': '", DTypeSize(tensor.dtype()) == 1 ? "|" : "<", descr,
                   "', 'fortran_order': False, 'shape': (", dims, tensor.shape().rank() == 1 ? ",)" : ")", ", }");
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::string bytes(kMagic.data(), kMagic.size());
  bytes += {'\1', '\0', static_cast<char>(header.size() & 0xFF), static_cast<char>(header.size() >> 8)};
  bytes += header;
  bytes.append(static_cast<const char*>(tensor.raw_data()), tensor.size_bytes());
  return bytes;
}

absl::StatusOr<Tensor> ReadNpy(const std::string& path) {
  BARYON_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  return ParseNpy(bytes, absl::StrCat("\"", path, "\""));
}

absl::Status WriteNpy(const std::string& path, const Tensor& tensor) {
  return WriteFileAtomically(path, FormatNpy(tensor));
}

absl::StatusOr<NamedTensors> ReadNpz(const std::string& path) {
  const std::string where = absl::StrCat("\"", path, "\"");
  std::unique_ptr<archive, ReadFree> reader(archive_read_new());
  archive_read_support_format_zip_seekable(reader.get());
  if (archive_read_open_filename(reader.get(), path.c_str(), 1 << 18) != ARCHIVE_OK) {
    BARYON_RETURN_IF_ERROR(FileReader::Open(path).status());  // says it better when the file cannot be opened
    return Broken(where, archive_error_string(reader.get()));
  }
  NamedTensors tensors;
  archive_entry* entry;
  int result;
  while ((result = archive_read_next_header(reader.get(), &entry)) == ARCHIVE_OK) {
    absl::string_view name = archive_entry_pathname(entry);
    const std::string member = absl::StrCat(where, ": member \"", name, "\"");
    BARYON_ASSIGN_OR_RETURN(const std::string bytes, ReadMember(reader.get(), member));
    absl::ConsumeSuffix(&name, ".npy");
    BARYON_ASSIGN_OR_RETURN(Tensor tensor, ParseNpy(bytes, member));
    tensors.emplace_back(std::string(name), std::move(tensor));
  }
  if (result != ARCHIVE_EOF) return Broken(where, archive_error_string(reader.get()));
  return tensors;
}

absl::Status WriteNpz(const std::string& path, const NamedTensors& tensors) {
  const std::string temporary = path + ".tmp";
  std::unique_ptr<archive, WriteFree> writer(archive_write_new());
  archive_write_set_format_zip(writer.get());
  archive_write_zip_set_compression_store(writer.get());
  const auto failed = [&] {
    return absl::UnavailableError(absl::StrCat("cannot write \"", path, "\": ", archive_error_string(writer.get())));
  };
  if (archive_write_open_filename(writer.get(), temporary.c_str()) != ARCHIVE_OK) return failed();
  for (const auto& [name, tensor] : tensors) {
    const std::string bytes = FormatNpy(tensor);
    std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(), archive_entry_free);
    archive_entry_set_pathname(entry.get(), absl::StrCat(name, ".npy").c_str());
    archive_entry_set_size(entry.get(), bytes.size());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    if (archive_write_header(writer.get(), entry.get()) != ARCHIVE_OK) return failed();
    if (archive_write_data(writer.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
      return failed();
  }
  if (archive_write_close(writer.get()) != ARCHIVE_OK) return failed();
  if (std::rename(temporary.c_str(), path.c_str()) != 0) return ErrnoToStatus(errno, "cannot write", path);
  return absl::OkStatus();
}

}  // namespace baryon
