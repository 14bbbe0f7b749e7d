// A connection is a loop: wait for the first byte of a request, read its headers, read its body, let the handler
// answer, write the answer. Beast parses and serializes; what Beast lets through and a server should not (two hosts,
// transfer encodings nobody undoes) is refused between headers and body. A body of known length goes from the socket
// into its final place; only what came with the headers is copied once more.
//
// Everything runs on the strand of the socket except the handler, which may run anywhere and gets a request that
// nobody changes any more. One timer, Beast's, bounds each step as a whole, so that a byte a second does not help.
#include "server/http/http_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "server/http/http_bodies-inl.h"
#include "server/http/http_rules.h"
#include "server/http/inflate.h"

namespace baryon {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using beast::error_code;

constexpr size_t kBlock = 16 << 10;
constexpr size_t kSmallBody = 64 << 10;  // decoded on the event thread
constexpr size_t kMostLingerBytes = 4 << 20;
constexpr absl::Duration kLinger = absl::Seconds(2);
constexpr absl::Duration kBetweenLooksAtPeer = absl::Milliseconds(50);

beast::string_view View(absl::string_view text) { return beast::string_view(text.data(), text.size()); }

using Parser = http::request_parser<CollectedBody>;
using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

template <class Stream>
constexpr bool kIsTls = std::is_same_v<Stream, TlsStream>;

template <class Stream>
class Connection final : public HttpConnection, public std::enable_shared_from_this<Connection<Stream>> {
 public:
  template <typename... StreamArguments>
  Connection(std::shared_ptr<const TlsKeys::State> tls, HttpContext& context, const HttpHandler& handler,
             absl::AnyInvocable<void()> on_end, StreamArguments&&... stream)
      : context_(context),
        handler_(handler),
        at_end_{std::move(on_end)},
        tls_(std::move(tls)),
        stream_(std::forward<StreamArguments>(stream)...),
        peer_timer_(stream_.get_executor()),
        buffer_(std::max<size_t>(kBlock, options().max_header_bytes) + kBlock) {}

  void Start() override {
    OnStrand([this] {
      if constexpr (kIsTls<Stream>) {
        tcp_stream().expires_after(ToChrono(options().header_timeout));
        stream_.async_handshake(asio::ssl::stream_base::server, Then([this](const error_code& error) {
                                  if (error) return CloseNow();
                                  ReadRequest();
                                }));
      } else {
        ReadRequest();
      }
    });
  }

  void CloseWhenIdle() override {
    OnStrand([this] {
      error_code error;
      if (idle_ && tcp_stream().socket().available(error) == 0) CloseNow();
    });
  }

  void Close() override {
    OnStrand([this] { CloseNow(); });
  }

  // Thread-safe; called once for each request.
  void Reply(HttpResponse response) {
    OnStrand([this, response = std::make_shared<HttpResponse>(std::move(response))] { Write(std::move(*response)); });
  }

 private:
  using Self = Connection<Stream>;

  const HttpServer::Options& options() const { return context_.options; }
  beast::tcp_stream& tcp_stream() { return beast::get_lowest_layer(stream_); }
  static std::chrono::nanoseconds ToChrono(absl::Duration duration) { return absl::ToChronoNanoseconds(duration); }

  // A step that keeps the connection alive until it is done.
  template <typename Step>
  auto Then(Step step) {
    return [self = this->shared_from_this(), step = std::move(step)](auto&&... arguments) mutable {
      step(std::forward<decltype(arguments)>(arguments)...);
    };
  }
  template <typename Step>
  void OnStrand(Step step) {
    asio::post(stream_.get_executor(), Then(std::move(step)));
  }

  // The next bytes come or go within `grace` of the pace that a client has to keep, of which it has done `bytes`.
  void ExpectPace(absl::Duration grace, size_t bytes) {
    const absl::Duration allowed = grace + absl::Seconds(static_cast<double>(bytes) / options().min_bytes_per_second);
    tcp_stream().expires_at(step_start_ + ToChrono(allowed));
  }

  // --- Reading

  void ReadRequest() {
    request_ = nullptr;
    body_unread_ = false;
    parser_.emplace();
    parser_->header_limit(static_cast<uint32_t>(options().max_header_bytes));
    parser_->body_limit(static_cast<uint64_t>(options().max_body_bytes));
    if (buffer_.size() > 0) return ReadHeaders();  // sent ahead
    if (context_.draining) return CloseNow();
    idle_ = true;
    tcp_stream().expires_after(ToChrono(options().idle_timeout));
    stream_.async_read_some(buffer_.prepare(kBlock), Then([this](const error_code& error, size_t bytes) {
                              idle_ = false;
                              if (error) return CloseNow();
                              buffer_.commit(bytes);
                              ReadHeaders();
                            }));
  }

  void ReadHeaders() {
    tcp_stream().expires_after(ToChrono(options().header_timeout));
    http::async_read_header(stream_, buffer_, *parser_,
                            Then([this](const error_code& error, size_t) { OnHeaders(error); }));
  }

  void OnHeaders(const error_code& error) {
    if (error && !IsHttpError(error)) return CloseNow();
    request_ = std::make_shared<HttpRequest>();
    stop_ = std::stop_source();
    request_->stop = stop_.get_token();
    if (error) return Refuse(AnswerToHttpError(error));
    std::optional<HttpResponse> refusal = CheckHeaders(parser_->get(), options());
    body_unread_ = refusal.has_value();  // where the request ends is in doubt
    if (!refusal.has_value()) refusal = FillHead(parser_->get(), *request_);
    if (!refusal.has_value() && handler_.refuse) refusal = handler_.refuse(*request_);
    if (refusal.has_value()) return Refuse(*std::move(refusal));
    ReadBody();
  }

  // An answer before the body is read. What the client goes on sending is no next request.
  void Refuse(HttpResponse response) {
    body_unread_ =
        body_unread_ || !parser_->is_header_done() || parser_->chunked() || parser_->content_length().value_or(0) > 0;
    Write(std::move(response));
  }

  void ReadBody() {
    request_->body = HttpBody(context_.budget, AlignedOffset(*request_));
    step_start_ = std::chrono::steady_clock::now();
    if (parser_->chunked()) {
      parser_->get().body() = {std::move(request_->body), static_cast<size_t>(options().max_body_bytes)};
      return ContinueAnd([this] { ReadChunks(); });
    }
    const uint64_t length = parser_->content_length().value_or(0);
    if (length == 0) return OnBody();
    if (!request_->body.Reserve(length)) return Refuse(NoMemory());
    const size_t at_hand = std::min<size_t>(buffer_.size(), length);
    request_->body.Append({static_cast<const char*>(buffer_.data().data()), at_hand}, length);
    buffer_.consume(at_hand);
    ContinueAnd([this] { ReadRest(); });
  }

  // Tells a client that waits for it to send the body.
  template <typename Step>
  void ContinueAnd(Step step) {
    const auto& head = parser_->get();
    if (head[http::field::expect].empty() || head.version() < 11 || request_->body.size() > 0 || buffer_.size() > 0) {
      return step();
    }
    static constexpr char kContinue[] = "HTTP/1.1 100 Continue\r\n\r\n";
    tcp_stream().expires_after(ToChrono(options().header_timeout));
    asio::async_write(stream_, asio::buffer(kContinue, sizeof(kContinue) - 1),
                      Then([this, step](const error_code& error, size_t) mutable {
                        if (error) return CloseNow();
                        step();
                      }));
  }

  void ReadRest() {
    const size_t missing = request_->body.capacity() - request_->body.size();
    if (missing == 0) return OnBody();
    ExpectPace(options().body_timeout, request_->body.size());
    stream_.async_read_some(asio::buffer(request_->body.tail(), missing),
                            Then([this](const error_code& error, size_t bytes) {
                              if (error) return CloseNow();
                              request_->body.Grow(bytes);
                              ReadRest();
                            }));
  }

  void ReadChunks() {
    if (parser_->is_done()) {
      request_->body = std::move(parser_->get().body().body);
      return OnBody();
    }
    ExpectPace(options().body_timeout, parser_->get().body().body.size());
    http::async_read_some(stream_, buffer_, *parser_, Then([this](const error_code& error, size_t) {
                            if (error && !IsHttpError(error)) return CloseNow();
                            if (!error) return ReadChunks();
                            Refuse(parser_->get().body().no_memory ? NoMemory() : AnswerToHttpError(error));
                          }));
  }

  static HttpResponse NoMemory() {
    HttpResponse response = HttpError(503, "the server has no memory left for this request");
    response.headers.emplace_back("Retry-After", "1");
    return response;
  }

  // --- Answering

  void OnBody() {
    tcp_stream().expires_never();
    WatchPeer();
    const absl::string_view encoding = request_->Header("content-encoding");
    const bool compressed = !encoding.empty() && !absl::EqualsIgnoreCase(encoding, "identity");
    if (!compressed && request_->body.size() <= kSmallBody) return Answer();
    asio::post(context_.workers, Then([this, compressed] { compressed ? Decompress() : Answer(); }));
  }

  void Decompress() {
    HttpBody inflated(context_.budget, AlignedOffset(*request_));
    const absl::Status status = Inflate(request_->body.view(), static_cast<size_t>(options().max_body_bytes), inflated);
    if (!status.ok()) {
      return Reply(HttpError(status.code() == absl::StatusCode::kResourceExhausted ? 413 : 400, status.message()));
    }
    request_->body = std::move(inflated);
    Answer();
  }

  void Answer();

  // --- Writing

  void Write(HttpResponse response) {
    watching_ = false;
    peer_timer_.cancel();
    if (!tcp_stream().socket().is_open()) return;  // cut off meanwhile
    const auto& head = parser_->get();
    const bool whole = parser_->is_header_done();
    keep_alive_ = whole && !body_unread_ && head.keep_alive() && !context_.draining;
    answer_.emplace(static_cast<http::status>(response.status), whole ? head.version() : 11);
    answer_->set(http::field::content_type, View(response.content_type));
    for (const auto& [name, value] : response.headers) answer_->set(View(name), View(value));
    answer_->content_length(BodySize(response));
    answer_->keep_alive(keep_alive_);
    answer_->body() = std::move(response);
    serializer_.emplace(*answer_);
    serializer_->split(whole && head.method() == http::verb::head);  // of which the headers are sent
    step_start_ = std::chrono::steady_clock::now();
    WriteRest(0);
  }

  void WriteRest(size_t written) {
    if (serializer_->is_done() || (serializer_->split() && serializer_->is_header_done())) return OnWritten();
    ExpectPace(options().write_timeout, written);
    http::async_write_some(stream_, *serializer_, Then([this, written](const error_code& error, size_t bytes) {
                             if (error) return CloseNow();
                             WriteRest(written + bytes);
                           }));
  }

  void OnWritten() {
    serializer_.reset();
    answer_.reset();
    if (keep_alive_) return ReadRequest();
    ShutDown();
  }

  // --- The end

  // Ends our side, then reads what the client had on its way: closing at once would make its system throw away the
  // answer.
  void ShutDown() {
    request_ = nullptr;
    tcp_stream().expires_after(ToChrono(kLinger));
    if constexpr (kIsTls<Stream>) {
      if (!body_unread_) {
        stream_.async_shutdown(Then([this](const error_code&) { CloseNow(); }));
        return;
      }
    }
    error_code error;
    tcp_stream().socket().shutdown(tcp::socket::shutdown_send, error);
    if (!body_unread_) return CloseNow();
    buffer_.clear();
    Discard();
  }

  void Discard() {
    tcp_stream().async_read_some(buffer_.prepare(kBlock), Then([this](const error_code& error, size_t bytes) {
                                   discarded_ += bytes;
                                   if (error || discarded_ > kMostLingerBytes) return CloseNow();
                                   Discard();
                                 }));
  }

  void CloseNow() {
    stop_.request_stop();
    peer_timer_.cancel();
    error_code error;
    tcp_stream().socket().close(error);
  }

  // --- Is anybody still there?

  // Looks at the peer when something arrives while a request is being answered: the end of the connection, or the next
  // request. Behind the latter the end would not show, so a timer looks again.
  void WatchPeer() {
    watching_ = true;
    if (waiting_) return;
    waiting_ = true;
    tcp_stream().socket().async_wait(tcp::socket::wait_read, Then([this](const error_code& error) {
                                       waiting_ = false;
                                       if (!error) LookAtPeer();
                                     }));
  }

  void LookAtPeer() {
    if (!watching_) return;
    if (PeerIsGone()) {
      stop_.request_stop();
      return;
    }
    peer_timer_.expires_after(ToChrono(kBetweenLooksAtPeer));
    peer_timer_.async_wait(Then([this](const error_code& error) {
      if (!error) LookAtPeer();
    }));
  }

  bool PeerIsGone() {
    tcp_info info{};
    socklen_t size = sizeof(info);
    const int socket = tcp_stream().socket().native_handle();
    return getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 || info.tcpi_state != TCP_ESTABLISHED;
  }

  struct AtEnd {
    absl::AnyInvocable<void()> call;
    ~AtEnd() { call(); }
  };

  HttpContext& context_;
  const HttpHandler& handler_;
  AtEnd at_end_;                                     // goes behind all that uses the server
  const std::shared_ptr<const TlsKeys::State> tls_;  // the stream uses its context
  Stream stream_;
  asio::steady_timer peer_timer_;
  beast::flat_buffer buffer_;  // what has been read and not used

  // Of the request under way.
  std::chrono::steady_clock::time_point step_start_;  // of its body or its answer
  std::optional<Parser> parser_;
  std::shared_ptr<HttpRequest> request_;
  std::stop_source stop_;
  std::optional<http::response<PiecesBody>> answer_;
  std::optional<http::response_serializer<PiecesBody>> serializer_;
  bool keep_alive_ = false, body_unread_ = false;

  bool idle_ = false;                        // waits for the first byte of a request
  bool watching_ = false, waiting_ = false;  // for the peer to go, and for the socket to say so
  size_t discarded_ = 0;
};

// A reply that is not dropped: the last one out answers.
template <class Stream>
class Pending {
 public:
  explicit Pending(std::shared_ptr<Connection<Stream>> connection) : connection_(std::move(connection)) {}
  Pending(Pending&&) noexcept = default;
  Pending& operator=(Pending&&) = delete;
  ~Pending() {
    if (connection_ != nullptr) connection_->Reply(HttpError(500, "the request was lost"));
  }
  void operator()(HttpResponse response) { std::exchange(connection_, nullptr)->Reply(std::move(response)); }

 private:
  std::shared_ptr<Connection<Stream>> connection_;
};

template <class Stream>
void Connection<Stream>::Answer() {
  handler_.answer(request_, Pending<Stream>(this->shared_from_this()));
}

}  // namespace

std::shared_ptr<HttpConnection> MakeHttpConnection(tcp::socket socket, std::shared_ptr<const TlsKeys::State> tls,
                                                   HttpContext& context, const HttpHandler& handler,
                                                   absl::AnyInvocable<void()> on_end) {
  if (tls == nullptr) {
    return std::make_shared<Connection<PlainStream>>(nullptr, context, handler, std::move(on_end), std::move(socket));
  }
  SSL_CTX_up_ref(tls->context.get());
  asio::ssl::context tls_context(tls->context.get());  // takes over one reference; the stream takes another
  return std::make_shared<Connection<TlsStream>>(tls, context, handler, std::move(on_end), std::move(socket),
                                                 tls_context);
}

}  // namespace baryon
