// The list is arrays back to back, then names back to back: opening it means stepping from header to header, over the
// elements. An array starts with a word that says its version; version 0 has none, there the word is the rank.
// Source: src/ndarray/ndarray.cc of MXNet 1.9.1 (NDArray::Save, Load and LegacyLoad); checked with 1.9.1 and 2.0.0b1.
#include "engine/io/ndarray_list.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "engine/base/logging.h"
#include "engine/base/status_macros.h"
#include "engine/io/byte_source.h"

namespace baryon {
namespace {

constexpr uint32_t kVersion1 = 0xF993FAC8, kVersion2 = 0xF993FAC9, kVersion3 = 0xF993FACA;
constexpr int32_t kCpu = 1;
constexpr uint64_t kMostArrays = 1 << 20;  // the largest networks have some thousand
constexpr uint64_t kLeastArrayBytes = 4;
constexpr int64_t kMostRank = 32;
constexpr int64_t kSparseBytes = 1 << 26, kSparseFactor = 64;  // see OpenNdarrayList

enum class Storage : int32_t { kDense = 0, kRowSparse = 1, kCsr = 2 };

struct Block {
  TensorType type;
  int64_t offset = 0;
};

struct StoredArray {
  Storage storage = Storage::kDense;
  Block values;
  std::vector<Block> indices;  // row_sparse: the rows; csr: where rows begin, then columns
};

std::string ArrayLabel(size_t index, absl::string_view name) {
  return name.empty() ? absl::StrCat("array ", index) : absl::StrCat("array ", index, " (\"", name, "\")");
}

// --- Headers

class ListParser {
 public:
  explicit ListParser(const FileReader& file) : source_(file) {}

  absl::Status Parse(std::vector<ParamsFile::Entry>& entries, std::vector<StoredArray>& arrays) {
    uint64_t magic, reserved, num_arrays;
    BARYON_RETURN_IF_ERROR(source_.ReadNumbers(magic, reserved, num_arrays));
    if (num_arrays > std::min<uint64_t>(kMostArrays, source_.remaining() / kLeastArrayBytes)) {
      return ExpectedAtByte(source_.position() - 8, absl::StrCat("arrays for ", source_.remaining(), " bytes"),
                            absl::StrCat(num_arrays, " arrays"));
    }
    entries.resize(num_arrays);
    arrays.resize(num_arrays);
    for (size_t i = 0; i < num_arrays; ++i) {
      absl::StatusOr<TensorType> type = ReadArray(arrays[i]);
      if (!type.ok()) return Annotate(type.status(), ArrayLabel(i, ""));
      entries[i].type = *std::move(type);
    }
    return ReadNames(entries);
  }

  int64_t bytes_after_end() const { return source_.remaining(); }

 private:
  // The type of the dense array; unknown for one that holds nothing.
  absl::StatusOr<TensorType> ReadArray(StoredArray& array) {
    const int64_t begin = source_.position();
    uint32_t version;
    BARYON_RETURN_IF_ERROR(source_.ReadNumber(version));
    switch (version) {
      case kVersion2:
      case kVersion3:
        return ReadCurrent(version == kVersion3, array);
      case kVersion1: {
        BARYON_ASSIGN_OR_RETURN(const Shape shape, ReadShape());
        return ReadLegacy(shape, array);
      }
      default: {
        if (version > kMostRank) {
          return ExpectedAtByte(begin, "an array", absl::StrCat("0x", absl::Hex(version, absl::kZeroPad8)));
        }
        BARYON_ASSIGN_OR_RETURN(const Shape shape, ReadDims<uint32_t>(version));
        return ReadLegacy(shape, array);
      }
    }
  }

  absl::StatusOr<TensorType> ReadLegacy(const Shape& shape, StoredArray& array) {
    if (shape.rank() == 0) return TensorType();
    BARYON_ASSIGN_OR_RETURN(const DType dtype, ReadContextAndDType());
    BARYON_RETURN_IF_ERROR(SkipElements({dtype, shape}, array.values));
    return array.values.type;
  }

  absl::StatusOr<TensorType> ReadCurrent(bool np_shape, StoredArray& array) {
    const int64_t begin = source_.position();
    int32_t storage;
    BARYON_RETURN_IF_ERROR(source_.ReadNumber(storage));
    if (storage < 0 || storage > static_cast<int32_t>(Storage::kCsr)) {
      return absl::UnimplementedError(
          absl::StrCat("byte ", begin, ": expected a dense, row_sparse or csr array, got storage type ", storage));
    }
    array.storage = static_cast<Storage>(storage);
    const bool sparse = array.storage != Storage::kDense;
    if (sparse && np_shape) return ExpectedAtByte(begin, "a dense array of version 3", "a sparse one");
    Shape stored;
    if (sparse) {
      BARYON_ASSIGN_OR_RETURN(stored, ReadShape());
    }
    BARYON_ASSIGN_OR_RETURN(const Shape shape, ReadShape());
    if (np_shape ? !shape.IsFullyKnown() : shape.rank() == 0) return TensorType();
    BARYON_ASSIGN_OR_RETURN(const DType dtype, ReadContextAndDType());
    BARYON_RETURN_IF_ERROR(ReadIndexTypes(array));
    BARYON_RETURN_IF_ERROR(SkipElements({dtype, sparse ? stored : shape}, array.values));
    for (Block& block : array.indices) BARYON_RETURN_IF_ERROR(SkipElements(block.type, block));
    if (sparse) BARYON_RETURN_IF_ERROR(CheckSparse({dtype, shape}, array));
    return TensorType{dtype, shape};
  }

  absl::Status ReadIndexTypes(StoredArray& array) {
    array.indices.resize(static_cast<int32_t>(array.storage));  // one for row_sparse, two for csr
    for (Block& block : array.indices) {
      BARYON_ASSIGN_OR_RETURN(block.type.dtype, ReadDType());
      if (block.type.dtype != DType::kInt64 && block.type.dtype != DType::kInt32) {
        return absl::UnimplementedError(absl::StrCat("byte ", source_.position() - 4,
                                                     ": expected indices of int64, got ", DTypeName(block.type.dtype)));
      }
      BARYON_ASSIGN_OR_RETURN(block.type.shape, ReadShape());
    }
    return absl::OkStatus();
  }

  // Whether the parts of a sparse array fit its shape, and that within bounds.
  absl::Status CheckSparse(const TensorType& dense, const StoredArray& array) const {
    const Shape& values = array.values.type.shape;
    bool fits;
    if (array.storage == Storage::kCsr) {
      fits = dense.shape.rank() == 2 && values.rank() == 1 && array.indices[1].type.shape == values &&
             array.indices[0].type.shape == Shape{dense.shape[0] + 1};
    } else {
      Shape rows = dense.shape;
      rows[0] = values.rank() == 0 ? -1 : values[0];
      fits = values == rows && array.indices[0].type.shape == Shape{rows[0]};
    }
    if (!fits) {
      return ExpectedAtByte(
          array.values.offset, absl::StrCat("the parts of a sparse ", dense.ToString()),
          absl::StrCat("values ", values.ToString(), ", indices ", array.indices[0].type.shape.ToString()));
    }
    const int64_t most = std::max(kSparseBytes, kSparseFactor * source_.size());
    if (dense.shape.CheckedNumElements().has_value() && dense.size_bytes() <= most) return absl::OkStatus();
    return absl::ResourceExhaustedError(
        absl::StrCat("expected a sparse array of at most ", most, " bytes when dense, got ", dense.ToString()));
  }

  // ndim, then the dimensions; no rank for ndim -1.
  absl::StatusOr<Shape> ReadShape() {
    int32_t ndim;
    BARYON_RETURN_IF_ERROR(source_.ReadNumber(ndim));
    if (ndim == -1) return Shape::Unknown();
    return ReadDims<int64_t>(ndim);
  }

  template <typename T>
  absl::StatusOr<Shape> ReadDims(int64_t rank) {
    if (rank < 0 || rank > kMostRank) {
      return ExpectedAtByte(source_.position() - 4, absl::StrCat("a rank of at most ", kMostRank), absl::StrCat(rank));
    }
    Shape shape;
    for (int64_t axis = 0; axis < rank; ++axis) {
      T dim;
      BARYON_RETURN_IF_ERROR(source_.ReadNumber(dim));
      shape.Append(dim);
    }
    return shape;
  }

  absl::StatusOr<DType> ReadContextAndDType() {
    int32_t device_type, device_id;  // where the array was when it was saved; of no interest
    BARYON_RETURN_IF_ERROR(source_.ReadNumbers(device_type, device_id));
    return ReadDType();
  }

  absl::StatusOr<DType> ReadDType() {
    int32_t code;
    BARYON_RETURN_IF_ERROR(source_.ReadNumber(code));
    const std::optional<DType> dtype = DTypeFromCode(code);
    if (dtype.has_value() && *dtype != DType::kUnknown) return *dtype;
    return absl::UnimplementedError(
        absl::StrCat("byte ", source_.position() - 4, ": expected a dtype code from 0 to 12, got ", code));
  }

  absl::Status SkipElements(const TensorType& type, Block& block) {
    block = {type, source_.position()};
    if (!type.shape.CheckedNumElements().has_value()) {
      return ExpectedAtByte(source_.position(), "elements of a shape that can be", type.ToString());
    }
    return Annotate(source_.Skip(type.size_bytes()), type.ToString());
  }

  absl::Status ReadNames(std::vector<ParamsFile::Entry>& entries) {
    uint64_t num_names;
    if (absl::Status status = source_.ReadNumber(num_names); !status.ok()) return Annotate(status, "names");
    if (num_names == 0) return absl::OkStatus();
    if (num_names != entries.size()) {
      return ExpectedAtByte(source_.position() - 8, absl::StrCat("0 or ", entries.size(), " names"),
                            absl::StrCat(num_names));
    }
    absl::flat_hash_map<absl::string_view, size_t> seen;
    for (size_t i = 0; i < entries.size(); ++i) {
      if (absl::Status status = ReadName(entries[i].name); !status.ok()) {
        return Annotate(status, absl::StrCat("name of array ", i));
      }
      const auto [first, is_new] = seen.emplace(entries[i].name, i);
      if (!is_new) {
        return ExpectedAtByte(source_.position() - static_cast<int64_t>(entries[i].name.size()),
                              absl::StrCat("a name of its own for array ", i),
                              absl::StrCat("\"", entries[i].name, "\" as for array ", first->second));
      }
    }
    return absl::OkStatus();
  }

  absl::Status ReadName(std::string& name) {
    uint64_t length;
    BARYON_RETURN_IF_ERROR(source_.ReadNumber(length));
    if (length > static_cast<uint64_t>(source_.remaining())) {
      return ExpectedAtByte(source_.position(), absl::StrCat(length, " bytes"), absl::StrCat(source_.remaining()));
    }
    name.resize(length);
    return source_.Read(static_cast<int64_t>(length), name.data());
  }

  FileSource source_;
};

// --- Elements

absl::StatusOr<Tensor> ReadBlock(const FileReader& file, const Block& block) {
  FileSource source(file, block.offset, block.type.size_bytes());
  return ReadTensor(source, block.type);
}

absl::StatusOr<Tensor> ReadIndices(const FileReader& file, const Block& block) {
  BARYON_ASSIGN_OR_RETURN(const Tensor indices, ReadBlock(file, block));
  return indices.Cast(DType::kInt64);
}

absl::Status IndexOutside(absl::string_view what, int64_t limit, int64_t got) {
  return absl::DataLossError(absl::StrCat("expected a ", what, " in [0, ", limit, "), got ", got));
}

absl::StatusOr<Tensor> ReadRowSparse(const FileReader& file, const StoredArray& array, const TensorType& dense) {
  BARYON_ASSIGN_OR_RETURN(const Tensor values, ReadBlock(file, array.values));
  BARYON_ASSIGN_OR_RETURN(const Tensor rows, ReadIndices(file, array.indices[0]));
  BARYON_ASSIGN_OR_RETURN(Tensor result, Tensor::TryAllocate(dense));
  std::memset(result.mutable_raw_data(), 0, result.size_bytes());
  const int64_t num_rows = dense.shape[0];
  const int64_t row_bytes = dense.shape.Product(1, dense.shape.rank()) * DTypeSize(dense.dtype);
  const char* from = static_cast<const char*>(values.raw_data());
  for (int64_t row : rows.span<int64_t>()) {
    if (row < 0 || row >= num_rows) return IndexOutside("row", num_rows, row);
    std::memcpy(static_cast<char*>(result.mutable_raw_data()) + row * row_bytes, from, row_bytes);
    from += row_bytes;
  }
  return result;
}

absl::StatusOr<Tensor> ReadCsr(const FileReader& file, const StoredArray& array, const TensorType& dense) {
  BARYON_ASSIGN_OR_RETURN(const Tensor values, ReadBlock(file, array.values));
  BARYON_ASSIGN_OR_RETURN(const Tensor begins, ReadIndices(file, array.indices[0]));
  BARYON_ASSIGN_OR_RETURN(const Tensor columns, ReadIndices(file, array.indices[1]));
  BARYON_ASSIGN_OR_RETURN(Tensor result, Tensor::TryAllocate(dense));
  std::memset(result.mutable_raw_data(), 0, result.size_bytes());
  const int64_t num_columns = dense.shape[1], size = DTypeSize(dense.dtype);
  const int64_t* begin = begins.data<int64_t>();
  int64_t i = 0;
  for (int64_t row = 0; row < dense.shape[0]; ++row) {
    if (begin[row] != i || begin[row + 1] < i || begin[row + 1] > values.num_elements()) {
      return absl::DataLossError(absl::StrCat("expected row ", row, " between values ", i, " and ",
                                              values.num_elements(), ", got ", begin[row], " to ", begin[row + 1]));
    }
    for (; i < begin[row + 1]; ++i) {
      const int64_t column = columns.data<int64_t>()[i];
      if (column < 0 || column >= num_columns) return IndexOutside("column", num_columns, column);
      std::memcpy(static_cast<char*>(result.mutable_raw_data()) + (row * num_columns + column) * size,
                  static_cast<const char*>(values.raw_data()) + i * size, size);
    }
  }
  return result;
}

class NdarrayList : public ParamsFile {
 public:
  explicit NdarrayList(std::unique_ptr<const FileReader> file) : ParamsFile(file->path()), file_(std::move(file)) {}

  absl::Status Parse() {
    ListParser parser(*file_);
    BARYON_RETURN_IF_ERROR(parser.Parse(entries_, arrays_));
    if (parser.bytes_after_end() > 0) {
      LogWarning(absl::StrCat("\"", path_, "\": ", parser.bytes_after_end(), " bytes after the last name are ignored"));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Tensor> Read(size_t i) const override {
    absl::StatusOr<Tensor> tensor = ReadArray(i);
    if (tensor.ok()) return tensor;
    return Annotate(tensor.status(), absl::StrCat("\"", path_, "\": ", ArrayLabel(i, entries_[i].name)));
  }

 private:
  absl::StatusOr<Tensor> ReadArray(size_t i) const {
    if (entries_[i].type.dtype == DType::kUnknown) {
      return absl::DataLossError("expected elements, got an array that was never initialised");
    }
    switch (arrays_[i].storage) {
      case Storage::kRowSparse:
        return ReadRowSparse(*file_, arrays_[i], entries_[i].type);
      case Storage::kCsr:
        return ReadCsr(*file_, arrays_[i], entries_[i].type);
      case Storage::kDense:
        break;
    }
    return ReadBlock(*file_, arrays_[i].values);
  }

  const std::unique_ptr<const FileReader> file_;
  std::vector<StoredArray> arrays_;
};

// --- Writing

template <typename T>
void AppendNumber(T number, std::string& bytes) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

std::string FormatArrayHeader(const TensorType& type) {
  std::string bytes;
  AppendNumber<uint32_t>(kVersion2, bytes);
  AppendNumber<int32_t>(static_cast<int32_t>(Storage::kDense), bytes);
  AppendNumber<int32_t>(static_cast<int32_t>(type.shape.rank()), bytes);
  for (int64_t dim : type.shape) AppendNumber<int64_t>(dim, bytes);
  AppendNumber<int32_t>(kCpu, bytes);
  AppendNumber<int32_t>(0, bytes);
  AppendNumber<int32_t>(static_cast<int32_t>(type.dtype), bytes);
  return bytes;
}

std::string FormatNames(const NamedTensors& tensors) {
  std::string bytes;
  const bool named =
      std::any_of(tensors.begin(), tensors.end(), [](const auto& tensor) { return !tensor.first.empty(); });
  AppendNumber<uint64_t>(named ? tensors.size() : 0, bytes);
  for (const auto& [name, tensor] : tensors) {
    if (!named) break;
    AppendNumber<uint64_t>(name.size(), bytes);
    bytes += name;
  }
  return bytes;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const ParamsFile>> OpenNdarrayList(std::unique_ptr<const FileReader> file) {
  auto list = std::make_shared<NdarrayList>(std::move(file));
  BARYON_RETURN_IF_ERROR(list->Parse());
  return list;
}

absl::Status WriteNdarrayList(AtomicFile& file, const NamedTensors& tensors) {
  std::string header;
  AppendNumber<uint64_t>(kNdarrayListMagic, header);
  AppendNumber<uint64_t>(0, header);
  AppendNumber<uint64_t>(tensors.size(), header);
  BARYON_RETURN_IF_ERROR(file.Append(header));
  absl::flat_hash_set<absl::string_view> names;
  for (const auto& [name, tensor] : tensors) {
    if (!name.empty() && !names.insert(name).second) {
      return absl::InvalidArgumentError(absl::StrCat("expected names of their own, got \"", name, "\" twice"));
    }
    if (tensor.empty() || tensor.shape().rank() == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", name, "\": expected a tensor of rank 1 or more, got ", tensor.type().ToString()));
    }
    BARYON_RETURN_IF_ERROR(file.Append(FormatArrayHeader(tensor.type())));
    BARYON_RETURN_IF_ERROR(
        file.Append(absl::string_view(static_cast<const char*>(tensor.raw_data()), tensor.size_bytes())));
  }
  return file.Append(FormatNames(tensors));
}

}  // namespace baryon
