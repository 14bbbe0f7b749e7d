// One event loop with one evhttp for each address. evhttp parses, enforces the limits and keeps connections alive; this
// file turns its requests into values and back.
#include "server/http/http_server.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/thread.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/check.h"
#include "nlohmann/json.hpp"

namespace baryon {
namespace {

constexpr ev_uint16_t kAllMethods = EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT |
                                    EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH;

struct FreeEvents {
  void operator()(event_base* base) const { event_base_free(base); }
};

int PortOf(evutil_socket_t socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  BARYON_CHECK(getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                                             : reinterpret_cast<sockaddr_in*>(&address)->sin_port);
}

// The path of a request, decoded; nothing when it has none or hides a NUL.
bool DecodePath(evhttp_request* request, std::string& path) {
  const evhttp_uri* uri = evhttp_request_get_evhttp_uri(request);
  const char* encoded = uri == nullptr ? nullptr : evhttp_uri_get_path(uri);
  if (encoded == nullptr) return false;
  size_t size = 0;
  char* decoded = evhttp_uridecode(encoded, /*decode_plus=*/0, &size);
  if (decoded == nullptr) return false;
  path.assign(decoded, size);
  std::free(decoded);
  return path.find('\0') == std::string::npos;
}

std::string TakeBody(evhttp_request* request) {
  evbuffer* input = evhttp_request_get_input_buffer(request);
  std::string body(evbuffer_get_length(input), '\0');
  evbuffer_remove(input, body.data(), body.size());
  return body;
}

HttpResponse Handle(evhttp_request* request, const HttpServer::Handler& handler) {
  HttpRequest value;
  switch (evhttp_request_get_command(request)) {
    case EVHTTP_REQ_GET:
    case EVHTTP_REQ_HEAD:
      break;
    case EVHTTP_REQ_POST:
      value.method = HttpMethod::kPost;
      break;
    default:
      return HttpError(405, "expected GET, HEAD or POST");
  }
  if (!DecodePath(request, value.path)) return HttpError(400, "the path cannot be decoded");
  value.body = TakeBody(request);
  return handler(value);
}

void Send(evhttp_request* request, const HttpResponse& response) {
  evkeyvalq* headers = evhttp_request_get_output_headers(request);
  evhttp_add_header(headers, "Content-Type", response.content_type.c_str());
  if (evhttp_request_get_command(request) == EVHTTP_REQ_HEAD) {  // evhttp would send the body
    evhttp_add_header(headers, "Content-Length", absl::StrCat(response.body.size()).c_str());
  } else {
    evbuffer_add(evhttp_request_get_output_buffer(request), response.body.data(), response.body.size());
  }
  evhttp_send_reply(request, response.status, nullptr, nullptr);
}

void OnRequest(evhttp_request* request, void* handler) {
  Send(request, Handle(request, *static_cast<HttpServer::Handler*>(handler)));
}

}  // namespace

HttpResponse HttpError(int status, absl::string_view message) {
  const nlohmann::json body = {{"error", std::string(message)}};
  return {status, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

class HttpServer::Impl {
 public:
  explicit Impl(const Options& options) : options_(options) {
    static const int kThreadsInUse = evthread_use_pthreads();
    BARYON_CHECK(kThreadsInUse == 0);
    base_.reset(event_base_new());
    BARYON_CHECK(base_ != nullptr);
  }

  ~Impl() {
    if (thread_.joinable()) {
      event_base_loopexit(base_.get(), nullptr);
      thread_.join();
    }
    for (evhttp* http : https_) evhttp_free(http);
  }

  absl::StatusOr<int> Listen(const std::string& host, int port, Handler handler) {
    evhttp* http = evhttp_new(base_.get());
    BARYON_CHECK(http != nullptr);
    https_.push_back(http);
    handlers_.push_back(std::make_unique<Handler>(std::move(handler)));
    evhttp_set_max_headers_size(http, options_.max_header_bytes);
    evhttp_set_max_body_size(http, options_.max_body_bytes);
    evhttp_set_timeout(http, static_cast<int>(absl::ToInt64Seconds(options_.idle_timeout)));
    evhttp_set_allowed_methods(http, kAllMethods);
    evhttp_set_gencb(http, OnRequest, handlers_.back().get());
    errno = 0;
    evhttp_bound_socket* bound = evhttp_bind_socket_with_handle(http, host.c_str(), static_cast<ev_uint16_t>(port));
    if (bound == nullptr) {
      const char* reason = errno == 0 ? "not an address of this machine" : std::strerror(errno);
      return absl::UnavailableError(absl::StrCat("cannot listen on ", host, ":", port, ": ", reason));
    }
    return PortOf(evhttp_bound_socket_get_fd(bound));
  }

  void Start() {
    thread_ = std::thread([this] { event_base_loop(base_.get(), EVLOOP_NO_EXIT_ON_EMPTY); });
  }

 private:
  const Options options_;
  std::unique_ptr<event_base, FreeEvents> base_;
  std::vector<std::unique_ptr<Handler>> handlers_;
  std::vector<evhttp*> https_;
  std::thread thread_;
};

HttpServer::HttpServer(const Options& options) : impl_(std::make_unique<Impl>(options)) {}

HttpServer::~HttpServer() = default;

absl::StatusOr<int> HttpServer::Listen(const std::string& host, int port, Handler handler) {
  return impl_->Listen(host, port, std::move(handler));
}

void HttpServer::Start() { impl_->Start(); }

}  // namespace baryon
