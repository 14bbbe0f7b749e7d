#include "server/services/mms_management.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "engine/base/status_macros.h"
#include "nlohmann/json.hpp"
#include "server/json/json_reader.h"
#include "server/models/model_repository.h"
#include "server/quote.h"
#include "server/services/proto_json.h"
#include "server/services/rest_status.h"

namespace baryon {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kUsualLimit = 100, kMostListed = 10000;

const char* StatusOf(const ModelRegistry::Entry& entry) {
  if (entry.model != nullptr) return "READY";
  switch (entry.state) {
    case ModelRegistry::State::kFailed:
      return "FAILED";
    case ModelRegistry::State::kEvicted:
      return "EVICTED";
    default:
      return "LOADING";
  }
}

// What a request for a load names.
struct Registration {
  std::string url, name;
};

absl::StatusOr<Registration> ReadRegistration(const HttpRequest& request) {
  Registration read{std::string(request.Parameter("url")), std::string(request.Parameter("model_name"))};
  if (request.body.size() == 0) return read;
  JsonText text;
  BARYON_RETURN_IF_ERROR(text.Open(request.body.view()));
  BARYON_ASSIGN_OR_RETURN(const JsonObject object, text.Object());
  BARYON_RETURN_IF_ERROR(ForEachField(object, "", [&](absl::string_view key, JsonValue value) -> absl::Status {
    if (key != "url" && key != "model_name") return SkipValue(value, key);
    BARYON_ASSIGN_OR_RETURN(key == "url" ? read.url : read.name, ReadString(value, key));
    return absl::OkStatus();
  }));
  BARYON_RETURN_IF_ERROR(text.Finish());
  return read;
}

// The model of the repository that is meant.
absl::StatusOr<std::string> NameOf(const Registration& registration) {
  const std::string url(absl::StripSuffix(registration.url, ".mar"));
  const std::string name = url.empty() ? registration.name : url;
  if (!IsModelName(name)) {
    return absl::InvalidArgumentError(
        absl::StrCat("url: expected the name of a model in this server's repository, got ", Quote(name),
                     name.find('/') == std::string::npos ? "" : "; nothing is fetched from elsewhere"));
  }
  if (!registration.name.empty() && registration.name != name) {
    return absl::InvalidArgumentError(
        absl::StrCat("model_name: expected ", Quote(name), ", as the model is called, got ", Quote(registration.name)));
  }
  return name;
}

HttpResponse StatusText(const absl::Status& status, const std::string& name, const char* what) {
  if (!status.ok()) return AsMms(ToHttpResponse(status));
  return {200, Dump(Json{{"status", absl::StrCat("Model \"", name, "\" ", what)}})};
}

}  // namespace

std::optional<Right> MmsManagement::RightFor(const HttpRequest& head) const {
  const bool reads = head.method == HttpMethod::kGet, predicts = head.path.size() == 3;
  return reads || predicts ? Right::kUse : Right::kControl;
}

void MmsManagement::Answer(std::shared_ptr<const HttpRequest> request, HttpReply reply) {
  const auto& path = request->path;
  if (path.size() == 3 && path[2] == "invoke") return predictions_.Answer(std::move(request), std::move(reply));
  if (path.size() > 2) return reply(AsMms(NothingThere(*request)));
  const bool one = path.size() == 2;
  if (request->method == HttpMethod::kGet) return reply(one ? Describe(path[1]) : List(*request));
  if (one && request->method == HttpMethod::kDelete) return Unregister(path[1], std::move(reply));
  if (!one && request->method == HttpMethod::kPost) return Register(*request, std::move(reply));
  reply(AsMms(WrongMethod(one ? HttpMethod::kDelete : HttpMethod::kPost)));
}

HttpResponse MmsManagement::List(const HttpRequest& request) const {
  int64_t limit = kUsualLimit, first = 0;
  const absl::string_view asked = request.Parameter("limit"), token = request.Parameter("next_page_token");
  if ((!asked.empty() && (!absl::SimpleAtoi(asked, &limit) || limit < 1)) ||
      (!token.empty() && (!absl::SimpleAtoi(token, &first) || first < 0))) {
    return AsMms(ToHttpResponse(absl::InvalidArgumentError("limit, next_page_token: expected whole numbers")));
  }
  std::set<std::string> names;
  for (const ModelRegistry::Entry& entry : registry_.List()) names.insert(entry.name);
  first = std::min(first, static_cast<int64_t>(names.size()));
  const int64_t end = first + std::min(limit, kMostListed);
  Json models = Json::array();
  int64_t index = 0;
  for (const std::string& name : names) {
    if (index >= first && index < end) models.push_back({{"modelName", name}, {"modelUrl", name}});
    ++index;
  }
  Json answer = Json::object();
  if (end < index) answer["nextPageToken"] = absl::StrCat(end);
  answer["models"] = std::move(models);
  return {200, Dump(answer)};
}

HttpResponse MmsManagement::Describe(const std::string& name) const {
  Json versions = Json::array();
  for (const ModelRegistry::Entry& entry : registry_.List()) {
    if (entry.name != name) continue;
    Json version = {{"modelVersion", absl::StrCat(entry.version)}, {"status", StatusOf(entry)}};
    if (!entry.error.ok()) version["reason"] = std::string(entry.error.message());
    if (entry.model != nullptr) version["batchSize"] = entry.model->plan().batching.max_rows;
    versions.push_back(std::move(version));
  }
  if (versions.empty()) {
    return AsMms(ToHttpResponse(absl::NotFoundError(absl::StrCat("no model called ", Quote(name), " is loaded"))));
  }
  Json answer = {{"modelName", name}, {"modelUrl", name}};
  answer.update(versions.back());  // the highest, as it would answer
  answer["versions"] = std::move(versions);
  return {200, Dump(answer)};
}

void MmsManagement::Register(const HttpRequest& request, HttpReply reply) {
  const absl::StatusOr<Registration> registration = ReadRegistration(request);
  const absl::StatusOr<std::string> name = registration.ok() ? NameOf(*registration) : registration.status();
  if (!name.ok()) return reply(AsMms(ToHttpResponse(name.status())));
  if (registry_.Find(*name).ok()) {
    return reply(AsMms(ToHttpResponse(absl::AlreadyExistsError(absl::StrCat("model ", Quote(*name), " is loaded")))));
  }
  manager_.Load(*name, [name = *name, reply = std::move(reply)](const absl::Status& status) mutable {
    reply(StatusText(status, name, "registered"));
  });
}

void MmsManagement::Unregister(const std::string& name, HttpReply reply) {
  manager_.Unload(name, [name, reply = std::move(reply)](const absl::Status& status) mutable {
    reply(StatusText(status, name, "unregistered"));
  });
}

}  // namespace baryon
