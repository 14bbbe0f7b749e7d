// A small HTTP/1.1 server for health probes and scrapers: libevent's, on a thread of its own, so that it answers while
// every core computes.
#ifndef BARYON_SERVER_HTTP_HTTP_SERVER_H_
#define BARYON_SERVER_HTTP_HTTP_SERVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace baryon {

enum class HttpMethod { kGet, kPost };

struct HttpRequest {
  HttpMethod method = HttpMethod::kGet;  // HEAD comes as kGet; its answer loses the body on the way
  std::string path;                      // decoded once, without the query
  std::string body;
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
};

// {"error": message} with the given status.
HttpResponse HttpError(int status, absl::string_view message);

class HttpServer {
 public:
  struct Options {
    int64_t max_header_bytes = 16 << 10;              // more: 400
    int64_t max_body_bytes = 64 << 20;                // more: 413
    absl::Duration idle_timeout = absl::Seconds(30);  // of a connection on which nothing moves
  };
  using Handler = std::function<HttpResponse(const HttpRequest&)>;

  explicit HttpServer(const Options& options);
  ~HttpServer();  // closes all connections
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Answers on host:port with what `handler` says; 0 picks a free port. Returns the port. Before Start; `handler` runs
  // on the server's thread. Errors: UNAVAILABLE, the address cannot be had, with the system's reason.
  absl::StatusOr<int> Listen(const std::string& host, int port, Handler handler);
  void Start();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_HTTP_HTTP_SERVER_H_
