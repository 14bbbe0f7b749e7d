#include "server/http/http_message.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "engine/base/status_macros.h"
#include "nlohmann/json.hpp"
#include "server/quote.h"

namespace baryon {
namespace {

absl::string_view Find(const HttpHeaders& headers, absl::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "";
}

absl::StatusOr<std::string> PercentDecode(absl::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const absl::string_view digits = text.substr(i + 1, 2);
    if (digits.size() < 2 || !absl::ascii_isxdigit(digits[0]) || !absl::ascii_isxdigit(digits[1]) || digits == "00") {
      return absl::InvalidArgumentError(absl::StrCat("expected %XX in the path, got ", Quote(text.substr(i, 3))));
    }
    decoded += absl::HexStringToBytes(digits);
    i += 2;
  }
  return decoded;
}

}  // namespace

absl::string_view HttpRequest::Header(absl::string_view name) const { return Find(headers, name); }

absl::string_view HttpRequest::Parameter(absl::string_view name) const { return Find(query, name); }

std::string HttpRequest::PathText() const { return absl::StrCat("/", absl::StrJoin(path, "/")); }

HttpResponse HttpError(int status, absl::string_view message) {
  const nlohmann::json body = {{"error", std::string(message)}};
  return {status, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

absl::Status ParseTarget(absl::string_view target, HttpRequest& request) {
  if (absl::ConsumePrefix(&target, "http://") || absl::ConsumePrefix(&target, "https://")) {
    target = target.substr(std::min(target.find('/'), target.size()));
    if (target.empty()) target = "/";
  }
  if (target.empty() || target[0] != '/') {
    return absl::InvalidArgumentError(absl::StrCat("expected a path, got ", Quote(target)));
  }
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(target, absl::MaxSplits('?', 1));
  for (absl::string_view segment : absl::StrSplit(absl::StripSuffix(parts.first.substr(1), "/"), '/')) {
    BARYON_ASSIGN_OR_RETURN(std::string decoded, PercentDecode(segment));
    request.path.push_back(std::move(decoded));
  }
  for (absl::string_view parameter : absl::StrSplit(parts.second, '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> sides = absl::StrSplit(parameter, absl::MaxSplits('=', 1));
    BARYON_ASSIGN_OR_RETURN(std::string name, PercentDecode(sides.first));
    BARYON_ASSIGN_OR_RETURN(std::string value, PercentDecode(sides.second));
    request.query.emplace_back(std::move(name), std::move(value));
  }
  return absl::OkStatus();
}

}  // namespace baryon
