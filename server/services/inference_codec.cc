// Elements come raw, as the bytes of row-major arrays in raw_input_contents, one entry for each input in their order;
// or typed, in the one list of InferTensorContents that fits the datatype, narrow integers in the 32-bit lists.
#include "server/services/inference_codec.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "engine/base/status_macros.h"
#include "proto/inference.pb.h"
#include "server/quote.h"
#include "server/services/tensor_codec.h"
#include "server/services/top_classes.h"

namespace baryon {
namespace {

using inference::InferTensorContents;
using inference::ModelInferRequest;
using inference::ModelInferResponse;
using InputTensor = ModelInferRequest::InferInputTensor;

absl::Status Refuse(const InputTensor& input, absl::string_view expected, absl::string_view got) {
  return absl::InvalidArgumentError(
      absl::StrCat("input ", Quote(input.name()), ": expected ", expected, ", got ", got));
}

// --- Typed contents

// The list in which elements of type T travel; the 16-bit floats have none.
template <typename T>
struct TypedList {
  static constexpr bool kExists = false;
};
#define BARYON_TYPED_LIST(type, list)                                                      \
  template <>                                                                              \
  struct TypedList<type> {                                                                 \
    static constexpr bool kExists = true;                                                  \
    static const auto& Of(const InferTensorContents& contents) { return contents.list(); } \
    static auto& Of(InferTensorContents* contents) { return *contents->mutable_##list(); } \
  }
BARYON_TYPED_LIST(bool, bool_contents);
BARYON_TYPED_LIST(int8_t, int_contents);
BARYON_TYPED_LIST(int16_t, int_contents);
BARYON_TYPED_LIST(int32_t, int_contents);
BARYON_TYPED_LIST(int64_t, int64_contents);
BARYON_TYPED_LIST(uint8_t, uint_contents);
BARYON_TYPED_LIST(uint16_t, uint_contents);
BARYON_TYPED_LIST(uint32_t, uint_contents);
BARYON_TYPED_LIST(uint64_t, uint64_contents);
BARYON_TYPED_LIST(float, fp32_contents);
BARYON_TYPED_LIST(double, fp64_contents);
#undef BARYON_TYPED_LIST

bool HasList(DType dtype) {
  return DispatchDType(dtype, [](auto tag) { return TypedList<typename decltype(tag)::type>::kExists; });
}

int64_t NumElements(const InferTensorContents& contents) {
  return int64_t{0} + contents.bool_contents_size() + contents.int_contents_size() + contents.int64_contents_size() +
         contents.uint_contents_size() + contents.uint64_contents_size() + contents.fp32_contents_size() +
         contents.fp64_contents_size() + contents.bytes_contents_size();
}

// True when `value` has the same value as a T.
template <typename T, typename V>
bool Fits(V value) {
  return static_cast<V>(static_cast<T>(value)) == value;
}

template <typename T>
absl::Status DecodeTyped(const InputTensor& input, const TensorType& type, InputBinder& binder) {
  const auto& list = TypedList<T>::Of(input.contents());
  if (list.size() != NumElements(input.contents())) {
    return Refuse(input, absl::StrCat("contents of ", input.datatype(), " alone"), "elements in another list");
  }
  BARYON_ASSIGN_OR_RETURN(Tensor * tensor, binder.AddElements(input.name(), type, list.size()));
  T* elements = tensor->mutable_data<T>();
  for (int i = 0; i < list.size(); ++i) {
    if constexpr (std::is_integral_v<T>) {
      if (!Fits<T>(list[i]))
        return Refuse(input, absl::StrCat("elements of ", input.datatype()), absl::StrCat(list[i]));
    }
    elements[i] = static_cast<T>(list[i]);
  }
  return absl::OkStatus();
}

absl::Status DecodeTyped(const InputTensor& input, const TensorType& type, InputBinder& binder) {
  return DispatchDType(type.dtype, [&](auto tag) -> absl::Status {
    using T = typename decltype(tag)::type;
    if constexpr (TypedList<T>::kExists) {
      return DecodeTyped<T>(input, type, binder);
    } else {
      return Refuse(input, absl::StrCat(input.datatype(), " as raw_input_contents"), "typed contents");
    }
  });
}

void EncodeTyped(const Tensor& tensor, InferTensorContents& contents) {
  DispatchDType(tensor.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    if constexpr (TypedList<T>::kExists) {
      const absl::Span<const T> elements = tensor.span<T>();
      TypedList<T>::Of(&contents).Add(elements.begin(), elements.end());
    }
  });
}

// --- Pictures

// The elements of raw BYTES: each is four bytes of length, little-endian, and as many bytes.
absl::StatusOr<std::vector<absl::string_view>> SplitRawBytes(const InputTensor& input, absl::string_view raw) {
  std::vector<absl::string_view> elements;
  while (!raw.empty()) {
    uint32_t size = 0;
    if (raw.size() < sizeof(size)) return Refuse(input, "four bytes of length before each element", "fewer");
    std::memcpy(&size, raw.data(), sizeof(size));
    raw.remove_prefix(sizeof(size));
    if (raw.size() < size)
      return Refuse(input, absl::StrCat("an element of ", size, " bytes"), absl::StrCat(raw.size()));
    elements.push_back(raw.substr(0, size));
    raw.remove_prefix(size);
  }
  return elements;
}

absl::Status DecodePictures(const InputTensor& input, const Shape& shape, const std::string* raw, InputBinder& binder) {
  std::vector<absl::string_view> files(input.contents().bytes_contents().begin(),
                                       input.contents().bytes_contents().end());
  if (raw != nullptr) {
    BARYON_ASSIGN_OR_RETURN(files, SplitRawBytes(input, *raw));
  }
  if (shape.CheckedNumElements() != static_cast<int64_t>(files.size())) {
    return Refuse(input, absl::StrCat("as many pictures as shape ", shape.ToString(), " has elements"),
                  absl::StrCat(files.size()));
  }
  return binder.AddPictures(input.name(), files);
}

// --- Requests

// `raw` is the input's entry of raw_input_contents, or nullptr when the request is typed.
absl::Status DecodeInput(const InputTensor& input, const std::string* raw, InputBinder& binder) {
  if (raw != nullptr && NumElements(input.contents()) > 0) {
    return Refuse(input, "elements in raw_input_contents alone", "typed contents besides");
  }
  const Shape shape(absl::MakeConstSpan(input.shape().data(), input.shape_size()));
  if (input.datatype() == "BYTES") return DecodePictures(input, shape, raw, binder);
  const std::optional<DType> dtype = DTypeFromOip(input.datatype());
  if (!dtype.has_value()) return Refuse(input, "a datatype (FP32, INT64, ...)", Quote(input.datatype()));
  const TensorType type{*dtype, shape};
  return raw == nullptr ? DecodeTyped(input, type, binder) : binder.AddBytes(input.name(), type, *raw);
}

// The places, among the model's outputs, of those the request wants.
absl::StatusOr<std::vector<size_t>> WantedOutputs(const ModelInferRequest& request, const Signature& signature) {
  std::vector<size_t> wanted;
  for (const auto& output : request.outputs()) {
    size_t place = 0;
    while (place < signature.outputs.size() && signature.outputs[place].name != output.name()) ++place;
    if (place == signature.outputs.size()) {
      return absl::InvalidArgumentError(absl::StrCat("no output is called ", Quote(output.name())));
    }
    if (std::find(wanted.begin(), wanted.end(), place) != wanted.end()) {
      return absl::InvalidArgumentError(absl::StrCat("output ", Quote(output.name()), " is asked for twice"));
    }
    wanted.push_back(place);
  }
  for (size_t i = 0; request.outputs_size() == 0 && i < signature.outputs.size(); ++i) wanted.push_back(i);
  return wanted;
}

// --- Classification: an output's best classes as BYTES, each "score:index" or "score:index:label".

// How many classes the request wants of the output in this place; 0: it wants the elements.
absl::StatusOr<int64_t> WantedClasses(const ModelInferRequest& request, const std::string& output) {
  for (const auto& wanted : request.outputs()) {
    const auto parameter = wanted.parameters().find("classification");
    if (wanted.name() != output || parameter == wanted.parameters().end()) continue;
    if (parameter->second.int64_param() > 0) return parameter->second.int64_param();
    return absl::InvalidArgumentError(absl::StrCat("output ", Quote(output), ": expected classification above 0, got ",
                                                   parameter->second.int64_param()));
  }
  return 0;
}

absl::Status EncodeClasses(const ServedModel& model, const Tensor& scores, int64_t count, bool typed,
                           ModelInferResponse::InferOutputTensor& output, ModelInferResponse& response) {
  if (!IsFloating(scores.dtype()) || scores.shape().rank() != 2) {
    return absl::InvalidArgumentError(absl::StrCat("output ", Quote(output.name()),
                                                   ": expected scores [rows, classes] to classify, got ",
                                                   scores.type().ToString()));
  }
  output.set_datatype("BYTES");
  output.add_shape(scores.shape()[0]);
  output.add_shape(std::min(count, scores.shape()[1]));
  std::string raw;
  for (const std::vector<ClassScore>& row : TopClasses(scores, model.labels(), count)) {
    for (const ClassScore& best : row) {
      std::string text = absl::StrFormat("%f:%d", best.score, best.index);
      if (!best.label.empty()) absl::StrAppend(&text, ":", best.label);
      const uint32_t size = static_cast<uint32_t>(text.size());
      raw.append(reinterpret_cast<const char*>(&size), sizeof(size)).append(text);
      if (typed) output.mutable_contents()->add_bytes_contents(std::move(text));
    }
  }
  if (!typed) response.add_raw_output_contents(std::move(raw));
  return absl::OkStatus();
}

void EncodeElements(const Tensor& tensor, bool typed, ModelInferResponse::InferOutputTensor& output,
                    ModelInferResponse& response) {
  output.set_datatype(std::string(OipDatatype(tensor.dtype())));
  for (int64_t dim : tensor.shape()) output.add_shape(dim);
  if (typed) {
    EncodeTyped(tensor, *output.mutable_contents());
  } else {
    response.add_raw_output_contents(tensor.raw_data(), tensor.size_bytes());
  }
}

bool CameTyped(const ModelInferRequest& request) {
  return std::any_of(request.inputs().begin(), request.inputs().end(),
                     [](const InputTensor& input) { return NumElements(input.contents()) > 0; });
}

}  // namespace

absl::StatusOr<int64_t> ParseOipVersion(const std::string& text) {
  if (text.empty()) return 0;
  int64_t version = 0;
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(c); });
  if (digits && absl::SimpleAtoi(text, &version) && version > 0) return version;
  return absl::InvalidArgumentError(absl::StrCat("expected a version number, got ", Quote(text)));
}

absl::StatusOr<Tensors> DecodeInferRequest(const ModelInferRequest& request, const ServedModel& model) {
  const bool raw = request.raw_input_contents_size() > 0;
  if (raw && request.raw_input_contents_size() != request.inputs_size()) {
    return absl::InvalidArgumentError(absl::StrCat("expected raw_input_contents for each of ", request.inputs_size(),
                                                   " inputs, got ", request.raw_input_contents_size()));
  }
  InputBinder binder(model);
  for (int i = 0; i < request.inputs_size(); ++i) {
    BARYON_RETURN_IF_ERROR(DecodeInput(request.inputs(i), raw ? &request.raw_input_contents(i) : nullptr, binder));
  }
  return binder.Finish();
}

absl::Status EncodeInferResponse(const ModelInferRequest& request, const ServedModel& model, const Tensors& outputs,
                                 ModelInferResponse& response) {
  BARYON_ASSIGN_OR_RETURN(const std::vector<size_t> wanted, WantedOutputs(request, model.signature()));
  BARYON_RETURN_IF_ERROR(CheckFitsMessage(outputs));
  const bool typed = CameTyped(request) && std::all_of(wanted.begin(), wanted.end(),
                                                       [&](size_t place) { return HasList(outputs[place].dtype()); });
  response.set_model_name(model.name());
  response.set_model_version(absl::StrCat(model.version()));
  response.set_id(request.id());
  for (size_t place : wanted) {
    const Tensor& tensor = outputs[place];
    ModelInferResponse::InferOutputTensor& output = *response.add_outputs();
    output.set_name(model.signature().outputs[place].name);
    BARYON_ASSIGN_OR_RETURN(const int64_t classes, WantedClasses(request, output.name()));
    if (classes == 0) {
      EncodeElements(tensor, typed, output, response);
    } else {
      BARYON_RETURN_IF_ERROR(EncodeClasses(model, tensor, classes, typed, output, response));
    }
  }
  return absl::OkStatus();
}

}  // namespace baryon
