#include "engine/store/testing/zoo_server.h"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <list>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "engine/base/check.h"

namespace baryon::store {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Socket = asio::ip::tcp::socket;
using Error = boost::system::error_code;

std::string HeadOf(const ZooAnswer& answer) {
  std::string head =
      absl::StrCat("HTTP/1.1 ", answer.status, " Whatever\r\nContent-Length: ", answer.body.size(), "\r\n");
  for (const auto& [name, value] : answer.headers) absl::StrAppend(&head, name, ": ", value, "\r\n");
  return head + "\r\n";
}

}  // namespace

std::string ZooRequest::Header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

ZooAnswer ServeFile(const ZooRequest& request, const std::string& body, const std::string& etag) {
  ZooAnswer answer = {.body = body};
  if (!etag.empty()) answer.headers.emplace_back("ETag", etag);
  const std::string range = request.Header("range");
  if (range.empty() || (!request.Header("if-range").empty() && request.Header("if-range") != etag)) return answer;
  const size_t from = std::stoul(range.substr(range.find('=') + 1));
  if (from >= body.size()) return {.status = 416};
  answer.status = 206;
  answer.headers.emplace_back("Content-Range", absl::StrCat("bytes ", from, "-", body.size() - 1, "/", body.size()));
  answer.body = body.substr(from);
  return answer;
}

class ZooServer::Impl {
 public:
  explicit Impl(ZooHandler handler)
      : handler_(std::move(handler)), acceptor_(context_, {asio::ip::address_v4::loopback(), 0}) {
    port_ = acceptor_.local_endpoint().port();
    accepting_ = std::thread([this] { Accept(); });
  }

  ~Impl() {
    stop_.Notify();
    Error ignored;
    Socket(context_).connect({asio::ip::address_v4::loopback(), port_}, ignored);  // wakes the acceptor
    accepting_.join();
    {
      absl::MutexLock lock(&mutex_);
      for (Socket& socket : sockets_) socket.shutdown(Socket::shutdown_both, ignored);
    }
    for (std::thread& thread : threads_) thread.join();
  }

  uint16_t port() const { return port_; }
  std::vector<ZooRequest> requests() const {
    absl::MutexLock lock(&mutex_);
    return requests_;
  }

 private:
  void Accept() {
    while (true) {
      Error error;
      Socket socket = acceptor_.accept(error);
      if (error || stop_.HasBeenNotified()) return;
      absl::MutexLock lock(&mutex_);
      Socket& kept = sockets_.emplace_back(std::move(socket));
      threads_.emplace_back([this, &kept] { Serve(kept); });
    }
  }

  void Serve(Socket& socket) {
    boost::beast::flat_buffer buffer;
    Error error;
    bool goes_on = true;
    while (goes_on && !stop_.HasBeenNotified()) {
      http::request<http::empty_body> message;
      http::read(socket, buffer, message, error);
      if (error) break;
      ZooRequest request;
      request.target = std::string(message.target());
      for (const auto& field : message) {
        request.headers[absl::AsciiStrToLower(std::string(field.name_string()))] = std::string(field.value());
      }
      goes_on = Send(socket, Answer(std::move(request)));
    }
    socket.shutdown(Socket::shutdown_both, error);
  }

  ZooAnswer Answer(ZooRequest request) {
    absl::MutexLock lock(&mutex_);
    requests_.push_back(std::move(request));
    return handler_(requests_.back());
  }

  // False when that was the last answer.
  bool Send(Socket& socket, const ZooAnswer& answer) {
    Error error;
    asio::write(socket, asio::buffer(HeadOf(answer)), error);
    const auto size = static_cast<int64_t>(answer.body.size());
    int64_t whole = size;
    for (const int64_t at : {answer.close_at, answer.stall_at, answer.drip_at})
      whole = at < 0 ? whole : std::min(at, whole);
    asio::write(socket, asio::buffer(answer.body.data(), whole), error);
    if (whole == size) return !error;
    if (answer.stall_at >= 0) {
      char byte;
      socket.read_some(asio::buffer(&byte, 1), error);  // until the client has had enough
    }
    constexpr absl::Duration kBetweenDrops = absl::Milliseconds(5);
    for (int64_t i = whole; answer.drip_at >= 0 && i < size && !error; ++i) {
      asio::write(socket, asio::buffer(answer.body.data() + i, 1), error);
      if (stop_.WaitForNotificationWithTimeout(kBetweenDrops)) break;
    }
    return false;
  }

  const ZooHandler handler_;
  asio::io_context context_;
  asio::ip::tcp::acceptor acceptor_;
  uint16_t port_ = 0;
  absl::Notification stop_;
  mutable absl::Mutex mutex_;
  std::list<Socket> sockets_;
  std::list<std::thread> threads_;
  std::vector<ZooRequest> requests_;
  std::thread accepting_;
};

ZooServer::ZooServer(ZooHandler handler) : impl_(std::make_unique<Impl>(std::move(handler))) {}
ZooServer::~ZooServer() = default;

std::string ZooServer::address() const { return absl::StrCat("http://127.0.0.1:", impl_->port(), "/"); }

std::vector<ZooRequest> ZooServer::requests() const { return impl_->requests(); }

}  // namespace baryon::store
