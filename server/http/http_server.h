// The HTTP/1.1 front of the server, over Boost.Beast: asynchronous, bounded in everything a client can make large or
// slow, with TLS.
#ifndef BARYON_SERVER_HTTP_HTTP_SERVER_H_
#define BARYON_SERVER_HTTP_HTTP_SERVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/http/http_message.h"
#include "server/security/tls_keys.h"

namespace baryon {

// Sends the answer. Called once, from any thread; a request whose reply is dropped is answered with 500.
using HttpReply = absl::AnyInvocable<void(HttpResponse response)>;

// What answers requests. Both functions are thread-safe.
struct HttpHandler {
  // Looks at a request before its body is read: an answer refuses it. May be empty. Runs on an event thread.
  std::function<std::optional<HttpResponse>(const HttpRequest& head)> refuse;
  // Answers, now or later; blocks for no longer than it takes to read the body. Small requests run on an event thread,
  // large and compressed ones on a thread of their own kind.
  std::function<void(std::shared_ptr<const HttpRequest> request, HttpReply reply)> answer;
};

// One event loop for all addresses. Every connection has one request under way at a time; what a client sends ahead
// waits in the socket. Refusals: 400 what is no HTTP, or ambiguous about its length; 405 methods besides GET, HEAD,
// POST; 408 never (a client too slow is cut off); 413, 415 bodies; 431 headers; 501 transfer encodings; 503 no memory
// left in the budget. Thread-safe.
class HttpServer {
 public:
  struct Options {
    int num_threads = 1;                                // of the event loop
    int64_t max_header_bytes = 16 << 10;                // with the request line
    int max_headers = 100;                              //
    int64_t max_body_bytes = 64 << 20;                  // as sent, and again after decompression
    int64_t max_total_body_bytes = int64_t{512} << 20;  // of all connections together
    int max_connections = 1000;                         // of one address; more wait to be accepted
    absl::Duration idle_timeout = absl::Seconds(60);    // between requests
    absl::Duration header_timeout = absl::Seconds(10);  // from the first byte of a request to its last header
    absl::Duration body_timeout = absl::Seconds(30);    // for a body, plus what it takes at min_bytes_per_second
    absl::Duration write_timeout = absl::Seconds(30);   // for an answer, likewise
    int64_t min_bytes_per_second = 64 << 10;
  };

  explicit HttpServer(const Options& options);
  ~HttpServer();  // closes all connections; waits for handlers that have not replied
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Answers on host:port; 0 picks a free port. Returns the port. `tls`, which outlives the server, may be null: plain
  // text. Before Start. Errors: UNAVAILABLE, the address cannot be had, with the system's reason.
  absl::StatusOr<int> Listen(const std::string& host, int port, HttpHandler handler, const TlsKeys* tls = nullptr);
  void Start();

  // Takes no more connections, closes those that are idle and the others after their next answer. Returns when all are
  // closed or `timeout` has passed.
  void Drain(absl::Duration timeout);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_HTTP_HTTP_SERVER_H_
