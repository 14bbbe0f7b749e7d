#include "server/services/tensorflow_codec.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "server/error_details.h"
#include "server/quote.h"

namespace baryon {
namespace {

using tensorflow::TensorProto;
using tensorflow::serving::PredictRequest;
using tensorflow::serving::PredictResponse;

struct KnownType {
  DType dtype;
  tensorflow::DataType type;
};
constexpr KnownType kKnown[] = {
    {DType::kFloat32, tensorflow::DT_FLOAT}, {DType::kFloat64, tensorflow::DT_DOUBLE},
    {DType::kFloat16, tensorflow::DT_HALF},  {DType::kBFloat16, tensorflow::DT_BFLOAT16},
    {DType::kUInt8, tensorflow::DT_UINT8},   {DType::kUInt16, tensorflow::DT_UINT16},
    {DType::kUInt32, tensorflow::DT_UINT32}, {DType::kUInt64, tensorflow::DT_UINT64},
    {DType::kInt8, tensorflow::DT_INT8},     {DType::kInt16, tensorflow::DT_INT16},
    {DType::kInt32, tensorflow::DT_INT32},   {DType::kInt64, tensorflow::DT_INT64},
    {DType::kBool, tensorflow::DT_BOOL},
};

// --- Lists of elements

// The list in which elements of type T travel.
template <typename T>
struct ValueList;
#define BARYON_VALUE_LIST(type, list)                                        \
  template <>                                                                \
  struct ValueList<type> {                                                   \
    static const auto& Of(const TensorProto& proto) { return proto.list(); } \
    static auto& Of(TensorProto* proto) { return *proto->mutable_##list(); } \
  }
BARYON_VALUE_LIST(float, float_val);
BARYON_VALUE_LIST(double, double_val);
BARYON_VALUE_LIST(Half, half_val);
BARYON_VALUE_LIST(BFloat16, half_val);
BARYON_VALUE_LIST(uint8_t, int_val);
BARYON_VALUE_LIST(int8_t, int_val);
BARYON_VALUE_LIST(uint16_t, int_val);
BARYON_VALUE_LIST(int16_t, int_val);
BARYON_VALUE_LIST(int32_t, int_val);
BARYON_VALUE_LIST(uint32_t, uint32_val);
BARYON_VALUE_LIST(int64_t, int64_val);
BARYON_VALUE_LIST(uint64_t, uint64_val);
BARYON_VALUE_LIST(bool, bool_val);
#undef BARYON_VALUE_LIST

template <typename T>
constexpr bool kIsBits = std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>;

// `value` as a T; false when it does not fit.
template <typename T, typename V>
bool Convert(V value, T& element) {
  if constexpr (kIsBits<T>) {
    element.bits = static_cast<uint16_t>(value);
    return value >= 0 && value <= 0xFFFF;
  } else {
    element = static_cast<T>(value);
    return !std::is_integral_v<T> || static_cast<V>(element) == value;
  }
}

absl::Status Refuse(absl::string_view name, absl::string_view field, absl::string_view reason,
                    absl::string_view expected, absl::string_view got) {
  return RefuseInput(name, field, reason, expected, got);
}

template <typename T>
absl::Status DecodeList(absl::string_view name, const TensorProto& proto, const TensorType& type, int64_t max_bytes,
                        InputBinder& binder) {
  const auto& list = ValueList<T>::Of(proto);
  const int64_t count = type.shape.CheckedNumElements().value_or(0);
  if (list.size() > count) {
    return Refuse(name, "tensor_shape", "INPUT_SIZE_MISMATCH", absl::StrCat("at most ", count, " elements"),
                  absl::StrCat(list.size()));
  }
  if (count > list.size() && count > max_bytes / DTypeSize(type.dtype)) {
    return Refuse(name, "tensor_shape", "INPUT_SIZE_MISMATCH",
                  absl::StrCat("at most ", max_bytes, " bytes to be filled up"), type.ToString());
  }
  BARYON_ASSIGN_OR_RETURN(Tensor * tensor, binder.AddStorage(name, type, count * DTypeSize(type.dtype)));
  if (tensor == nullptr) return absl::OkStatus();  // an input that only training reads
  T* const elements = tensor->mutable_data<T>();
  for (int i = 0; i < list.size(); ++i) {
    if (!Convert<T>(list[i], elements[i])) {
      return Refuse(name, "int_val", "INPUT_VALUE_INVALID", absl::StrCat("elements of ", DTypeName(type.dtype)),
                    absl::StrCat(list[i]));
    }
  }
  std::fill(elements + list.size(), elements + count, list.empty() ? T() : elements[list.size() - 1]);
  return absl::OkStatus();
}

template <typename T>
void EncodeList(const Tensor& tensor, TensorProto& proto) {
  auto& list = ValueList<T>::Of(&proto);
  const absl::Span<const T> elements = tensor.span<T>();
  if constexpr (kIsBits<T>) {
    for (const T element : elements) list.Add(element.bits);
  } else {
    list.Add(elements.begin(), elements.end());
  }
}

// --- Texts: pictures

// The elements of texts in tensor_content: all their lengths, then all their bytes.
absl::StatusOr<std::vector<absl::string_view>> SplitContent(absl::string_view name, absl::string_view content,
                                                            int64_t count) {
  const absl::Status damaged =
      Refuse(name, "tensor_content", "INPUT_SIZE_MISMATCH", "lengths, then as many bytes", "other bytes");
  std::vector<size_t> sizes;
  for (int64_t i = 0; i < count; ++i) {
    uint64_t size = 0;
    for (int shift = 0;; shift += 7) {
      if (content.empty() || shift > 28) return damaged;
      const auto byte = static_cast<uint8_t>(content[0]);
      content.remove_prefix(1);
      size |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) break;
    }
    sizes.push_back(size);
  }
  std::vector<absl::string_view> elements;
  for (const size_t size : sizes) {
    if (size > content.size()) return damaged;
    elements.push_back(content.substr(0, size));
    content.remove_prefix(size);
  }
  if (!content.empty()) return damaged;
  return elements;
}

absl::Status DecodeTexts(absl::string_view name, const TensorProto& proto, const Shape& shape, InputBinder& binder) {
  const int64_t count = shape.CheckedNumElements().value_or(0);
  std::vector<absl::string_view> files(proto.string_val().begin(), proto.string_val().end());
  if (!proto.tensor_content().empty()) {
    BARYON_ASSIGN_OR_RETURN(files, SplitContent(name, proto.tensor_content(), count));
  }
  if (count == static_cast<int64_t>(files.size())) return binder.AddPictures(name, files);
  return Refuse(name, "tensor_shape", "INPUT_SIZE_MISMATCH",
                absl::StrCat("as many texts as shape ", shape.ToString(), " has elements"), absl::StrCat(files.size()));
}

absl::StatusOr<Shape> ShapeOf(absl::string_view name, const tensorflow::TensorShapeProto& proto) {
  if (proto.unknown_rank()) {
    return Refuse(name, "tensor_shape", "INPUT_SHAPE_MISMATCH", "a shape", "an unknown rank");
  }
  Shape shape;
  for (const auto& dim : proto.dim()) shape.Append(dim.size());
  return shape;
}

bool HasContent(const PredictRequest& request) {
  return std::any_of(request.inputs().begin(), request.inputs().end(),
                     [](const auto& input) { return !input.second.tensor_content().empty(); });
}

// The TensorProto of an output.
WirePieces EncodeTensor(const Tensor& tensor, bool as_bytes) {
  TensorProto head;
  head.set_dtype(TensorFlowDataType(tensor.dtype()));
  for (int64_t dim : tensor.shape()) head.mutable_tensor_shape()->add_dim()->set_size(dim);
  head.mutable_tensor_shape();  // of a scalar too
  WirePieces pieces;
  if (!as_bytes) {
    DispatchDType(tensor.dtype(), [&](auto tag) { EncodeList<typename decltype(tag)::type>(tensor, head); });
    pieces.AppendFields(head);
  } else {
    pieces.AppendFields(head);
    pieces.AppendElements(TensorProto::kTensorContentFieldNumber, tensor);
  }
  return pieces;
}

}  // namespace

tensorflow::DataType TensorFlowDataType(DType dtype) {
  for (const KnownType& known : kKnown) {
    if (known.dtype == dtype) return known.type;
  }
  return tensorflow::DT_INVALID;
}

std::optional<DType> DTypeFromTensorFlow(tensorflow::DataType type) {
  for (const KnownType& known : kKnown) {
    if (known.type == type) return known.dtype;
  }
  return std::nullopt;
}

absl::Status DecodeTensorProto(absl::string_view name, const TensorProto& proto, int64_t max_bytes,
                               InputBinder& binder) {
  BARYON_ASSIGN_OR_RETURN(const Shape shape, ShapeOf(name, proto.tensor_shape()));
  if (proto.dtype() == tensorflow::DT_STRING) return DecodeTexts(name, proto, shape, binder);
  const std::optional<DType> dtype = DTypeFromTensorFlow(proto.dtype());
  if (!dtype.has_value()) {
    return Refuse(name, "dtype", "INPUT_DATATYPE_MISMATCH", "a dtype of numbers (DT_FLOAT, ...)",
                  tensorflow::DataType_IsValid(proto.dtype()) ? tensorflow::DataType_Name(proto.dtype())
                                                              : absl::StrCat(proto.dtype()));
  }
  const TensorType type{*dtype, shape};
  if (!proto.tensor_content().empty()) return binder.AddBytes(name, type, proto.tensor_content());
  return DispatchDType(
      *dtype, [&](auto tag) { return DecodeList<typename decltype(tag)::type>(name, proto, type, max_bytes, binder); });
}

absl::StatusOr<Tensors> DecodePredictRequest(const PredictRequest& request, const ServedModel& model,
                                             int64_t max_bytes) {
  InputBinder binder(model);
  for (const auto& [name, proto] : request.inputs()) {
    const absl::Status status = DecodeTensorProto(name, proto, max_bytes, binder);
    if (!status.ok()) return InField(status, absl::StrCat("inputs[", Quote(name), "]"));
  }
  return binder.Finish();
}

absl::StatusOr<std::vector<size_t>> FilterOutputs(const PredictRequest& request, const Signature& signature) {
  std::vector<size_t> wanted;
  for (const std::string& name : request.output_filter()) {
    size_t place = 0;
    while (place < signature.outputs.size() && signature.outputs[place].name != name) ++place;
    const bool twice = std::find(wanted.begin(), wanted.end(), place) != wanted.end();
    if (place == signature.outputs.size() || twice) {
      const absl::Status status = absl::InvalidArgumentError(
          absl::StrCat(twice ? "asked twice for the output " : "no output is called ", Quote(name)));
      return WithReason(WithField(status, "output_filter", "outputs of the model, once", Quote(name)),
                        "OUTPUT_UNKNOWN");
    }
    wanted.push_back(place);
  }
  for (size_t place = 0; request.output_filter().empty() && place < signature.outputs.size(); ++place) {
    wanted.push_back(place);
  }
  return wanted;
}

absl::StatusOr<WirePieces> EncodePredictResponse(const PredictRequest& request, const std::vector<size_t>& wanted,
                                                 const ServedModel& model, const Tensors& outputs) {
  BARYON_RETURN_IF_ERROR(CheckFitsMessage(outputs));
  PredictResponse head;
  head.mutable_model_spec()->set_name(model.name());
  head.mutable_model_spec()->mutable_version()->set_value(model.version());
  head.mutable_model_spec()->set_signature_name("serving_default");
  WirePieces response;
  response.AppendFields(head);
  const bool as_bytes = HasContent(request);
  for (const size_t place : wanted) {
    constexpr int kKey = 1, kValue = 2;  // of an entry of a map
    WirePieces entry;
    entry.AppendBytes(kKey, model.signature().outputs[place].name);
    entry.AppendMessage(kValue, EncodeTensor(outputs[place], as_bytes));
    response.AppendMessage(PredictResponse::kOutputsFieldNumber, std::move(entry));
  }
  return response;
}

}  // namespace baryon
