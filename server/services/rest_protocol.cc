#include "server/services/rest_protocol.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/quote.h"
#include "server/services/rest_status.h"
#include "server/trace_context.h"

namespace baryon {

RestProtocol* RestRouter::Find(const HttpRequest& request) const {
  const auto found = protocols_.find(request.path[0]);
  return found == protocols_.end() ? nullptr : found->second;
}

std::optional<HttpResponse> RestRouter::Refuse(const HttpRequest& head) const {
  const RestProtocol* const protocol = Find(head);
  if (protocol == nullptr) return NothingThere(head);
  const std::optional<Right> right = protocol->RightFor(head);
  if (!right.has_value()) return std::nullopt;
  const absl::Status allowed = access_.Check(*right, head.Header("authorization"));
  if (allowed.ok()) return std::nullopt;
  on_refusal_();
  return ToHttpResponse(allowed);
}

HttpHandler RestRouter::Handler() {
  return {[this](const HttpRequest& head) { return Refuse(head); },
          [this](std::shared_ptr<const HttpRequest> request, HttpReply reply) {
            RestProtocol* const protocol = Find(*request);
            protocol->Answer(std::move(request), std::move(reply));
          }};
}

void RestPage::Answer(std::shared_ptr<const HttpRequest> request, HttpReply reply) {
  if (request->path != path_) return reply(NothingThere(*request));
  if (request->method != HttpMethod::kGet) return reply(WrongMethod(HttpMethod::kGet));
  reply(render_());
}

HttpResponse WrongMethod(HttpMethod expected) {
  constexpr const char* kNames[] = {"GET", "POST", "DELETE"};
  const char* const name = kNames[static_cast<int>(expected)];
  HttpResponse response = HttpError(405, absl::StrCat("expected ", name));
  response.headers.emplace_back("Allow", expected == HttpMethod::kGet ? "GET, HEAD" : name);
  return response;
}

HttpResponse NothingThere(const HttpRequest& request) {
  return HttpError(404, absl::StrCat("there is nothing at ", Quote(request.PathText())));
}

void AnswerPrediction(Predictor& predictor, const HttpRequest& request, Predictor::Request prediction,
                      std::shared_ptr<HttpResponse> response, HttpReply reply) {
  prediction.transport = Transport::kRest;
  prediction.stop = request.stop;
  prediction.trace = ParseTraceparent(request.Header("traceparent"));
  std::string traceparent;
  if (prediction.trace.has_value()) {
    prediction.span_id = NewSpanId();
    traceparent = FormatTraceparent(*prediction.trace, prediction.span_id);
  }
  prediction.done = [traceparent = std::move(traceparent), response = std::move(response),
                     reply = std::move(reply)](const absl::Status& status) mutable {
    HttpResponse answer = status.ok() ? std::move(*response) : ToHttpResponse(status);
    if (!traceparent.empty()) answer.headers.emplace_back("traceparent", traceparent);
    reply(std::move(answer));
  };
  predictor.Start(std::move(prediction));
}

}  // namespace baryon
