// A .npy file: "\x93NUMPY", version, header length, a Python dict literal with descr, fortran_order and shape, then the
// elements. Source: NumPy Enhancement Proposal 1, and "numpy.lib.format" of the NumPy reference for versions 2 and 3.
#include "engine/io/npy.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"
#include "engine/graph/attrs.h"

namespace baryon {
namespace {

constexpr char kMagic[] = "\x93NUMPY";
constexpr int64_t kMagicBytes = 6;
constexpr int64_t kAlignment = 64;              // of the first element, in the file
constexpr uint32_t kMostHeaderBytes = 1 << 16;  // a plain array's has about a hundred
constexpr size_t kMostRank = 32;

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

// What comes from a file is shown shortened, unprintable characters as '?'.
std::string Shown(absl::string_view text) {
  constexpr size_t kMostShown = 100;
  std::string shown(text.substr(0, kMostShown));
  for (char& c : shown) c = absl::ascii_isprint(c) ? c : '?';
  return shown;
}

absl::Status Expected(absl::string_view expected, absl::string_view got) {
  return absl::DataLossError(absl::StrCat("npy header: expected ", expected, ", got \"", Shown(got), "\""));
}

// --- Reading

// The header's text, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }".
absl::StatusOr<std::string> ReadHeaderText(ByteSource& source) {
  std::string magic(kMagicBytes, '\0');
  uint8_t major, minor;
  BARYON_RETURN_IF_ERROR(source.Read(kMagicBytes, magic.data()));
  if (magic != kMagic) return Expected("\\x93NUMPY", magic);
  BARYON_RETURN_IF_ERROR(source.ReadNumbers(major, minor));
  if (major < 1 || major > 3) return Expected("version 1 to 3", absl::StrCat(major));
  uint16_t short_length = 0;
  uint32_t length = 0;
  BARYON_RETURN_IF_ERROR(major == 1 ? source.ReadNumber(short_length) : source.ReadNumber(length));
  if (major == 1) length = short_length;
  if (length > kMostHeaderBytes)
    return Expected(absl::StrCat("at most ", kMostHeaderBytes, " bytes"), absl::StrCat(length));
  BARYON_RETURN_IF_ERROR(source.ExpectBytes(length));
  std::string text(length, '\0');
  BARYON_RETURN_IF_ERROR(source.Read(length, text.data()));
  return text;
}

// Splits off what stands before the next `stop` outside of quotes and brackets. Nothing when there is none.
std::optional<absl::string_view> TakeUntil(absl::string_view stops, absl::string_view& text) {
  int depth = 0;
  char quote = '\0';
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != '\0') {
      if (c == quote) quote = '\0';
      continue;
    }
    if (depth == 0 && absl::StrContains(stops, c)) {
      const absl::string_view taken = absl::StripAsciiWhitespace(text.substr(0, i));
      text.remove_prefix(i);
      return taken;
    }
    if (c == '\'' || c == '"') quote = c;
    if (c == '(' || c == '[') ++depth;
    if (c == ')' || c == ']') --depth;
  }
  return std::nullopt;
}

absl::string_view Unquoted(absl::string_view text) {
  for (absl::string_view quote : {"'", "\""}) {
    absl::string_view inner = text;
    if (absl::ConsumePrefix(&inner, quote) && absl::ConsumeSuffix(&inner, quote)) return inner;
  }
  return text;
}

// The dict's values as they are written, by key.
absl::StatusOr<Attrs> ParseDict(absl::string_view text) {
  const absl::string_view whole = text;
  text = absl::StripAsciiWhitespace(text);
  if (!absl::ConsumePrefix(&text, "{")) return Expected("a dict", whole);
  Attrs values;
  while (true) {
    text = absl::StripLeadingAsciiWhitespace(text);
    if (absl::ConsumePrefix(&text, "}")) return values;
    const std::optional<absl::string_view> key = TakeUntil(":", text);
    if (!key.has_value() || !absl::ConsumePrefix(&text, ":")) return Expected("'key': value", whole);
    const std::optional<absl::string_view> value = TakeUntil(",}", text);
    if (!value.has_value()) return Expected("'key': value", whole);
    values.Set(Unquoted(*key), std::string(*value));
    absl::ConsumePrefix(&text, ",");
  }
}

absl::StatusOr<DType> ParseDescr(absl::string_view text) {
  absl::string_view descr = Unquoted(text);
  if (absl::StartsWith(descr, "|O")) {
    return absl::UnimplementedError("expected an array of numbers, got pickled Python objects");
  }
  if (absl::StartsWith(descr, ">")) {
    return absl::UnimplementedError(absl::StrCat("expected a little-endian dtype, got ", Shown(text)));
  }
  absl::ConsumePrefix(&descr, "<") || absl::ConsumePrefix(&descr, "|") || absl::ConsumePrefix(&descr, "=");
  for (const DescrName& known : kDescrs) {
    if (known.descr == descr) return known.dtype;
  }
  return absl::UnimplementedError(absl::StrCat("expected a dtype such as '<f4', got ", Shown(text)));
}

absl::StatusOr<NpyHeader> ParseHeader(absl::string_view text) {
  BARYON_ASSIGN_OR_RETURN(const Attrs values, ParseDict(text));
  const std::string *descr = values.Find("descr"), *order = values.Find("fortran_order"), *shape = values.Find("shape");
  if (descr == nullptr || order == nullptr || shape == nullptr) return Expected("descr, fortran_order and shape", text);
  if (*order != "True" && *order != "False") return Expected("fortran_order True or False", *order);
  IntTuple dims;
  if (!absl::StartsWith(*shape, "(") || !ParseAttr(*shape, dims).ok() || dims.size() > kMostRank) {
    return Expected(absl::StrCat("a shape of rank at most ", kMostRank), *shape);
  }
  NpyHeader header;
  BARYON_ASSIGN_OR_RETURN(header.type.dtype, ParseDescr(*descr));
  header.type.shape = Shape(absl::MakeConstSpan(dims));
  header.fortran_order = *order == "True";
  if (!header.type.shape.CheckedNumElements().has_value()) return Expected("a shape", *shape);
  return header;
}

// Fortran order stores the first axis fastest: `reversed` has been read with its axes the other way round.
absl::StatusOr<Tensor> FromFortranOrder(const Tensor& reversed, const Shape& shape) {
  BARYON_ASSIGN_OR_RETURN(Tensor result, Tensor::TryAllocate({reversed.dtype(), shape}));
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

absl::StatusOr<Tensor> ReadNpyFrom(ByteSource& source) {
  BARYON_ASSIGN_OR_RETURN(const NpyHeader header, ReadNpyHeader(source));
  return ReadNpyElements(header, source);
}

absl::StatusOr<Tensor> Named(absl::StatusOr<Tensor> tensor, absl::string_view where) {
  if (!tensor.ok()) return Annotate(tensor.status(), where);
  return tensor;
}

}  // namespace

absl::StatusOr<NpyHeader> ReadNpyHeader(ByteSource& source) {
  BARYON_ASSIGN_OR_RETURN(const std::string text, ReadHeaderText(source));
  BARYON_ASSIGN_OR_RETURN(NpyHeader header, ParseHeader(text));
  BARYON_RETURN_IF_ERROR(Annotate(source.ExpectBytes(header.type.size_bytes()), header.type.ToString()));
  return header;
}

absl::StatusOr<Tensor> ReadNpyElements(const NpyHeader& header, ByteSource& source) {
  TensorType stored = header.type;
  if (header.fortran_order) {
    for (int64_t axis = 0; axis < stored.shape.rank(); ++axis) {
      stored.shape[axis] = header.type.shape[stored.shape.rank() - 1 - axis];
    }
  }
  BARYON_ASSIGN_OR_RETURN(Tensor tensor, ReadTensor(source, stored));
  if (source.remaining() > 0) {
    return absl::DataLossError(absl::StrCat("byte ", source.position(), ": expected the end after ",
                                            header.type.ToString(), ", got ", source.remaining(), " bytes more"));
  }
  if (!header.fortran_order || stored.shape.rank() < 2) return tensor;
  return FromFortranOrder(tensor, header.type.shape);
}

absl::StatusOr<Tensor> ParseNpy(absl::string_view bytes, absl::string_view where) {
  MemorySource source(bytes);
  return Named(ReadNpyFrom(source), where);
}

absl::StatusOr<Tensor> ReadNpy(const std::string& path) {
  BARYON_ASSIGN_OR_RETURN(const std::unique_ptr<const FileReader> file, FileReader::Open(path));
  FileSource source(*file);
  return Named(ReadNpyFrom(source), absl::StrCat("\"", path, "\""));
}

// --- Writing

std::string FormatNpyHeader(const TensorType& type) {
  absl::string_view descr = "f4";
  for (const DescrName& known : kDescrs) {
    if (known.dtype == type.dtype) descr = known.descr;
  }
  const std::string dims = absl::StrJoin(type.shape.dims(), ", ");
  std::string text =
      absl::StrCat("{'descr': '", DTypeSize(type.dtype) == 1 ? "|" : "<", descr,
                   "', 'fortran_order': False, 'shape': (", dims, type.shape.rank() == 1 ? ",)" : ")", ", }");
  constexpr int64_t kFixedBytes = kMagicBytes + 4;
  text.append(kAlignment - 1 - (kFixedBytes + text.size()) % kAlignment, ' ');
  text += '\n';
  std::string header(kMagic, kMagicBytes);
  header += {'\1', '\0', static_cast<char>(text.size() & 0xFF), static_cast<char>(text.size() >> 8)};
  return header + text;
}

std::string FormatNpy(const Tensor& tensor) {
  std::string bytes = FormatNpyHeader(tensor.type());
  bytes.append(static_cast<const char*>(tensor.raw_data()), tensor.size_bytes());
  return bytes;
}

absl::Status WriteNpy(const std::string& path, const Tensor& tensor) {
  BARYON_ASSIGN_OR_RETURN(const std::unique_ptr<AtomicFile> file, AtomicFile::Create(path));
  BARYON_RETURN_IF_ERROR(file->Append(FormatNpyHeader(tensor.type())));
  BARYON_RETURN_IF_ERROR(
      file->Append(absl::string_view(static_cast<const char*>(tensor.raw_data()), tensor.size_bytes())));
  return file->Commit();
}

}  // namespace baryon
