#include "server/services/tensor_codec.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "server/error_details.h"
#include "server/quote.h"

namespace baryon {
namespace {

struct DatatypeName {
  DType dtype;
  absl::string_view name;
};
constexpr DatatypeName kDatatypes[] = {
    {DType::kFloat32, "FP32"}, {DType::kFloat64, "FP64"},  {DType::kFloat16, "FP16"},  {DType::kBFloat16, "BF16"},
    {DType::kUInt8, "UINT8"},  {DType::kUInt16, "UINT16"}, {DType::kUInt32, "UINT32"}, {DType::kUInt64, "UINT64"},
    {DType::kInt8, "INT8"},    {DType::kInt16, "INT16"},   {DType::kInt32, "INT32"},   {DType::kInt64, "INT64"},
    {DType::kBool, "BOOL"},
};

// Networks have four or five axes; what somebody makes up must not cost memory.
constexpr int64_t kMostAxes = 32;
// A picture of a hundred bytes becomes a row of half a megabyte.
constexpr size_t kMostPictures = 256;

bool IsBools(absl::string_view bytes) {
  return bytes.find_first_not_of(absl::string_view("\0\1", 2)) == absl::string_view::npos;
}

std::string NamesOf(const Signature& signature) {
  std::string names;
  for (const TensorSpec& spec : signature.inputs) {
    if (!spec.optional) absl::StrAppend(&names, names.empty() ? "" : ", ", "\"", spec.name, "\"");
  }
  return names;
}

absl::Status CheckSize(absl::string_view name, const Shape& shape) {
  if (shape.rank() > kMostAxes) {
    return RefuseInput(name, "shape", "INPUT_SHAPE_MISMATCH", absl::StrCat("at most ", kMostAxes, " axes"),
                       absl::StrCat(shape.rank()));
  }
  if (shape.CheckedNumElements().value_or(0) > 0) return absl::OkStatus();
  return RefuseInput(name, "shape", "INPUT_SHAPE_MISMATCH", "positive dimensions whose product fits", shape.ToString());
}

// The part of `got` that `expected` does not allow.
std::string WrongField(const TensorType& expected, const TensorType& got) {
  if (expected.dtype != DType::kUnknown && expected.dtype != got.dtype) return "datatype";
  if (expected.shape.rank() != got.shape.rank()) return "shape";
  for (int64_t axis = 0; axis < got.shape.rank(); ++axis) {
    const int64_t dim = expected.shape[axis];
    if (dim != Shape::kUnknownDim && dim != got.shape[axis]) return absl::StrCat("shape[", axis, "]");
  }
  return "shape";
}

absl::Status CheckType(const TensorSpec& spec, const TensorType& type) {
  const absl::Status status = CheckInput(spec, type);
  if (status.ok()) return status;
  const std::string field = WrongField(spec.type, type);
  return WithReason(WithField(status, field, spec.type.ToString(), type.ToString()),
                    field == "datatype" ? "INPUT_DATATYPE_MISMATCH" : "INPUT_SHAPE_MISMATCH");
}

absl::Status RefuseName(absl::string_view message, absl::string_view name, absl::string_view expected,
                        absl::string_view reason) {
  return WithReason(WithField(absl::InvalidArgumentError(message), "name", expected, Quote(name)), reason);
}

}  // namespace

absl::string_view OipDatatype(DType dtype) {
  for (const DatatypeName& known : kDatatypes) {
    if (known.dtype == dtype) return known.name;
  }
  return "";
}

std::optional<DType> DTypeFromOip(absl::string_view datatype) {
  for (const DatatypeName& known : kDatatypes) {
    if (known.name == datatype) return known.dtype;
  }
  return std::nullopt;
}

InputBinder::InputBinder(const ServedModel& model)
    : model_(model), inputs_(model.signature().inputs.size()), given_(inputs_.size(), false) {}

absl::StatusOr<size_t> InputBinder::Place(absl::string_view name) {
  const Signature& signature = model_.signature();
  for (size_t i = 0; i < inputs_.size(); ++i) {
    if (absl::string_view(signature.inputs[i].name) != name) continue;
    if (given_[i]) {
      return RefuseName(absl::StrCat("input ", Quote(name), " is given twice"), name, "each input once",
                        "INPUT_DUPLICATE");
    }
    given_[i] = true;
    return i;
  }
  const std::string names = NamesOf(signature);
  return RefuseName(absl::StrCat("no input is called ", Quote(name), ", expected ", names), name, names,
                    "INPUT_UNKNOWN");
}

absl::StatusOr<size_t> InputBinder::Check(absl::string_view name, const TensorType& type) {
  BARYON_ASSIGN_OR_RETURN(const size_t place, Place(name));
  BARYON_RETURN_IF_ERROR(CheckSize(name, type.shape));
  const TensorSpec& spec = model_.signature().inputs[place];
  if (!spec.optional) BARYON_RETURN_IF_ERROR(CheckType(spec, type));
  return place;
}

absl::StatusOr<size_t> InputBinder::CheckBytes(absl::string_view name, const TensorType& type, int64_t size) {
  BARYON_ASSIGN_OR_RETURN(const size_t place, Check(name, type));
  if (type.size_bytes() == size) return place;
  return RefuseInput(name, "data", "INPUT_SIZE_MISMATCH",
                     absl::StrCat(type.size_bytes(), " bytes for ", type.ToString()), absl::StrCat(size));
}

absl::Status InputBinder::AddBytes(absl::string_view name, const TensorType& type, absl::string_view bytes) {
  return AddPieces(name, type, absl::MakeConstSpan(&bytes, 1), static_cast<int64_t>(bytes.size()));
}

absl::Status InputBinder::AddPieces(absl::string_view name, const TensorType& type,
                                    absl::Span<const absl::string_view> pieces, int64_t size) {
  BARYON_ASSIGN_OR_RETURN(const size_t place, CheckBytes(name, type, size));
  if (type.dtype == DType::kBool && !std::all_of(pieces.begin(), pieces.end(), IsBools)) {
    return RefuseInput(name, "data", "INPUT_VALUE_INVALID", "bytes of 0 or 1", "others");
  }
  if (model_.signature().inputs[place].optional) return absl::OkStatus();
  if (pieces.size() == 1 && reinterpret_cast<uintptr_t>(pieces[0].data()) % DTypeSize(type.dtype) == 0) {
    inputs_[place] = Tensor::Borrow(type, pieces[0].data(), nullptr);
    return absl::OkStatus();
  }
  BARYON_ASSIGN_OR_RETURN(inputs_[place], Tensor::TryAllocate(type));
  char* destination = static_cast<char*>(inputs_[place].mutable_raw_data());
  for (absl::string_view piece : pieces) {
    std::memcpy(destination, piece.data(), piece.size());
    destination += piece.size();
  }
  return absl::OkStatus();
}

absl::StatusOr<Tensor*> InputBinder::AddElements(absl::string_view name, const TensorType& type, int64_t num_elements) {
  BARYON_ASSIGN_OR_RETURN(const size_t place, Check(name, type));
  if (type.shape.num_elements() != num_elements) {
    return RefuseInput(name, "data", "INPUT_SIZE_MISMATCH",
                       absl::StrCat(type.shape.num_elements(), " elements for ", type.ToString()),
                       absl::StrCat(num_elements));
  }
  BARYON_ASSIGN_OR_RETURN(inputs_[place], Tensor::TryAllocate(type));
  return &inputs_[place];
}

absl::StatusOr<Tensor*> InputBinder::AddStorage(absl::string_view name, const TensorType& type, int64_t size) {
  BARYON_ASSIGN_OR_RETURN(const size_t place, CheckBytes(name, type, size));
  if (model_.signature().inputs[place].optional) return nullptr;
  BARYON_ASSIGN_OR_RETURN(inputs_[place], Tensor::TryAllocate(type));
  return &inputs_[place];
}

absl::Status InputBinder::AddTensor(absl::string_view name, Tensor tensor) {
  BARYON_ASSIGN_OR_RETURN(const size_t place, Check(name, tensor.type()));
  inputs_[place] = std::move(tensor);
  return absl::OkStatus();
}

absl::Status InputBinder::AddPictures(absl::string_view name, absl::Span<const absl::string_view> files) {
  BARYON_ASSIGN_OR_RETURN(const size_t place, Place(name));
  const PictureInput* pictures = model_.pictures();
  if (pictures == nullptr || absl::string_view(pictures->input) != name) {
    return RefuseInput(name, "datatype", "INPUT_DATATYPE_MISMATCH", model_.signature().inputs[place].type.ToString(),
                       "pictures, which this input does not take");
  }
  if (files.empty() || files.size() > kMostPictures) {
    return RefuseInput(name, "data", "INPUT_SIZE_MISMATCH", absl::StrCat("1 to ", kMostPictures, " pictures"),
                       absl::StrCat(files.size()));
  }
  std::vector<Tensors> rows(files.size());
  std::vector<const Tensors*> parts;
  for (size_t i = 0; i < files.size(); ++i) {
    absl::StatusOr<Tensor> row = pictures->decode(files[i]);
    if (!row.ok()) {
      const absl::Status status = Annotate(row.status(), absl::StrCat("input ", Quote(name), ", picture ", i));
      return WithReason(WithField(status, "data", "a PNG or JPEG file", "something else"), "PICTURE_INVALID");
    }
    rows[i].push_back(*std::move(row));
    if (!CanJoin(rows[0], rows[i])) {
      return RefuseInput(name, "data", "INPUT_SHAPE_MISMATCH",
                         absl::StrCat("pictures of one size, ", rows[0][0].type().ToString()),
                         rows[i][0].type().ToString());
    }
    parts.push_back(&rows[i]);
  }
  if (parts.size() > 1) {
    BARYON_ASSIGN_OR_RETURN(rows[0], JoinRows(parts));
  }
  BARYON_RETURN_IF_ERROR(CheckType(model_.signature().inputs[place], rows[0][0].type()));
  inputs_[place] = std::move(rows[0][0]);
  return absl::OkStatus();
}

absl::StatusOr<Tensors> InputBinder::Finish() {
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const TensorSpec& spec = model_.signature().inputs[i];
    if (spec.optional) {
      inputs_[i] = Tensor();
    } else if (!given_[i]) {
      const std::string expected = spec.type.ToString();
      return WithReason(WithField(absl::InvalidArgumentError(
                                      absl::StrCat("input \"", spec.name, "\" is missing, expected ", expected)),
                                  absl::StrCat("inputs[\"", spec.name, "\"]"), expected, "nothing"),
                        "INPUT_MISSING");
    }
  }
  return std::move(inputs_);
}

const TensorSpec* OnlyInput(const Signature& signature) {
  const TensorSpec* only = nullptr;
  for (const TensorSpec& spec : signature.inputs) {
    if (spec.optional) continue;
    if (only != nullptr) return nullptr;
    only = &spec;
  }
  return only;
}

const TensorType* ExampleOf(const Signature& signature, absl::string_view name) {
  for (size_t i = 0; i < signature.example.size(); ++i) {
    if (absl::string_view(signature.inputs[i].name) != name) continue;
    return signature.example[i].IsFullyKnown() ? &signature.example[i] : nullptr;
  }
  return nullptr;
}

absl::Status RefuseInput(absl::string_view name, absl::string_view field, absl::string_view reason,
                         absl::string_view expected, absl::string_view got) {
  const absl::Status status =
      absl::InvalidArgumentError(absl::StrCat("input ", Quote(name), ": expected ", expected, ", got ", got));
  return WithReason(WithField(status, field, expected, got), reason);
}

absl::string_view BytesOf(const Tensor& tensor) {
  return absl::string_view(static_cast<const char*>(tensor.raw_data()), tensor.size_bytes());
}

absl::Status CheckFitsMessage(const Tensors& outputs) {
  constexpr int64_t kMostBytes = (int64_t{1} << 31) - (1 << 20);  // less some room for names
  int64_t bytes = 0;
  for (const Tensor& output : outputs) bytes += output.size_bytes();
  if (bytes <= kMostBytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("expected an answer of at most ", kMostBytes, " bytes, got ", bytes, ": send fewer rows"));
}

}  // namespace baryon
