// The JSON is read once, front to back, and fills the protocol's own message with everything but the elements, so that
// both transports check names, parameters and outputs with the same code. Elements go from the text, or from the bytes
// behind it, straight into tensors.
#include "server/services/inference_rest.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "engine/base/status_macros.h"
#include "server/error_details.h"
#include "server/json/json_reader.h"
#include "server/json/json_tensor.h"
#include "server/quote.h"
#include "server/services/proto_json.h"

namespace baryon {
namespace {

using inference::ModelInferRequest;
using InputTensor = ModelInferRequest::InferInputTensor;
using Json = nlohmann::ordered_json;

constexpr char kHeaderLength[] = "inference-header-content-length";

bool IsPicture(absl::string_view bytes) {
  return absl::StartsWith(bytes, "\xff\xd8\xff") || absl::StartsWith(bytes, "\x89PNG\r\n");
}

absl::Status ReadParameter(JsonValue value, absl::string_view where, inference::InferParameter& parameter) {
  bool boolean;
  int64_t integer;
  uint64_t large;
  double real;
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) {
    parameter.set_string_param(std::string(text));
  } else if (value.get_bool().get(boolean) == simdjson::SUCCESS) {
    parameter.set_bool_param(boolean);
  } else if (value.get_int64().get(integer) == simdjson::SUCCESS) {
    parameter.set_int64_param(integer);
  } else if (value.get_uint64().get(large) == simdjson::SUCCESS) {
    parameter.set_uint64_param(large);
  } else if (value.get_double().get(real) == simdjson::SUCCESS) {
    parameter.set_double_param(real);
  } else {
    return JsonMismatch(value, where, "a string, a number or a boolean");
  }
  return absl::OkStatus();
}

absl::Status ReadParameters(JsonValue value, absl::string_view where, InferParameters& parameters) {
  BARYON_ASSIGN_OR_RETURN(const JsonObject object, ReadObject(value, where));
  return ForEachField(object, where, [&](absl::string_view key, JsonValue field) {
    return ReadParameter(field, where, parameters[std::string(key)]);
  });
}

absl::Status ReadOutput(JsonValue value, absl::string_view where,
                        ModelInferRequest::InferRequestedOutputTensor& output) {
  BARYON_ASSIGN_OR_RETURN(const JsonObject object, ReadObject(value, where));
  return ForEachField(object, where, [&](absl::string_view key, JsonValue field) -> absl::Status {
    if (key == "parameters") return ReadParameters(field, where, *output.mutable_parameters());
    if (key != "name") return SkipValue(field, where);
    BARYON_ASSIGN_OR_RETURN(*output.mutable_name(), ReadString(field, where));
    return absl::OkStatus();
  });
}

// --- Inputs

// A picture in JSON: base64, or its bytes as far as they are text.
absl::Status DecodeTexts(const InputTensor& input, JsonArray array, absl::string_view where, InputBinder& binder) {
  std::vector<std::string> texts;
  BARYON_RETURN_IF_ERROR(ForEachElement(array, where, [&](size_t, JsonValue element) -> absl::Status {
    BARYON_ASSIGN_OR_RETURN(std::string text, ReadString(element, where));
    std::string decoded;
    const bool is_base64 = absl::Base64Unescape(text, &decoded) && IsPicture(decoded);
    texts.push_back(is_base64 ? std::move(decoded) : std::move(text));
    return absl::OkStatus();
  }));
  const Shape shape(absl::MakeConstSpan(input.shape().data(), input.shape_size()));
  if (shape.CheckedNumElements() == static_cast<int64_t>(texts.size())) {
    return binder.AddPictures(input.name(), std::vector<absl::string_view>(texts.begin(), texts.end()));
  }
  return RefuseInput(input.name(), "data", "INPUT_SIZE_MISMATCH",
                     absl::StrCat("as many texts as shape ", shape.ToString(), " has elements"),
                     absl::StrCat(texts.size()));
}

absl::Status DecodeData(const InputTensor& input, JsonValue value, absl::string_view where, size_t most_elements,
                        InputBinder& binder) {
  BARYON_ASSIGN_OR_RETURN(const JsonArray array, ReadArray(value, where));
  if (input.datatype() == "BYTES") return DecodeTexts(input, array, where, binder);
  BARYON_ASSIGN_OR_RETURN(const TensorType type, TypeOf(input));
  // An element takes a character and a comma: what the text cannot hold is not allocated.
  const std::optional<int64_t> count = type.shape.CheckedNumElements();
  if (count.value_or(0) > static_cast<int64_t>(most_elements)) {
    return RefuseInput(input.name(), "data", "INPUT_SIZE_MISMATCH", absl::StrCat(*count, " elements"), "fewer");
  }
  BARYON_ASSIGN_OR_RETURN(Tensor * tensor, binder.AddElements(input.name(), type, count.value_or(0)));
  const absl::Status status = ReadElements(array, where, {}, *tensor);
  if (status.ok()) return status;
  return WithReason(WithField(Annotate(status, absl::StrCat("input ", Quote(input.name()))), "data", type.ToString(),
                              "other elements"),
                    "INPUT_VALUE_INVALID");
}

// Reads the inputs one by one, and takes the bytes of those that lie behind the JSON.
class InputReader {
 public:
  InputReader(const HttpRequest& request, size_t json_size, const SharedMemoryRegistry& regions, InputBinder& binder)
      : rest_(request.body.view().substr(json_size)),
        most_elements_(json_size / 2),
        regions_(regions),
        binder_(binder) {}

  absl::Status Read(JsonValue value, absl::string_view where, InputTensor& input) {
    BARYON_ASSIGN_OR_RETURN(JsonObject object, ReadObject(value, where));
    bool has_data = false, read_data = false;
    BARYON_RETURN_IF_ERROR(ForEachField(object, where, [&](absl::string_view key, JsonValue field) -> absl::Status {
      if (key != "data") return ReadField(key, field, where, input);
      has_data = true;
      // What the elements are stands before them, as a rule.
      if (input.name().empty() || input.datatype().empty() || input.shape_size() == 0) return SkipData(field, where);
      read_data = true;
      return DecodeData(input, field, "data", most_elements_, binder_);
    }));
    if (read_data) return CheckNowhereElse(input);
    if (!has_data) return DecodeElsewhere(input);
    BARYON_RETURN_IF_ERROR(CheckNowhereElse(input));
    if (const auto error = object.reset().error()) return JsonSyntaxError(error, where);
    return ForEachField(object, where, [&](absl::string_view key, JsonValue field) {
      return key == "data" ? DecodeData(input, field, "data", most_elements_, binder_) : SkipValue(field, where);
    });
  }

  absl::Status Finish() const {
    if (rest_.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("expected as many bytes behind the JSON as the inputs have, got ", rest_.size(), " more"));
  }

 private:
  absl::Status ReadField(absl::string_view key, JsonValue field, absl::string_view where, InputTensor& input) {
    if (key == "name") {
      BARYON_ASSIGN_OR_RETURN(*input.mutable_name(), ReadString(field, where));
    } else if (key == "datatype") {
      BARYON_ASSIGN_OR_RETURN(*input.mutable_datatype(), ReadString(field, where));
    } else if (key == "shape") {
      BARYON_ASSIGN_OR_RETURN(const std::vector<int64_t> dims, ReadIntegers(field, where));
      input.mutable_shape()->Add(dims.begin(), dims.end());
    } else if (key == "parameters") {
      return ReadParameters(field, where, *input.mutable_parameters());
    } else {
      return SkipValue(field, where);
    }
    return absl::OkStatus();
  }

  static absl::Status SkipData(JsonValue field, absl::string_view where) { return SkipValue(field, where); }

  absl::Status CheckNowhereElse(const InputTensor& input) const {
    if (input.parameters().count("binary_data_size") + input.parameters().count("shared_memory_region") == 0) {
      return absl::OkStatus();
    }
    return RefuseInput(input.name(), "data", "INPUT_VALUE_INVALID", "elements in one place",
                       "\"data\" and a parameter that says where they are");
  }

  absl::Status DecodeElsewhere(const InputTensor& input) {
    BARYON_ASSIGN_OR_RETURN(const std::optional<MemoryRange> range, ReadMemoryRange(input.parameters(), regions_));
    if (range.has_value()) return DecodeMemory(input, *range, binder_);
    BARYON_ASSIGN_OR_RETURN(const std::optional<int64_t> size, ReadCount(input.parameters(), "binary_data_size"));
    if (!size.has_value()) {
      return RefuseInput(input.name(), "data", "INPUT_SIZE_MISMATCH", "\"data\", or a parameter that says where it is",
                         "neither");
    }
    if (*size > static_cast<int64_t>(rest_.size())) {
      return RefuseInput(input.name(), "parameters.binary_data_size", "INPUT_SIZE_MISMATCH",
                         absl::StrCat(*size, " bytes behind the JSON"), absl::StrCat(rest_.size()));
    }
    const RawBytes raw{{rest_.substr(0, *size)}, *size};
    rest_.remove_prefix(*size);
    return DecodeRaw(input, raw, binder_);
  }

  absl::string_view rest_;  // behind the JSON, not taken yet
  const size_t most_elements_;
  const SharedMemoryRegistry& regions_;
  InputBinder& binder_;
};

// --- Bytes alone

// The shape of one row of `spec` in `size` bytes, where at most one dimension behind the rows is open; or that of the
// model's own example, where it has as many bytes.
absl::StatusOr<Shape> ShapeOfRow(const Signature& signature, const TensorSpec& spec, DType dtype, int64_t size) {
  const TensorType* const example = ExampleOf(signature, spec.name);
  if (example != nullptr && example->size_bytes() == size) return example->shape;
  Shape shape = spec.type.shape;
  if (shape.rank() > 0 && shape[0] == Shape::kUnknownDim) shape[0] = 1;
  int64_t known = DTypeSize(dtype), open = -1;
  for (int64_t axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] != Shape::kUnknownDim) {
      known *= shape[axis];
    } else if (open >= 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("bytes alone: expected an input with one open dimension, got ", spec.type.ToString()));
    } else {
      open = axis;
    }
  }
  if (open >= 0 && known > 0) shape[open] = size / known;
  return shape;
}

}  // namespace

RestInference::RestInference(std::shared_ptr<const HttpRequest> request, const SharedMemoryRegistry& regions)
    : request_(std::move(request)), regions_(regions) {}

absl::StatusOr<size_t> RestInference::HeaderLength() const {
  const absl::string_view text = request_->Header(kHeaderLength);
  const size_t size = request_->body.size();
  if (text.empty()) return size;
  uint64_t length = 0;
  if (absl::SimpleAtoi(text, &length) && length <= size) return length;
  return absl::InvalidArgumentError(absl::StrCat("header Inference-Header-Content-Length: expected 0 to ", size,
                                                 ", the bytes of the body, got ", Quote(text)));
}

absl::StatusOr<Tensors> RestInference::Decode(const ServedModel& model, Predictor::Request& prediction) {
  BARYON_ASSIGN_OR_RETURN(const size_t json_size, HeaderLength());
  InputBinder binder(model);
  if (json_size == 0 && !request_->Header(kHeaderLength).empty()) {
    BARYON_RETURN_IF_ERROR(DecodeBytesAlone(model, binder));
  } else {
    BARYON_RETURN_IF_ERROR(ParseJson(request_->body.view().substr(0, json_size), binder));
  }
  BARYON_ASSIGN_OR_RETURN(wanted_, ReadWantedOutputs(head_, model.signature(), regions_));
  prediction.id = head_.id();
  prediction.max_wait = options_.max_wait;
  prediction.priority_level = options_.priority_level;
  return binder.Finish();
}

absl::Status RestInference::ParseJson(absl::string_view json, InputBinder& binder) {
  JsonText text;
  BARYON_RETURN_IF_ERROR(text.Open(json));
  BARYON_ASSIGN_OR_RETURN(const JsonObject object, text.Object());
  InputReader inputs(*request_, json.size(), regions_, binder);
  BARYON_RETURN_IF_ERROR(ForEachField(object, "", [&](absl::string_view key, JsonValue value) -> absl::Status {
    if (key == "id") {
      BARYON_ASSIGN_OR_RETURN(*head_.mutable_id(), ReadString(value, key));
      return absl::OkStatus();
    }
    if (key == "parameters") return ReadParameters(value, key, *head_.mutable_parameters());
    if (key != "inputs" && key != "outputs") return SkipValue(value, key);
    BARYON_ASSIGN_OR_RETURN(const JsonArray array, ReadArray(value, key));
    return ForEachElement(array, key, [&, is_input = key == "inputs"](size_t index, JsonValue element) {
      const std::string where = absl::StrCat(is_input ? "inputs[" : "outputs[", index, "]");
      return is_input ? InField(inputs.Read(element, where, *head_.add_inputs()), where)
                      : ReadOutput(element, where, *head_.add_outputs());
    });
  }));
  BARYON_RETURN_IF_ERROR(text.Finish());
  BARYON_ASSIGN_OR_RETURN(options_, ReadOptions(head_.parameters()));
  return inputs.Finish();
}

absl::Status RestInference::DecodeBytesAlone(const ServedModel& model, InputBinder& binder) {
  options_.binary_outputs = true;
  const TensorSpec* const spec = OnlyInput(model.signature());
  if (spec == nullptr || !spec->type.shape.has_rank()) {
    return absl::InvalidArgumentError("bytes alone: expected a model of one input, whose shape is known");
  }
  const absl::string_view body = request_->body.view();
  if (model.pictures() != nullptr && IsPicture(body)) return binder.AddPictures(spec->name, {body});
  const DType dtype = spec->type.dtype == DType::kUnknown ? DType::kFloat32 : spec->type.dtype;
  BARYON_ASSIGN_OR_RETURN(Shape shape, ShapeOfRow(model.signature(), *spec, dtype, static_cast<int64_t>(body.size())));
  return binder.AddBytes(spec->name, {dtype, std::move(shape)}, body);
}

namespace {

// {"name":..., "datatype":..., "shape":[...], "parameters":{...}: all but the elements and the brace at the end.
std::string OutputHead(const InferenceOutput& output, const Json& parameters) {
  Json head = {
      {"name", std::string(output.name)}, {"datatype", std::string(output.datatype)}, {"shape", Json::array()}};
  for (int64_t dim : output.shape) head["shape"].push_back(dim);
  if (!parameters.empty()) head["parameters"] = parameters;
  std::string text = Dump(head);
  text.pop_back();
  return text;
}

absl::Status AppendElements(const InferenceOutput& output, std::string& json) {
  json += ",\"data\":";
  if (output.elements.empty()) {
    json += Dump(Json(output.texts));
    return absl::OkStatus();
  }
  if (HasNotFinite(output.elements)) {
    return absl::OutOfRangeError(
        absl::StrCat("output ", Quote(output.name), ": NaN and infinity are no JSON; ask for binary data"));
  }
  AppendFlat(output.elements, json);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<HttpResponse> RestInference::Encode(const ServedModel& model, const Tensors& outputs) const {
  BARYON_ASSIGN_OR_RETURN(const std::vector<InferenceOutput> made, MakeOutputs(wanted_, model, outputs));
  Json head = {{"model_name", model.name()}, {"model_version", absl::StrCat(model.version())}};
  if (!head_.id().empty()) head["id"] = head_.id();
  HttpResponse response;
  std::string json = Dump(head);
  json.back() = ',';
  json += "\"outputs\":[";
  for (size_t i = 0; i < made.size(); ++i) {
    const InferenceOutput& output = made[i];
    if (i > 0) json += ',';
    Json parameters = Json::object();
    const bool binary = !output.in_memory && wanted_[i].binary.value_or(options_.binary_outputs);
    HttpPiece piece;
    if (binary) {
      const auto texts = std::make_shared<const std::string>(output.RawTexts());
      piece = output.elements.empty() ? HttpPiece{*texts, texts}
                                      : HttpPiece{BytesOf(output.elements), std::make_shared<Tensor>(output.elements)};
      parameters["binary_data_size"] = piece.bytes.size();
      response.pieces.push_back(piece);
    } else if (output.in_memory) {
      parameters = {
          {"shared_memory_region", wanted_[i].request->parameters().at("shared_memory_region").string_param()},
          {"shared_memory_offset", wanted_[i].memory->offset},
          {"shared_memory_byte_size",
           output.elements.empty() ? static_cast<int64_t>(output.RawTexts().size()) : output.elements.size_bytes()}};
    }
    json += OutputHead(output, parameters);
    if (!binary && !output.in_memory) BARYON_RETURN_IF_ERROR(AppendElements(output, json));
    json += '}';
  }
  json += "]}";
  if (!response.pieces.empty()) {
    response.content_type = "application/octet-stream";
    response.headers.emplace_back("Inference-Header-Content-Length", absl::StrCat(json.size()));
  }
  response.body = std::move(json);
  return response;
}

}  // namespace baryon
