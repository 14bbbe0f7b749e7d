#include "server/services/unary.h"

#include <grpcpp/server_context.h>

#include <chrono>
#include <stop_token>
#include <utility>

#include "absl/time/clock.h"
#include "server/services/grpc_status.h"

namespace baryon {
namespace {

// Ends the prediction when the client goes.
class PredictionReactor final : public grpc::ServerUnaryReactor {
 public:
  std::stop_token stop() const { return stop_.get_token(); }
  void OnCancel() override { stop_.request_stop(); }
  void OnDone() override { delete this; }

 private:
  std::stop_source stop_;
};

}  // namespace

std::optional<TraceContext> TraceOf(const grpc::CallbackServerContext& context) {
  const auto found = context.client_metadata().find("traceparent");
  if (found == context.client_metadata().end()) return std::nullopt;
  return ParseTraceparent(absl::string_view(found->second.data(), found->second.size()));
}

absl::Time DeadlineOf(const grpc::CallbackServerContext& context) {
  const std::chrono::system_clock::time_point deadline = context.deadline();
  if (deadline == std::chrono::system_clock::time_point::max()) return absl::InfiniteFuture();
  return MonotonicNow() + (absl::FromChrono(deadline) - absl::Now());
}

grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, const absl::Status& status) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(status));
  return reactor;
}

grpc::ServerUnaryReactor* AnswerPrediction(grpc::CallbackServerContext* context, Predictor& predictor,
                                           Predictor::Request request) {
  auto* const reactor = new PredictionReactor;
  request.transport = Transport::kGrpc;
  request.deadline = DeadlineOf(*context);
  request.stop = reactor->stop();
  request.trace = TraceOf(*context);
  request.done = [reactor](const absl::Status& status) { reactor->Finish(ToGrpcStatus(status)); };
  predictor.Start(std::move(request));
  return reactor;
}

absl::AnyInvocable<void(const absl::Status& status)> AnswerLater(grpc::ServerUnaryReactor* reactor,
                                                                 std::function<void()> succeed) {
  return [reactor, succeed = std::move(succeed)](const absl::Status& status) {
    if (status.ok()) succeed();
    reactor->Finish(ToGrpcStatus(status));
  };
}

}  // namespace baryon
