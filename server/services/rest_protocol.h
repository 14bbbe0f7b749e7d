// A protocol over HTTP, and what chooses between them.
#ifndef BARYON_SERVER_SERVICES_REST_PROTOCOL_H_
#define BARYON_SERVER_SERVICES_REST_PROTOCOL_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/http/http_server.h"
#include "server/security/access.h"
#include "server/services/predictor.h"

namespace baryon {

// Answers the requests whose paths begin with one of its segments. Thread-safe.
class RestProtocol {
 public:
  virtual ~RestProtocol() = default;
  // What the caller needs to have; nothing: anybody may ask.
  virtual std::optional<Right> RightFor(const HttpRequest& head) const = 0;
  virtual void Answer(std::shared_ptr<const HttpRequest> request, HttpReply reply) = 0;
};

// Hands each request to the protocol of the first segment of its path. Complete before the first request; thread-safe.
class RestRouter {
 public:
  // `access` is borrowed. `on_refusal` hears of requests without the token that they need.
  explicit RestRouter(
      const Access& access, std::function<void()> on_refusal = [] {})
      : access_(access), on_refusal_(std::move(on_refusal)) {}

  // `protocol`, which is borrowed, answers what begins with "/`segment`".
  void Add(const std::string& segment, RestProtocol& protocol) { protocols_[segment] = &protocol; }

  // What an HttpServer wants; refers to this object.
  HttpHandler Handler();

 private:
  RestProtocol* Find(const HttpRequest& request) const;
  std::optional<HttpResponse> Refuse(const HttpRequest& head) const;

  const Access& access_;
  const std::function<void()> on_refusal_;
  std::map<std::string, RestProtocol*> protocols_;
};

// One page that anybody may read. Thread-safe.
class RestPage final : public RestProtocol {
 public:
  // `path` is {"metrics"} for /metrics; `render` may be called on any thread.
  RestPage(std::vector<std::string> path, std::function<HttpResponse()> render)
      : path_(std::move(path)), render_(std::move(render)) {}

  std::optional<Right> RightFor(const HttpRequest&) const override { return std::nullopt; }
  void Answer(std::shared_ptr<const HttpRequest> request, HttpReply reply) override;

 private:
  const std::vector<std::string> path_;
  const std::function<HttpResponse()> render_;
};

// --- For protocols

// An answer to a request that came with a method the path does not have: 405, with Allow.
HttpResponse WrongMethod(HttpMethod expected);
// An answer to a path that means nothing: 404.
HttpResponse NothingThere(const HttpRequest& request);

// Predicts. `prediction` has its cancellation, trace and `done` from the request; what it encodes goes into `response`,
// which is kept until then.
void AnswerPrediction(Predictor& predictor, const HttpRequest& request, Predictor::Request prediction,
                      std::shared_ptr<HttpResponse> response, HttpReply reply);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_REST_PROTOCOL_H_
