#include "server/services/tensorflow_routes.h"

#include <google/protobuf/util/json_util.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "engine/base/status_macros.h"
#include "nlohmann/json.hpp"
#include "server/json/json_reader.h"
#include "server/json/json_tensor.h"
#include "server/quote.h"
#include "server/services/json_inputs.h"
#include "server/services/proto_json.h"
#include "server/services/rest_status.h"

namespace baryon {
namespace {

namespace tfs = tensorflow::serving;
using Json = nlohmann::ordered_json;

// Protocol Buffers' own JSON, where 64-bit integers are strings: with the names of the .proto, as TensorFlow Serving
// writes it, or in camel case, as OpenVINO's server does.
Json ProtobufJson(const google::protobuf::Message& message, bool camel_case = false) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = !camel_case;
  std::string text;
  const auto status = google::protobuf::util::MessageToJsonString(message, &text, options);
  return status.ok() ? Json::parse(text, nullptr, /*allow_exceptions=*/false) : Json();
}

// What a path below "/v1/models" means: a model, and "", "metadata" or ":predict" and the like.
struct ModelPath {
  tfs::ModelSpec spec;
  std::string what;
};

std::optional<ModelPath> ParsePath(absl::Span<const std::string> path) {
  ModelPath parsed;
  std::vector<std::string> segments(path.begin(), path.end());
  const size_t colon = segments.back().rfind(':');
  if (colon != std::string::npos) {
    parsed.what = segments.back().substr(colon);
    segments.back().resize(colon);
  } else if (segments.size() % 2 == 0 && segments.back() == "metadata") {
    parsed.what = "metadata";
    segments.pop_back();
  }
  for (const std::string& segment : segments) {
    if (segment.empty()) return std::nullopt;
  }
  parsed.spec.set_name(segments[0]);
  if (segments.size() == 1) return parsed;
  if (segments.size() != 3) return std::nullopt;
  if (segments[1] == "labels") {
    parsed.spec.set_version_label(segments[2]);
    return parsed;
  }
  int64_t version = 0;
  if (segments[1] != "versions" || !absl::SimpleAtoi(segments[2], &version) || version < 0) return std::nullopt;
  parsed.spec.mutable_version()->set_value(version);
  return parsed;
}

// --- Predict

using Method = TensorFlowRoutes::Method;

std::optional<Method> MethodOf(absl::string_view what) {
  if (what == ":predict") return Method::kPredict;
  if (what == ":classify") return Method::kClassify;
  if (what == ":regress") return Method::kRegress;
  return std::nullopt;
}

// One request to :predict, :classify or :regress. One thread at a time.
class RestPrediction {
 public:
  RestPrediction(std::shared_ptr<const HttpRequest> request, Method method)
      : request_(std::move(request)), method_(method) {}

  absl::StatusOr<Tensors> Decode(const ServedModel& model) {
    JsonText text;
    BARYON_RETURN_IF_ERROR(text.Open(request_->body.view()));
    BARYON_ASSIGN_OR_RETURN(const JsonObject object, text.Object());
    JsonInputs inputs(model);
    bool columns = false;
    const absl::string_view rows_key = method_ == Method::kPredict ? "instances" : "examples";
    BARYON_RETURN_IF_ERROR(ForEachField(object, "", [&](absl::string_view key, JsonValue value) -> absl::Status {
      if (key == "signature_name") return CheckSignature(value);
      if (key == "inputs" && method_ == Method::kPredict) {
        columns = true;
        return inputs.AddColumns(value, key);
      }
      if (key == "context" && method_ != Method::kPredict) return CheckContext(value);
      if (key != rows_key) return SkipValue(value, key);
      rows_ = true;
      BARYON_ASSIGN_OR_RETURN(const JsonArray array, ReadArray(value, key));
      return ForEachElement(array, key, [&](size_t index, JsonValue row) {
        return inputs.AddRow(row, absl::StrCat(rows_key, "[", index, "]"));
      });
    }));
    BARYON_RETURN_IF_ERROR(text.Finish());
    if (method_ != Method::kPredict && !rows_) {
      return absl::InvalidArgumentError("expected \"examples\", a list of features by name, got none");
    }
    if (rows_ == columns) {
      return absl::InvalidArgumentError("expected either \"instances\" or \"inputs\", got both or neither");
    }
    num_rows_ = inputs.num_rows();
    return inputs.Finish();
  }

  absl::StatusOr<HttpResponse> Encode(const ServedModel& model, const Tensors& outputs) const {
    HttpResponse response;
    std::string& json = response.body;
    if (method_ != Method::kPredict) {
      json = "{\"results\":";
      BARYON_RETURN_IF_ERROR(method_ == Method::kClassify ? AppendClasses(model, outputs, json)
                                                          : AppendNumbers(outputs, json));
      json += '}';
      return response;
    }
    json = rows_ ? "{\"predictions\":" : "{\"outputs\":";
    if (rows_) {
      BARYON_RETURN_IF_ERROR(AppendRows(model.signature(), outputs, json));
    } else {
      AppendColumns(model.signature(), outputs, json);
    }
    json += '}';
    return response;
  }

 private:
  static absl::Status CheckSignature(JsonValue value) {
    BARYON_ASSIGN_OR_RETURN(const std::string name, ReadString(value, "signature_name"));
    if (name.empty() || name == "serving_default") return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("signature_name: expected \"serving_default\", got ", Quote(name)));
  }

  // Features that all examples share; each has its own here.
  static absl::Status CheckContext(JsonValue value) {
    BARYON_ASSIGN_OR_RETURN(const JsonObject object, ReadObject(value, "context"));
    return ForEachField(object, "context", [](absl::string_view key, JsonValue) -> absl::Status {
      return absl::InvalidArgumentError(
          absl::StrCat("context: expected no features, got ", Quote(key), "; give it in every example"));
    });
  }

  absl::Status Unfit(absl::string_view expected, const Tensors& outputs) const {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected a model with ", expected, " for each of ", num_rows_, " examples, got ", outputs.size(),
        " outputs, the first of ", outputs.empty() ? "none" : outputs[0].shape().ToString(), "; use :predict"));
  }

  // [["cat", 0.25], ["dog", 0.75]] for each row, in the order of the classes.
  absl::Status AppendClasses(const ServedModel& model, const Tensors& outputs, std::string& json) const {
    const bool fits = outputs.size() == 1 && outputs[0].shape().rank() == 2 && outputs[0].shape()[0] == num_rows_;
    if (!fits) return Unfit("one array of scores", outputs);
    const int64_t classes = outputs[0].shape()[1];
    std::string numbers;
    AppendFlat(outputs[0].Cast(DType::kFloat32), numbers);
    const std::vector<absl::string_view> scores =
        absl::StrSplit(absl::StripSuffix(absl::StripPrefix(numbers, "["), "]"), ',');
    for (int64_t row = 0; row < num_rows_; ++row) {
      json += row == 0 ? "[[" : ",[";
      for (int64_t i = 0; i < classes; ++i) {
        const bool labelled = static_cast<size_t>(i) < model.labels().size();
        absl::StrAppend(&json, i == 0 ? "[" : ",[",
                        Dump(Json(labelled ? model.labels()[static_cast<size_t>(i)] : absl::StrCat(i))), ",",
                        scores[row * classes + i], "]");
      }
      json += ']';
    }
    json += ']';
    return absl::OkStatus();
  }

  absl::Status AppendNumbers(const Tensors& outputs, std::string& json) const {
    if (outputs.size() != 1 || outputs[0].num_elements() != num_rows_) return Unfit("one number", outputs);
    AppendNested(outputs[0].Reshaped(Shape{num_rows_}), json);
    return absl::OkStatus();
  }

  absl::Status AppendRows(const Signature& signature, const Tensors& outputs, std::string& json) const {
    for (size_t i = 0; i < outputs.size(); ++i) {
      const Shape& shape = outputs[i].shape();
      if (shape.rank() > 0 && shape[0] == num_rows_) continue;
      return absl::InvalidArgumentError(absl::StrCat("output ", Quote(signature.outputs[i].name), ": expected ",
                                                     num_rows_, " rows, got ", shape.ToString(),
                                                     "; use \"inputs\" for this model"));
    }
    json += '[';
    for (int64_t row = 0; row < num_rows_; ++row) {
      if (row > 0) json += ',';
      if (outputs.size() > 1) json += '{';
      for (size_t i = 0; i < outputs.size(); ++i) {
        if (i > 0) json += ',';
        if (outputs.size() > 1) absl::StrAppend(&json, Dump(Json(signature.outputs[i].name)), ":");
        const Tensor one = outputs[i].Rows(row, row + 1);
        const absl::Span<const int64_t> dims = one.shape().dims();
        AppendNested(one.Reshaped(Shape(dims.subspan(1))), json);
      }
      if (outputs.size() > 1) json += '}';
    }
    json += ']';
    return absl::OkStatus();
  }

  static void AppendColumns(const Signature& signature, const Tensors& outputs, std::string& json) {
    if (outputs.size() == 1) return AppendNested(outputs[0], json);
    for (size_t i = 0; i < outputs.size(); ++i) {
      absl::StrAppend(&json, i == 0 ? "{" : ",", Dump(Json(signature.outputs[i].name)), ":");
      AppendNested(outputs[i], json);
    }
    json += '}';
  }

  const std::shared_ptr<const HttpRequest> request_;
  const Method method_;
  bool rows_ = false;
  int64_t num_rows_ = 0;
};

}  // namespace

void TensorFlowRoutes::Answer(std::shared_ptr<const HttpRequest> request, HttpReply reply) {
  const auto path = absl::MakeConstSpan(request->path);
  if (path.size() < 2 || path[1] != "models") return reply(NothingThere(*request));
  if (path.size() == 2) {
    if (request->method != HttpMethod::kGet) return reply(WrongMethod(HttpMethod::kGet));
    return reply(HttpResponse{200, Dump({{"models", control_.ModelNames()}})});
  }
  const std::optional<ModelPath> model = ParsePath(path.subspan(2));
  if (!model.has_value()) return reply(NothingThere(*request));
  if (const std::optional<Method> method = MethodOf(model->what); method.has_value()) {
    if (request->method != HttpMethod::kPost) return reply(WrongMethod(HttpMethod::kPost));
    return Predict(std::move(request), model->spec, *method, std::move(reply));
  }
  if (!model->what.empty() && model->what != "metadata") return reply(NothingThere(*request));
  if (request->method != HttpMethod::kGet) return reply(WrongMethod(HttpMethod::kGet));
  reply(model->what.empty() ? AnswerStatus(model->spec) : AnswerMetadata(model->spec));
}

HttpResponse TensorFlowRoutes::AnswerStatus(const tfs::ModelSpec& spec) const {
  tfs::GetModelStatusRequest request;
  *request.mutable_model_spec() = spec;
  tfs::GetModelStatusResponse response;
  const absl::Status status = control_.GetModelStatus(request, response);
  if (!status.ok()) return ToHttpResponse(status);
  Json json = ProtobufJson(response);
  // What clients of KServe look for.
  bool ready = false;
  for (const auto& version : response.model_version_status()) {
    ready = ready || version.state() == tfs::ModelVersionStatus::AVAILABLE;
  }
  json["name"] = spec.name();
  json["ready"] = ready;
  return {200, Dump(json)};
}

HttpResponse TensorFlowRoutes::AnswerMetadata(const tfs::ModelSpec& spec) const {
  tfs::GetModelMetadataRequest request;
  *request.mutable_model_spec() = spec;
  request.add_metadata_field("signature_def");
  tfs::ModelSpec found;
  tfs::SignatureDefMap signatures;
  const absl::Status status = control_.GetModelMetadata(request, found, signatures);
  if (!status.ok()) return ToHttpResponse(status);
  const Json model = {
      {"name", found.name()}, {"signature_name", ""}, {"version", absl::StrCat(found.version().value())}};
  Json map = ProtobufJson(signatures);
  map.update(ProtobufJson(signatures, /*camel_case=*/true));
  return {200, Dump({{"model_spec", model}, {"modelSpec", model}, {"metadata", {{"signature_def", map}}}})};
}

void TensorFlowRoutes::Predict(std::shared_ptr<const HttpRequest> request, const tfs::ModelSpec& spec, Method method,
                               HttpReply reply) {
  Predictor::Request prediction;
  prediction.protocol = Protocol::kTensorFlow;
  prediction.model = spec.name();
  prediction.version = control_.VersionOf(spec);
  const auto call = std::make_shared<RestPrediction>(request, method);
  const auto response = std::make_shared<HttpResponse>();
  prediction.decode = [call](const ServedModel& model, Predictor::Request&) { return call->Decode(model); };
  prediction.encode = [call, response](const ServedModel& model, const Tensors& outputs) -> absl::Status {
    BARYON_ASSIGN_OR_RETURN(*response, call->Encode(model, outputs));
    return absl::OkStatus();
  };
  AnswerPrediction(predictor_, *request, std::move(prediction), response, std::move(reply));
}

}  // namespace baryon
