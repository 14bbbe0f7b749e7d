// One connection of the HTTP front. Part of http_server.
#ifndef BARYON_SERVER_HTTP_HTTP_CONNECTION_H_
#define BARYON_SERVER_HTTP_HTTP_CONNECTION_H_

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>

#include "absl/functional/any_invocable.h"
#include "server/http/http_body.h"
#include "server/http/http_server.h"

namespace baryon {

// What all connections of a server share; outlives them.
struct HttpContext {
  explicit HttpContext(const HttpServer::Options& options)
      : options(options), budget(std::make_shared<BodyBudget>(options.max_total_body_bytes)), workers(2) {}

  const HttpServer::Options options;
  const std::shared_ptr<BodyBudget> budget;
  std::atomic<bool> draining{false};
  boost::asio::thread_pool workers;  // for bodies whose decoding would hold up the event loop
};

// Lives as long as something is under way: reading, writing, or a handler that has not replied. Thread-safe.
class HttpConnection {
 public:
  virtual ~HttpConnection() = default;
  virtual void Start() = 0;
  virtual void CloseWhenIdle() = 0;  // now, or after the answer under way
  virtual void Close() = 0;          // now; an answer under way is lost
};

// A connection over `socket`, whose executor is a strand of its own; encrypted when `tls` is given. `context` and
// `handler` outlive it; `on_end` is called when it is gone.
std::shared_ptr<HttpConnection> MakeHttpConnection(boost::asio::ip::tcp::socket socket,
                                                   std::shared_ptr<const TlsKeys::State> tls, HttpContext& context,
                                                   const HttpHandler& handler, absl::AnyInvocable<void()> on_end);

}  // namespace baryon

#endif  // BARYON_SERVER_HTTP_HTTP_CONNECTION_H_
