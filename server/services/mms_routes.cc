#include "server/services/mms_routes.h"

#include <charconv>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "engine/base/status_macros.h"
#include "engine/io/npy.h"
#include "nlohmann/json.hpp"
#include "server/error_details.h"
#include "server/json/json_reader.h"
#include "server/json/json_tensor.h"
#include "server/quote.h"
#include "server/services/json_inputs.h"
#include "server/services/proto_json.h"
#include "server/services/rest_status.h"
#include "server/services/tensor_codec.h"
#include "server/services/top_classes.h"

namespace baryon {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kBestClasses = 5;

// "text/csv" of "text/csv; charset=utf-8", in lower case.
std::string MediaType(absl::string_view header) {
  const absl::string_view type = header.substr(0, header.find(';'));
  return absl::AsciiStrToLower(absl::StripAsciiWhitespace(type));
}

absl::StatusOr<const TensorSpec*> FindOnlyInput(const ServedModel& model) {
  const TensorSpec* const only = OnlyInput(model.signature());
  if (only != nullptr) return only;
  return absl::InvalidArgumentError("expected application/json for a model that has not one input");
}

// --- Bodies

absl::StatusOr<Tensors> DecodeJson(const ServedModel& model, absl::string_view body) {
  JsonText text;
  BARYON_RETURN_IF_ERROR(text.Open(body));
  JsonInputs inputs(model);
  if (absl::StartsWith(absl::StripLeadingAsciiWhitespace(body), "[")) {
    BARYON_ASSIGN_OR_RETURN(const JsonArray array, text.Array());
    BARYON_RETURN_IF_ERROR(inputs.AddColumn(array, "the array"));
  } else {
    BARYON_ASSIGN_OR_RETURN(const JsonObject object, text.Object());
    BARYON_RETURN_IF_ERROR(inputs.AddColumnsByName(object, "the object"));
  }
  BARYON_RETURN_IF_ERROR(text.Finish());
  return inputs.Finish();
}

// The shape of `rows` rows of `columns` numbers: as the model has it, or as an example of its inputs.
Shape ShapeOfRows(const Signature& signature, const TensorSpec& spec, int64_t rows, int64_t columns) {
  std::vector<Shape> known = {spec.type.shape};
  const TensorType* const example = ExampleOf(signature, spec.name);
  if (example != nullptr) known.push_back(example->shape);
  for (Shape& shape : known) {
    if (!shape.has_rank() || shape.rank() < 2 || !Shape(shape.dims().subspan(1)).IsFullyKnown()) continue;
    if (shape.Product(1, shape.rank()) != columns) continue;
    shape[0] = rows;
    return shape;
  }
  return {rows, columns};
}

// Rows of numbers; each is one row of the input, whatever its shape.
absl::StatusOr<Tensors> DecodeCsv(const ServedModel& model, absl::string_view body) {
  BARYON_ASSIGN_OR_RETURN(const TensorSpec* const spec, FindOnlyInput(model));
  std::vector<float> elements;
  int64_t rows = 0, columns = 0;
  for (absl::string_view line : absl::StrSplit(body, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (line.empty()) continue;
    int64_t count = 0;
    for (absl::string_view cell : absl::StrSplit(line, ',')) {
      float number;
      if (!absl::SimpleAtof(cell, &number)) {
        return absl::InvalidArgumentError(absl::StrCat("line ", rows + 1, ": expected numbers, got ", Quote(cell)));
      }
      elements.push_back(number);
      ++count;
    }
    if (rows++ == 0) columns = count;
    if (count != columns) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", rows, ": expected ", columns, " numbers as before, got ", count));
    }
  }
  const Shape shape = ShapeOfRows(model.signature(), *spec, rows, columns);
  const DType dtype = spec->type.dtype == DType::kUnknown ? DType::kFloat32 : spec->type.dtype;
  Tensor tensor = Tensor::FromData<float>(Shape{static_cast<int64_t>(elements.size())}, absl::MakeConstSpan(elements));
  InputBinder binder(model);
  BARYON_RETURN_IF_ERROR(binder.AddTensor(spec->name, tensor.Reshaped(shape).Cast(dtype)));
  return binder.Finish();
}

absl::StatusOr<Tensors> DecodeNpy(const ServedModel& model, absl::string_view body) {
  BARYON_ASSIGN_OR_RETURN(const TensorSpec* const spec, FindOnlyInput(model));
  absl::StatusOr<Tensor> tensor = ParseNpy(body, "the body");
  if (!tensor.ok()) return absl::InvalidArgumentError(tensor.status().message());
  InputBinder binder(model);
  BARYON_RETURN_IF_ERROR(binder.AddTensor(spec->name, *std::move(tensor)));
  return binder.Finish();
}

absl::StatusOr<Tensors> DecodePicture(const ServedModel& model, absl::string_view body) {
  BARYON_ASSIGN_OR_RETURN(const TensorSpec* const spec, FindOnlyInput(model));
  InputBinder binder(model);
  BARYON_RETURN_IF_ERROR(binder.AddPictures(spec->name, {body}));
  return binder.Finish();
}

bool IsPictureType(absl::string_view type) {
  return absl::StartsWith(type, "image/") || type == "application/octet-stream";
}

absl::StatusOr<Tensors> Decode(const ServedModel& model, const HttpRequest& request) {
  const std::string type = MediaType(request.Header("content-type"));
  const absl::string_view body = request.body.view();
  if (type.empty() || type == "application/json") return DecodeJson(model, body);
  if (type == "application/x-npy") return DecodeNpy(model, body);
  if (type == "text/csv") return DecodeCsv(model, body);
  if (IsPictureType(type)) return DecodePicture(model, body);
  return WithReason(absl::InvalidArgumentError(absl::StrCat("expected application/json, application/x-npy, "
                                                            "text/csv or image/*, got ",
                                                            Quote(type))),
                    "MEDIA_TYPE_UNSUPPORTED");
}

// --- Answers

Json ClassesOf(const ServedModel& model, const Tensor& scores) {
  Json rows = Json::array();
  for (const std::vector<ClassScore>& row : TopClasses(scores, model.labels(), kBestClasses)) {
    Json best = Json::array();
    for (const ClassScore& one : row) {
      best.push_back({{"probability", one.score}, {"class", one.label.empty() ? absl::StrCat(one.index) : one.label}});
    }
    rows.push_back(std::move(best));
  }
  return rows.size() == 1 ? rows[0] : rows;
}

absl::StatusOr<HttpResponse> Encode(const ServedModel& model, const HttpRequest& request, const Tensors& outputs) {
  if (MediaType(request.Header("accept")) == "application/x-npy") {
    if (outputs.size() == 1) return HttpResponse{200, FormatNpy(outputs[0]), "application/x-npy"};
    return absl::InvalidArgumentError("expected Accept: application/json for a model of several outputs");
  }
  if (IsPictureType(MediaType(request.Header("content-type"))) &&
      IsClassifier(model.signature(), model.labels(), outputs)) {
    return HttpResponse{200, Dump(ClassesOf(model, outputs[0]))};
  }
  HttpResponse response;
  if (outputs.size() > 1) response.body += '[';
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (i > 0) response.body += ',';
    AppendNested(outputs[i], response.body);
  }
  if (outputs.size() > 1) response.body += ']';
  return response;
}

// How many segments a path has that begins so.
size_t SegmentsOf(const std::string& first) { return first == "models" ? 3 : first == "predictions" ? 2 : 1; }

// The reason in the body of an error, or "".
std::string ReasonOf(const Json& error) {
  const Json& details = error.contains("details") ? error["details"] : Json::array();
  return details.empty() ? "" : details[0].value("reason", "");
}

}  // namespace

HttpResponse AsMms(HttpResponse response) {
  if (response.status < 400) return response;
  Json error = Json::parse(response.body, nullptr, /*allow_exceptions=*/false);
  if (!error.is_object()) return response;
  if (ReasonOf(error) == "MEDIA_TYPE_UNSUPPORTED") response.status = 415;
  Json mms = {{"code", response.status}, {"type", error.value("code", "ERROR")}, {"message", error.value("error", "")}};
  mms["error"] = error.value("error", "");
  if (error.contains("details")) mms["details"] = error["details"];
  response.body = Dump(mms);
  return response;
}

std::optional<Right> MmsRoutes::RightFor(const HttpRequest& head) const {
  if (head.path[0] == "ping") return std::nullopt;
  return Right::kUse;
}

HttpResponse MmsRoutes::AnswerPing() const {
  if (ready_) return {200, "{\"status\":\"Healthy\"}"};
  return {503, "{\"status\":\"Unhealthy\"}"};
}

absl::StatusOr<std::string> MmsRoutes::ModelOf(const HttpRequest& request) const {
  if (request.path[0] == "predictions" || request.path[0] == "models") return request.path[1];
  const absl::string_view parameter = request.Parameter("model_name"),
                          header = request.Header("x-amzn-sagemaker-target-model");
  if (!parameter.empty() || !header.empty()) return std::string(parameter.empty() ? header : parameter);
  std::set<std::string> names;
  for (const ModelRegistry::Entry& entry : registry_.List()) names.insert(entry.name);
  if (names.size() == 1) return *names.begin();
  return absl::InvalidArgumentError(
      absl::StrCat("expected ?model_name=NAME, as there are ", names.size(), " models, got none"));
}

void MmsRoutes::Answer(std::shared_ptr<const HttpRequest> request, HttpReply reply) {
  if (request->path.size() != SegmentsOf(request->path[0])) return reply(AsMms(NothingThere(*request)));
  if (request->path[0] == "ping") return reply(AnswerPing());
  if (request->method != HttpMethod::kPost) return reply(AsMms(WrongMethod(HttpMethod::kPost)));
  const absl::StatusOr<std::string> name = ModelOf(*request);
  Predictor::Request prediction;
  prediction.protocol = Protocol::kMms;
  prediction.model = name.value_or("");
  if (!name.ok()) prediction.version = name.status();
  const auto response = std::make_shared<HttpResponse>();
  prediction.decode = [request](const ServedModel& model, Predictor::Request&) { return Decode(model, *request); };
  prediction.encode = [request, response](const ServedModel& model, const Tensors& outputs) -> absl::Status {
    BARYON_ASSIGN_OR_RETURN(*response, Encode(model, *request, outputs));
    return absl::OkStatus();
  };
  AnswerPrediction(predictor_, *request, std::move(prediction), response,
                   [reply = std::move(reply)](HttpResponse answer) mutable { reply(AsMms(std::move(answer))); });
}

}  // namespace baryon
