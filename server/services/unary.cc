#include "server/services/unary.h"

#include <grpcpp/server_context.h>

#include <chrono>
#include <utility>

#include "absl/time/clock.h"
#include "server/services/grpc_status.h"

namespace baryon {

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
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  request.transport = Transport::kGrpc;
  request.deadline = DeadlineOf(*context);
  request.cancelled = [context] { return context->IsCancelled(); };
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
