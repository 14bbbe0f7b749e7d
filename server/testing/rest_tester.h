// Requests to REST protocols without a connection.
#ifndef BARYON_SERVER_TESTING_REST_TESTER_H_
#define BARYON_SERVER_TESTING_REST_TESTER_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "engine/base/check.h"
#include "server/http/http_message.h"
#include "server/services/rest_protocol.h"

namespace baryon {

// A request as a connection would hand it on.
inline std::shared_ptr<const HttpRequest> MakeHttpRequest(HttpMethod method, absl::string_view target,
                                                          absl::string_view body = "", HttpHeaders headers = {}) {
  auto request = std::make_shared<HttpRequest>();
  request->method = method;
  BARYON_CHECK(ParseTarget(target, *request).ok());
  for (auto& [name, value] : headers) absl::AsciiStrToLower(&name);
  request->headers = std::move(headers);
  BARYON_CHECK(request->body.Append(body, body.size()));
  return request;
}

// The answer of `protocol`, whenever it comes.
inline HttpResponse Ask(RestProtocol& protocol, std::shared_ptr<const HttpRequest> request) {
  HttpResponse answer;
  absl::Notification answered;
  protocol.Answer(std::move(request), [&](HttpResponse response) {
    answer = std::move(response);
    answered.Notify();
  });
  answered.WaitForNotification();
  return answer;
}

inline HttpResponse Get(RestProtocol& protocol, absl::string_view target) {
  return Ask(protocol, MakeHttpRequest(HttpMethod::kGet, target));
}
inline HttpResponse Post(RestProtocol& protocol, absl::string_view target, absl::string_view body,
                         HttpHeaders headers = {}) {
  return Ask(protocol, MakeHttpRequest(HttpMethod::kPost, target, body, std::move(headers)));
}

// All bytes behind the headers.
inline std::string WholeBody(const HttpResponse& response) {
  std::string body = response.body;
  for (const HttpPiece& piece : response.pieces) absl::StrAppend(&body, piece.bytes);
  return body;
}

inline std::string HeaderOf(const HttpResponse& response, absl::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

}  // namespace baryon

#endif  // BARYON_SERVER_TESTING_REST_TESTER_H_
