#include "server/services/tensor_codec.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
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

std::string NamesOf(const Signature& signature) {
  std::string names;
  for (const TensorSpec& spec : signature.inputs) {
    if (!spec.optional) absl::StrAppend(&names, names.empty() ? "" : ", ", "\"", spec.name, "\"");
  }
  return names;
}

absl::Status Refuse(absl::string_view name, absl::string_view expected, absl::string_view got) {
  return absl::InvalidArgumentError(absl::StrCat("input ", Quote(name), ": expected ", expected, ", got ", got));
}

absl::Status CheckSize(absl::string_view name, const Shape& shape) {
  if (shape.rank() > kMostAxes)
    return Refuse(name, absl::StrCat("at most ", kMostAxes, " axes"), absl::StrCat(shape.rank()));
  if (shape.CheckedNumElements().value_or(0) > 0) return absl::OkStatus();
  return Refuse(name, "positive dimensions whose product fits", shape.ToString());
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
    if (given_[i]) return absl::InvalidArgumentError(absl::StrCat("input ", Quote(name), " is given twice"));
    given_[i] = true;
    return i;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("no input is called ", Quote(name), ", expected ", NamesOf(signature)));
}

absl::StatusOr<size_t> InputBinder::Check(absl::string_view name, const TensorType& type) {
  BARYON_ASSIGN_OR_RETURN(const size_t place, Place(name));
  BARYON_RETURN_IF_ERROR(CheckSize(name, type.shape));
  const TensorSpec& spec = model_.signature().inputs[place];
  if (!spec.optional) BARYON_RETURN_IF_ERROR(CheckInput(spec, type));
  return place;
}

absl::Status InputBinder::AddBytes(absl::string_view name, const TensorType& type, absl::string_view bytes) {
  BARYON_ASSIGN_OR_RETURN(const size_t place, Check(name, type));
  if (type.size_bytes() != static_cast<int64_t>(bytes.size())) {
    return Refuse(name, absl::StrCat(type.size_bytes(), " bytes for ", type.ToString()), absl::StrCat(bytes.size()));
  }
  if (type.dtype == DType::kBool && bytes.find_first_not_of(absl::string_view("\0\1", 2)) != absl::string_view::npos) {
    return Refuse(name, "bytes of 0 or 1", "others");
  }
  if (model_.signature().inputs[place].optional) return absl::OkStatus();
  if (reinterpret_cast<uintptr_t>(bytes.data()) % DTypeSize(type.dtype) == 0) {
    inputs_[place] = Tensor::Borrow(type, bytes.data(), nullptr);
    return absl::OkStatus();
  }
  BARYON_ASSIGN_OR_RETURN(inputs_[place], Tensor::TryAllocate(type));
  std::memcpy(inputs_[place].mutable_raw_data(), bytes.data(), bytes.size());
  return absl::OkStatus();
}

absl::StatusOr<Tensor*> InputBinder::AddElements(absl::string_view name, const TensorType& type, int64_t num_elements) {
  BARYON_ASSIGN_OR_RETURN(const size_t place, Check(name, type));
  if (type.shape.num_elements() != num_elements) {
    return Refuse(name, absl::StrCat(type.shape.num_elements(), " elements for ", type.ToString()),
                  absl::StrCat(num_elements));
  }
  BARYON_ASSIGN_OR_RETURN(inputs_[place], Tensor::TryAllocate(type));
  return &inputs_[place];
}

absl::Status InputBinder::AddPictures(absl::string_view name, absl::Span<const absl::string_view> files) {
  BARYON_ASSIGN_OR_RETURN(const size_t place, Place(name));
  const PictureInput* pictures = model_.pictures();
  if (pictures == nullptr || absl::string_view(pictures->input) != name) {
    return Refuse(name, model_.signature().inputs[place].type.ToString(), "pictures, which this input does not take");
  }
  if (files.empty() || files.size() > kMostPictures) {
    return Refuse(name, absl::StrCat("1 to ", kMostPictures, " pictures"), absl::StrCat(files.size()));
  }
  std::vector<Tensors> rows(files.size());
  std::vector<const Tensors*> parts;
  for (size_t i = 0; i < files.size(); ++i) {
    absl::StatusOr<Tensor> row = pictures->decode(files[i]);
    if (!row.ok()) return Annotate(row.status(), absl::StrCat("input ", Quote(name), ", picture ", i));
    rows[i].push_back(*std::move(row));
    if (!CanJoin(rows[0], rows[i])) {
      return Refuse(name, absl::StrCat("pictures of one size, ", rows[0][0].type().ToString()),
                    rows[i][0].type().ToString());
    }
    parts.push_back(&rows[i]);
  }
  if (parts.size() > 1) {
    BARYON_ASSIGN_OR_RETURN(rows[0], JoinRows(parts));
  }
  BARYON_RETURN_IF_ERROR(CheckInput(model_.signature().inputs[place], rows[0][0].type()));
  inputs_[place] = std::move(rows[0][0]);
  return absl::OkStatus();
}

absl::StatusOr<Tensors> InputBinder::Finish() {
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const TensorSpec& spec = model_.signature().inputs[i];
    if (spec.optional) {
      inputs_[i] = Tensor();
    } else if (!given_[i]) {
      return absl::InvalidArgumentError(
          absl::StrCat("input \"", spec.name, "\" is missing, expected ", spec.type.ToString()));
    }
  }
  return std::move(inputs_);
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
