// One io_context for all addresses. A listener accepts until it has as many connections as it may, and again when one
// of them ends; when the system has no more descriptors, it waits a little.
#include "server/http/http_server.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "engine/base/status_macros.h"
#include "server/http/http_connection.h"

namespace baryon {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// The connections that there are, to be told when the server wants to end. Thread-safe.
class Connections {
 public:
  void Add(std::weak_ptr<HttpConnection> connection) {
    absl::MutexLock lock(&mutex_);
    ++count_;
    // What has ended since the list was last this long is forgotten.
    if (connections_.size() >= 2 * static_cast<size_t>(count_) + 16) {
      connections_.erase(std::remove_if(connections_.begin(), connections_.end(),
                                        [](const auto& connection) { return connection.expired(); }),
                         connections_.end());
    }
    connections_.push_back(std::move(connection));
  }

  void Remove() {
    absl::MutexLock lock(&mutex_);
    --count_;
  }

  void ForEach(void (HttpConnection::*function)()) {
    std::vector<std::weak_ptr<HttpConnection>> connections;
    {
      absl::MutexLock lock(&mutex_);
      connections = connections_;
    }
    for (const auto& weak : connections) {
      if (const auto connection = weak.lock()) (connection.get()->*function)();
    }
  }

  // True when all have ended within `timeout`.
  bool WaitForNone(absl::Duration timeout) {
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(
                                       +[](int* count) { return *count == 0; }, &count_),
                                   timeout);
  }

 private:
  absl::Mutex mutex_;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<std::weak_ptr<HttpConnection>> connections_ ABSL_GUARDED_BY(mutex_);
};

// One address. Everything but the constructor and Bind runs on its strand.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(asio::io_context& events, HttpContext& context, Connections& connections, HttpHandler handler,
           const TlsKeys* tls)
      : strand_(asio::make_strand(events)),
        acceptor_(strand_),
        pause_(strand_),
        events_(events),
        context_(context),
        connections_(connections),
        handler_(std::move(handler)),
        tls_(tls) {}

  absl::StatusOr<int> Bind(const std::string& host, int port) {
    error_code error;
    tcp::resolver resolver(events_);
    const auto found = resolver.resolve(host, absl::StrCat(port), tcp::resolver::passive, error);
    if (error || found.empty()) return Failed(host, port, "not an address of this machine");
    const tcp::endpoint address = *found.begin();
    acceptor_.open(address.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(address, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return Failed(host, port, error.message());
    return acceptor_.local_endpoint(error).port();
  }

  void Start() {
    asio::post(strand_, [self = shared_from_this()] { self->Accept(); });
  }

  void Stop() {
    asio::post(strand_, [self = shared_from_this()] {
      error_code error;
      self->acceptor_.close(error);
      self->pause_.cancel();
    });
  }

 private:
  static absl::Status Failed(const std::string& host, int port, absl::string_view reason) {
    return absl::UnavailableError(absl::StrCat("cannot listen on ", host, ":", port, ": ", reason));
  }

  void Accept() {
    if (!acceptor_.is_open() || accepting_ || open_ >= context_.options.max_connections) return;
    accepting_ = true;
    acceptor_.async_accept(asio::make_strand(events_),
                           [self = shared_from_this()](const error_code& error, tcp::socket socket) {
                             self->accepting_ = false;
                             if (error) return self->Pause();
                             self->Serve(std::move(socket));
                             self->Accept();
                           });
  }

  // Out of descriptors, perhaps: to ask again at once would keep a core busy.
  void Pause() {
    pause_.expires_after(std::chrono::milliseconds(100));
    pause_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error) self->Accept();
    });
  }

  void Serve(tcp::socket socket) {
    error_code error;
    socket.set_option(tcp::no_delay(true), error);
    ++open_;
    // Lets go of the listener before it counts as gone: whoever waits for that may destroy the event loop.
    auto on_end = [self = shared_from_this(), &connections = connections_]() mutable {
      asio::post(self->strand_, [self] {
        --self->open_;
        self->Accept();
      });
      self.reset();
      connections.Remove();
    };
    const auto connection = MakeHttpConnection(std::move(socket), tls_ == nullptr ? nullptr : tls_->current(), context_,
                                               handler_, std::move(on_end));
    connections_.Add(connection);
    connection->Start();
  }

  asio::strand<asio::io_context::executor_type> strand_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  asio::io_context& events_;
  HttpContext& context_;
  Connections& connections_;
  const HttpHandler handler_;
  const TlsKeys* const tls_;
  int open_ = 0;  // connections
  bool accepting_ = false;
};

}  // namespace

class HttpServer::Impl {
 public:
  explicit Impl(const Options& options) : context_(options), events_(options.num_threads) {}

  ~Impl() {
    Drain(absl::ZeroDuration());
    connections_.ForEach(&HttpConnection::Close);
    connections_.WaitForNone(threads_.empty() ? absl::ZeroDuration() : absl::InfiniteDuration());
    context_.workers.join();
    work_.reset();
    events_.stop();
    for (std::thread& thread : threads_) thread.join();
  }

  absl::StatusOr<int> Listen(const std::string& host, int port, HttpHandler handler, const TlsKeys* tls) {
    auto listener = std::make_shared<Listener>(events_, context_, connections_, std::move(handler), tls);
    BARYON_ASSIGN_OR_RETURN(const int bound, listener->Bind(host, port));
    listeners_.push_back(std::move(listener));
    return bound;
  }

  void Start() {
    for (const auto& listener : listeners_) listener->Start();
    for (int i = 0; i < context_.options.num_threads; ++i) threads_.emplace_back([this] { events_.run(); });
  }

  void Drain(absl::Duration timeout) {
    context_.draining = true;
    for (const auto& listener : listeners_) listener->Stop();
    connections_.ForEach(&HttpConnection::CloseWhenIdle);
    connections_.WaitForNone(timeout);
  }

 private:
  HttpContext context_;
  Connections connections_;
  asio::io_context events_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(events_);
  std::vector<std::shared_ptr<Listener>> listeners_;
  std::vector<std::thread> threads_;
};

HttpServer::HttpServer(const Options& options) : impl_(std::make_unique<Impl>(options)) {}

HttpServer::~HttpServer() = default;

absl::StatusOr<int> HttpServer::Listen(const std::string& host, int port, HttpHandler handler, const TlsKeys* tls) {
  return impl_->Listen(host, port, std::move(handler), tls);
}

void HttpServer::Start() { impl_->Start(); }

void HttpServer::Drain(absl::Duration timeout) { impl_->Drain(timeout); }

}  // namespace baryon
