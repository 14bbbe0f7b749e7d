// What Beast lets through and a server should not. Part of http_connection.
#ifndef BARYON_SERVER_HTTP_HTTP_RULES_H_
#define BARYON_SERVER_HTTP_HTTP_RULES_H_

#include <boost/beast/core/error.hpp>
#include <boost/beast/http/message.hpp>
#include <cstddef>
#include <optional>

#include "server/http/http_message.h"
#include "server/http/http_server.h"

namespace baryon {

using HttpHead = boost::beast::http::request_header<>;

// The answer to a request whose headers are ambiguous or ask for what this server does not do; nothing when they are
// fine.
std::optional<HttpResponse> CheckHeaders(const HttpHead& head, const HttpServer::Options& options);

// Method, path, query and headers of `head` into `request`; or the answer to a request that has none such.
std::optional<HttpResponse> FillHead(const HttpHead& head, HttpRequest& request);

// Where, in the body, arrays start: behind the JSON, if the client said how long that is.
size_t AlignedOffset(const HttpRequest& request);

// True when `error` says that the client does not speak HTTP well, and false when it, or the network, is gone.
bool IsHttpError(const boost::beast::error_code& error);
HttpResponse AnswerToHttpError(const boost::beast::error_code& error);

}  // namespace baryon

#endif  // BARYON_SERVER_HTTP_HTTP_RULES_H_
