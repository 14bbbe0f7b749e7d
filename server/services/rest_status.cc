#include "server/services/rest_status.h"

#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "server/error_details.h"
#include "server/refusal.h"

namespace baryon {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMostBytes = 1024;

std::string TypeUrl(absl::string_view name) { return absl::StrCat("type.googleapis.com/google.rpc.", name); }

Json DetailsToJson(const ErrorDetails& details, std::optional<absl::Duration> delay) {
  Json info = {{"@type", TypeUrl("ErrorInfo")}, {"reason", details.reason}, {"domain", "baryon"}};
  Json json = Json::array();
  if (details.field.empty()) {
    json.push_back(std::move(info));
  } else {
    info["metadata"] = {{"field", details.field}, {"expected", details.expected}, {"got", details.got}};
    json.push_back(std::move(info));
    const std::string description = absl::StrCat("expected ", details.expected, ", got ", details.got);
    json.push_back({{"@type", TypeUrl("BadRequest")},
                    {"fieldViolations", {{{"field", details.field}, {"description", description}}}}});
  }
  if (delay.has_value()) {
    json.push_back(
        {{"@type", TypeUrl("RetryInfo")}, {"retryDelay", absl::StrFormat("%.3fs", absl::ToDoubleSeconds(*delay))}});
  }
  return json;
}

}  // namespace

int HttpStatusOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
      return 409;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kCancelled:
      return 499;
    case absl::StatusCode::kUnimplemented:
      return 501;
    case absl::StatusCode::kUnavailable:
      return 503;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

HttpResponse ToHttpResponse(const absl::Status& status) {
  const std::optional<absl::Duration> delay = RetryDelayOf(status);
  const Json body = {{"error", std::string(status.message().substr(0, kMostBytes))},
                     {"code", absl::StatusCodeToString(status.code())},
                     {"details", DetailsToJson(DetailsOf(status), delay)}};
  HttpResponse response{HttpStatusOf(status.code()), body.dump(-1, ' ', false, Json::error_handler_t::replace)};
  if (delay.has_value()) {
    const int64_t seconds = absl::ToInt64Seconds(absl::Ceil(*delay, absl::Seconds(1)));
    response.headers.emplace_back("Retry-After", absl::StrCat(std::max<int64_t>(1, seconds)));
  }
  if (absl::IsUnauthenticated(status)) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

}  // namespace baryon
