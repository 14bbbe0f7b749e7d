#include "server/http/http_rules.h"

#include <boost/beast/http.hpp>
#include <cstdint>
#include <iterator>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/http/inflate.h"
#include "server/quote.h"

namespace baryon {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

absl::string_view View(beast::string_view text) { return absl::string_view(text.data(), text.size()); }

}  // namespace

std::optional<HttpResponse> CheckHeaders(const HttpHead& head, const HttpServer::Options& options) {
  const auto count = std::distance(head.begin(), head.end());
  if (count > options.max_headers) {
    return HttpError(431, absl::StrCat("expected at most ", options.max_headers, " headers, got ", count));
  }
  const auto hosts = head.equal_range(http::field::host);
  const auto num_hosts = std::distance(hosts.first, hosts.second);
  if (num_hosts > 1 || (num_hosts == 0 && head.version() >= 11)) {
    return HttpError(400, absl::StrCat("expected one Host header, got ", num_hosts));
  }
  const absl::string_view transfer = View(head[http::field::transfer_encoding]);
  if (!transfer.empty() && !absl::EqualsIgnoreCase(transfer, "chunked")) {
    return HttpError(501, absl::StrCat("expected Transfer-Encoding chunked, got ", Quote(transfer)));
  }
  const absl::string_view expect = View(head[http::field::expect]);
  if (!expect.empty() && !absl::EqualsIgnoreCase(expect, "100-continue")) {
    return HttpError(417, absl::StrCat("expected Expect: 100-continue, got ", Quote(expect)));
  }
  const absl::string_view encoding = View(head[http::field::content_encoding]);
  if (!encoding.empty() && !absl::EqualsIgnoreCase(encoding, "identity") && !CanInflate(encoding)) {
    return HttpError(415, absl::StrCat("expected Content-Encoding gzip or deflate, got ", Quote(encoding)));
  }
  return std::nullopt;
}

std::optional<HttpResponse> FillHead(const HttpHead& head, HttpRequest& request) {
  if (head.method() == http::verb::post) {
    request.method = HttpMethod::kPost;
  } else if (head.method() == http::verb::delete_) {
    request.method = HttpMethod::kDelete;
  } else if (head.method() != http::verb::get && head.method() != http::verb::head) {
    HttpResponse response = HttpError(405, "expected GET, HEAD, POST or DELETE");
    response.headers.emplace_back("Allow", "GET, HEAD, POST, DELETE");
    return response;
  }
  const absl::Status parsed = ParseTarget(View(head.target()), request);
  if (!parsed.ok()) return HttpError(400, parsed.message());
  for (const auto& field : head) {
    request.headers.emplace_back(absl::AsciiStrToLower(View(field.name_string())), std::string(field.value()));
  }
  return std::nullopt;
}

// Where, in the body, arrays start: behind the JSON, if the client said how long that is.
size_t AlignedOffset(const HttpRequest& request) {
  uint64_t offset = 0;
  return absl::SimpleAtoi(request.Header("inference-header-content-length"), &offset) ? offset : 0;
}

bool IsHttpError(const beast::error_code& error) {
  return error.category() == make_error_code(http::error::bad_method).category() &&
         error != http::error::end_of_stream && error != http::error::partial_message;
}

HttpResponse AnswerToHttpError(const beast::error_code& error) {
  if (error == http::error::body_limit) return HttpError(413, "the body is larger than this server allows");
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return HttpError(431, "the headers are larger than this server allows");
  }
  return HttpError(400, absl::StrCat("this is no HTTP request: ", error.message()));
}

}  // namespace baryon
