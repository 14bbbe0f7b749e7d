// Requests and answers of HTTP as values.
#ifndef BARYON_SERVER_HTTP_HTTP_MESSAGE_H_
#define BARYON_SERVER_HTTP_HTTP_MESSAGE_H_

#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/http/http_body.h"

namespace baryon {

enum class HttpMethod { kGet, kPost, kDelete };

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// One request. Immutable for whoever answers it.
struct HttpRequest {
  HttpMethod method = HttpMethod::kGet;  // HEAD comes as kGet; its answer loses the body on the way
  std::vector<std::string> path;  // its segments, each decoded once: "/v2/models/a%2Fb" is {"v2", "models", "a/b"}
  HttpHeaders query;              // parameters behind the '?', decoded, in their order
  HttpHeaders headers;            // names in lower case
  HttpBody body;                  // decompressed
  std::stop_token stop;           // asked to stop once nobody waits for the answer any more

  // The value of the header `name` (in lower case), or "".
  absl::string_view Header(absl::string_view name) const;
  // The value of the query parameter `name`, or "".
  absl::string_view Parameter(absl::string_view name) const;
  // "/v2/models/digits", for messages.
  std::string PathText() const;
};

// Bytes of an answer that live elsewhere.
struct HttpPiece {
  absl::string_view bytes;
  std::shared_ptr<const void> owner;  // keeps them alive
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  HttpHeaders headers = {};            // besides Content-Type, Content-Length and those of the connection
  std::vector<HttpPiece> pieces = {};  // follow `body`
};

// {"error": message} with the given status.
HttpResponse HttpError(int status, absl::string_view message);

// The path and query of a request target ("/v2/models/x?a=b", or an absolute URI) into `request`. A trailing '/' is the
// same as none. Errors: INVALID_ARGUMENT, no such target, or one with escapes that are none or hide a NUL.
absl::Status ParseTarget(absl::string_view target, HttpRequest& request);

}  // namespace baryon

#endif  // BARYON_SERVER_HTTP_HTTP_MESSAGE_H_
