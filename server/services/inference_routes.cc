#include "server/services/inference_routes.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "engine/base/status_macros.h"
#include "server/json/json_reader.h"
#include "server/quote.h"
#include "server/services/inference_rest.h"
#include "server/services/model_plan.h"
#include "server/services/proto_json.h"
#include "server/services/rest_status.h"

namespace baryon {
namespace {

using Json = nlohmann::ordered_json;
using Path = absl::Span<const std::string>;  // the rest of one

bool Is(Path path, std::initializer_list<absl::string_view> segments) {
  return path.size() == segments.size() && std::equal(path.begin(), path.end(), segments.begin());
}

HttpResponse JsonOf(const absl::Status& status, const Json& json) {
  return status.ok() ? HttpResponse{200, Dump(json)} : ToHttpResponse(status);
}

// Reads a body that is a JSON object, or empty.
absl::Status ReadBody(const HttpRequest& request,
                      absl::FunctionRef<absl::Status(absl::string_view key, JsonValue value)> fn) {
  if (request.body.size() == 0) return absl::OkStatus();
  JsonText text;
  BARYON_RETURN_IF_ERROR(text.Open(request.body.view()));
  BARYON_ASSIGN_OR_RETURN(const JsonObject object, text.Object());
  BARYON_RETURN_IF_ERROR(ForEachField(object, "", fn));
  return text.Finish();
}

absl::Status ReadParameter(JsonValue value, absl::string_view where, inference::ModelRepositoryParameter& parameter) {
  bool boolean;
  int64_t integer;
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) {
    parameter.set_string_param(std::string(text));
  } else if (value.get_bool().get(boolean) == simdjson::SUCCESS) {
    parameter.set_bool_param(boolean);
  } else if (value.get_int64().get(integer) == simdjson::SUCCESS) {
    parameter.set_int64_param(integer);
  } else {
    return JsonMismatch(value, where, "a string, an integer or a boolean");
  }
  return absl::OkStatus();
}

// {"parameters": {...}} of a load or unload.
template <typename Request>
absl::Status ReadParameters(const HttpRequest& request, Request& message) {
  return ReadBody(request, [&](absl::string_view key, JsonValue value) -> absl::Status {
    if (key != "parameters") return SkipValue(value, key);
    BARYON_ASSIGN_OR_RETURN(const JsonObject object, ReadObject(value, key));
    return ForEachField(object, key, [&](absl::string_view name, JsonValue parameter) {
      return ReadParameter(parameter, name, (*message.mutable_parameters())[std::string(name)]);
    });
  });
}

// A model, a version or none, and what is wanted of it: behind "/v2/models".
struct ModelPath {
  std::string name, version;
  Path what;
};
std::optional<ModelPath> ParseModelPath(Path path) {
  if (path.empty() || path[0].empty()) return std::nullopt;
  ModelPath model{path[0], "", path.subspan(1)};
  if (model.what.size() < 2 || model.what[0] != "versions") return model;
  model.version = model.what[1];
  if (model.version.empty()) return std::nullopt;
  model.what.remove_prefix(2);
  return model;
}

// Does the path, behind "/v2", ask for a load or an unload?
bool IsControl(Path path) {
  return path.size() >= 4 && path[0] == "repository" && (path.back() == "load" || path.back() == "unload");
}

}  // namespace

std::optional<Right> InferenceRoutes::RightFor(const HttpRequest& head) const {
  const Path path = absl::MakeConstSpan(head.path).subspan(1);
  if (!path.empty() && path[0] == "health") return std::nullopt;
  if (path.size() >= 3 && path[0] == "models" && path.back() == "ready") return std::nullopt;
  return IsControl(path) ? Right::kControl : Right::kUse;
}

void InferenceRoutes::Answer(std::shared_ptr<const HttpRequest> request, HttpReply reply) {
  const Path path = absl::MakeConstSpan(request->path).subspan(1);
  if (path.size() >= 2 && path[0] == "models" && !Is(path, {"models", "stats"}) && path.back() != "setting") {
    return AnswerModel(std::move(request), std::move(reply));
  }
  if (!path.empty() && path[0] == "repository") return AnswerRepository(*request, std::move(reply));
  reply(AnswerServer(*request));
}

// --- Models

void InferenceRoutes::AnswerModel(std::shared_ptr<const HttpRequest> request, HttpReply reply) {
  const std::optional<ModelPath> model = ParseModelPath(absl::MakeConstSpan(request->path).subspan(2));
  if (!model.has_value() || model->what.size() > 1) return reply(NothingThere(*request));
  const std::string what = model->what.empty() ? "" : model->what[0];
  if (what == "infer") {
    if (request->method != HttpMethod::kPost) return reply(WrongMethod(HttpMethod::kPost));
    return Infer(std::move(request), model->name, model->version, std::move(reply));
  }
  if (what == "generate" || what == "generate_stream") {
    return reply(ToHttpResponse(absl::UnimplementedError("models here do not generate text")));
  }
  for (const char* known : {"", "ready", "config", "stats", "plan"}) {
    if (what != known) continue;
    if (request->method != HttpMethod::kGet) return reply(WrongMethod(HttpMethod::kGet));
    return reply(AnswerAboutModel(model->name, model->version, what));
  }
  reply(NothingThere(*request));
}

template <typename Request>
Request RequestFor(const std::string& name, const std::string& version) {
  Request request;
  request.set_name(name);
  request.set_version(version);
  return request;
}

HttpResponse InferenceRoutes::AnswerAboutModel(const std::string& name, const std::string& version,
                                               const std::string& what) const {
  if (what == "ready") {
    inference::ModelReadyResponse ready;
    const absl::Status status = control_.ModelReady(RequestFor<inference::ModelReadyRequest>(name, version), ready);
    HttpResponse response = JsonOf(status, {{"name", name}, {"ready", ready.ready()}});
    if (status.ok() && !ready.ready()) response.status = 503;
    return response;
  }
  if (what == "config") {
    inference::ModelConfigResponse config;
    const absl::Status status = control_.ModelConfig(RequestFor<inference::ModelConfigRequest>(name, version), config);
    return JsonOf(status, ToJson(config.config()));
  }
  if (what == "plan") {
    const auto model = control_.Find(name, version);
    return model.ok() ? HttpResponse{200, Dump(DescribePlan((*model)->plan()))} : ToHttpResponse(model.status());
  }
  if (what == "stats") {
    inference::ModelStatisticsResponse statistics;
    const absl::Status status =
        control_.ModelStatistics(RequestFor<inference::ModelStatisticsRequest>(name, version), statistics);
    return JsonOf(status, ToJson(statistics));
  }
  inference::ModelMetadataResponse metadata;
  const absl::Status status =
      control_.ModelMetadata(RequestFor<inference::ModelMetadataRequest>(name, version), metadata);
  return JsonOf(status, ToJson(metadata));
}

void InferenceRoutes::Infer(std::shared_ptr<const HttpRequest> request, const std::string& name,
                            const std::string& version, HttpReply reply) {
  Predictor::Request prediction;
  prediction.protocol = Protocol::kOpenInference;
  prediction.model = name;
  prediction.version = ParseOipVersion(version);
  const auto inference = std::make_shared<RestInference>(request, control_.regions());
  const auto response = std::make_shared<HttpResponse>();
  prediction.decode = [inference](const ServedModel& model, Predictor::Request& call) {
    return inference->Decode(model, call);
  };
  prediction.encode = [inference, response](const ServedModel& model, const Tensors& outputs) -> absl::Status {
    BARYON_ASSIGN_OR_RETURN(*response, inference->Encode(model, outputs));
    return absl::OkStatus();
  };
  AnswerPrediction(predictor_, *request, std::move(prediction), response, std::move(reply));
}

// --- The repository

void InferenceRoutes::AnswerRepository(const HttpRequest& request, HttpReply reply) {
  Path path = absl::MakeConstSpan(request.path).subspan(2);
  // A name of the repository may stand in between; there is one only.
  if (path.size() > 1 && path[0] != "models" && path[0] != "index") path.remove_prefix(1);
  const bool is_index = Is(path, {"index"});
  const bool is_control = path.size() == 3 && path[0] == "models" && (path[2] == "load" || path[2] == "unload");
  if (!is_index && !is_control) return reply(NothingThere(request));
  if (request.method != HttpMethod::kPost) return reply(WrongMethod(HttpMethod::kPost));
  if (is_index) {
    inference::RepositoryIndexRequest index;
    inference::RepositoryIndexResponse listed;
    absl::Status status = ReadBody(request, [&](absl::string_view key, JsonValue value) -> absl::Status {
      if (key != "ready") return SkipValue(value, key);
      BARYON_ASSIGN_OR_RETURN(const bool ready, ReadBool(value, key));
      index.set_ready(ready);
      return absl::OkStatus();
    });
    if (status.ok()) status = control_.RepositoryIndex(index, listed);
    return reply(JsonOf(status, ToJson(listed)["models"]));
  }
  const auto done = [reply = std::make_shared<HttpReply>(std::move(reply))](const absl::Status& status) {
    (*reply)(JsonOf(status, Json::object()));
  };
  const auto order = [&](auto message, auto method) {
    message.set_model_name(path[1]);
    const absl::Status status = ReadParameters(request, message);
    if (!status.ok()) return done(status);
    (control_.*method)(message, done);
  };
  if (path[2] == "load") {
    order(inference::RepositoryModelLoadRequest(), &InferenceControl::Load);
  } else {
    order(inference::RepositoryModelUnloadRequest(), &InferenceControl::Unload);
  }
}

// --- The server

HttpResponse InferenceRoutes::AnswerServer(const HttpRequest& request) {
  const Path path = absl::MakeConstSpan(request.path).subspan(1);
  if (!path.empty() && path[0] == "systemsharedmemory") return AnswerSharedMemory(request);
  if (!path.empty() && path[0] == "cudasharedmemory") {
    return ToHttpResponse(absl::UnimplementedError("this server runs on processors: there is no CUDA shared memory"));
  }
  if (Is(path, {"logging"}) || (path.size() >= 2 && path.back() == "setting")) return AnswerSettings(request);
  const bool is_stats = Is(path, {"models", "stats"}), is_health = path.size() == 2 && path[0] == "health";
  if (!is_stats && !is_health && !path.empty()) return NothingThere(request);
  if (request.method != HttpMethod::kGet) return WrongMethod(HttpMethod::kGet);
  if (is_health) return AnswerHealth(request);
  if (is_stats) return AnswerAboutModel("", "", "stats");
  inference::ServerMetadataResponse metadata;
  control_.ServerMetadata(metadata);
  return {200, Dump(ToJson(metadata))};
}

HttpResponse InferenceRoutes::AnswerHealth(const HttpRequest& request) const {
  if (request.path.back() == "live") return {200, "{\"live\":true}"};
  if (request.path.back() != "ready") return NothingThere(request);
  if (control_.ready()) return {200, "{\"ready\":true}"};
  return {503, "{\"ready\":false,\"reason\":\"models are being loaded, or the server is about to end\"}"};
}

HttpResponse InferenceRoutes::AnswerSettings(const HttpRequest& request) const {
  std::string changed;
  absl::Status status = ReadBody(request, [&](absl::string_view key, JsonValue value) {
    changed = std::string(key);
    return SkipValue(value, key);
  });
  if (request.path.back() == "logging") {
    inference::LogSettingsRequest settings;
    if (!changed.empty()) (*settings.mutable_settings())[changed];
    inference::LogSettingsResponse known;
    if (status.ok()) status = control_.LogSettings(settings, known);
    Json json = Json::object();
    for (const auto& [name, value] : known.settings()) json[name] = ToJson(value).begin().value();
    return JsonOf(status, json);
  }
  inference::TraceSettingRequest settings;
  if (!changed.empty()) (*settings.mutable_settings())[changed];
  inference::TraceSettingResponse known;
  if (status.ok()) status = control_.TraceSetting(settings, known);
  Json json = Json::object();
  for (const auto& [name, value] : known.settings()) {
    json[name] = name == "trace_level" ? Json(std::vector<std::string>(value.value().begin(), value.value().end()))
                                       : Json(value.value(0));
  }
  return JsonOf(status, json);
}

HttpResponse InferenceRoutes::AnswerSharedMemory(const HttpRequest& request) {
  Path path = absl::MakeConstSpan(request.path).subspan(2);
  std::string region;
  if (path.size() == 3 && path[0] == "region") {
    region = path[1];
    path.remove_prefix(2);
  }
  if (Is(path, {"status"})) {
    if (request.method != HttpMethod::kGet) return WrongMethod(HttpMethod::kGet);
    inference::SystemSharedMemoryStatusRequest asked;
    asked.set_name(region);
    inference::SystemSharedMemoryStatusResponse known;
    const absl::Status status = control_.SharedMemoryStatus(asked, known);
    Json list = Json::array();
    for (const auto& [name, value] : known.regions()) list.push_back(ToJson(value));
    return JsonOf(status, list);
  }
  const bool registers = Is(path, {"register"}) && !region.empty();
  if (!registers && !Is(path, {"unregister"})) return NothingThere(request);
  if (request.method != HttpMethod::kPost) return WrongMethod(HttpMethod::kPost);
  if (!registers) {
    inference::SystemSharedMemoryUnregisterRequest gone;
    gone.set_name(region);
    return JsonOf(control_.SharedMemoryUnregister(gone), Json::object());
  }
  inference::SystemSharedMemoryRegisterRequest added;
  added.set_name(region);
  absl::Status status = ReadBody(request, [&](absl::string_view key, JsonValue value) -> absl::Status {
    if (key == "key") {
      BARYON_ASSIGN_OR_RETURN(*added.mutable_key(), ReadString(value, key));
      return absl::OkStatus();
    }
    if (key != "offset" && key != "byte_size") return SkipValue(value, key);
    BARYON_ASSIGN_OR_RETURN(const int64_t number, ReadInteger(value, key));
    if (number < 0) return absl::InvalidArgumentError(absl::StrCat(key, ": expected 0 or more, got ", number));
    key == "offset" ? added.set_offset(number) : added.set_byte_size(number);
    return absl::OkStatus();
  });
  if (status.ok()) status = control_.SharedMemoryRegister(added);
  return JsonOf(status, Json::object());
}

}  // namespace baryon
