#include "server/services/grpc_calls.h"

#include <grpc/support/time.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <stop_token>
#include <utility>

#include "absl/time/clock.h"
#include "server/services/grpc_status.h"

namespace baryon {
namespace {

// The value of a header, or "".
absl::string_view MetadataOf(const grpc::CallbackServerContext& context, const char* name) {
  const auto found = context.client_metadata().find(name);
  return found == context.client_metadata().end() ? absl::string_view()
                                                  : absl::string_view(found->second.data(), found->second.size());
}

// Ends the prediction when the client goes.
class PredictionReactor final : public grpc::ServerUnaryReactor {
 public:
  std::stop_token stop() const { return stop_.get_token(); }
  void OnCancel() override { stop_.request_stop(); }
  void OnDone() override { delete this; }

 private:
  // Both reactions are short and hold no lock: gRPC need not wake up a thread of its own for each of them, which costs
  // as much as a third of a small request. It keeps the reactor until both have returned either way.
  bool InternalInlineable() override { return true; }

  std::stop_source stop_;
};

}  // namespace

absl::Time DeadlineOf(const grpc::CallbackServerContext& context) {
  // Not context.deadline(): what lies 292 years ahead or more would overflow it, into the past.
  const gpr_timespec deadline = context.raw_deadline();
  if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0) return absl::InfiniteFuture();
  const gpr_timespec real = gpr_convert_clock_type(deadline, GPR_CLOCK_REALTIME);
  return MonotonicNow() + (absl::FromUnixSeconds(real.tv_sec) + absl::Nanoseconds(real.tv_nsec) - absl::Now());
}

std::optional<TraceContext> TraceOf(const grpc::CallbackServerContext& context) {
  const absl::string_view header = MetadataOf(context, "traceparent");
  return header.empty() ? std::nullopt : ParseTraceparent(header);
}

absl::Status GrpcCalls::CheckAccess(Right right, const grpc::CallbackServerContext& context) const {
  const absl::Status allowed = access_.Check(right, MetadataOf(context, "authorization"));
  if (!allowed.ok()) predictor_.CountUnauthorized();
  return allowed;
}

grpc::ServerUnaryReactor* GrpcCalls::AnswerAnybody(grpc::CallbackServerContext* context, const absl::Status& status) {
  // A context makes its reactor anew each time it is asked: once for each call.
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(status, *context));
  return reactor;
}

grpc::ServerUnaryReactor* GrpcCalls::Answer(grpc::CallbackServerContext* context, Right right,
                                            absl::FunctionRef<absl::Status()> answer) const {
  const absl::Status allowed = CheckAccess(right, *context);
  return AnswerAnybody(context, allowed.ok() ? answer() : allowed);
}

grpc::ServerUnaryReactor* GrpcCalls::AnswerLater(grpc::CallbackServerContext* context, Right right,
                                                 absl::FunctionRef<void(Done done)> start,
                                                 std::function<void()> complete) const {
  const absl::Status allowed = CheckAccess(right, *context);
  if (!allowed.ok()) return AnswerAnybody(context, allowed);
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  start([context, reactor, complete = std::move(complete)](const absl::Status& status) {
    if (status.ok()) complete();
    reactor->Finish(ToGrpcStatus(status, *context));
  });
  return reactor;
}

grpc::ServerUnaryReactor* GrpcCalls::AnswerPrediction(grpc::CallbackServerContext* context,
                                                      absl::FunctionRef<Predictor::Request()> make) const {
  const absl::Status allowed = CheckAccess(Right::kUse, *context);
  if (!allowed.ok()) return AnswerAnybody(context, allowed);
  auto* const reactor = new PredictionReactor;
  Predictor::Request request = make();
  request.transport = Transport::kGrpc;
  request.deadline = DeadlineOf(*context);
  request.stop = reactor->stop();
  request.trace = TraceOf(*context);
  if (request.trace.has_value()) {
    request.span_id = NewSpanId();
    context->AddTrailingMetadata("traceparent", FormatTraceparent(*request.trace, request.span_id));
  }
  request.done = [context, reactor](const absl::Status& status) { reactor->Finish(ToGrpcStatus(status, *context)); };
  predictor_.Start(std::move(request));
  return reactor;
}

}  // namespace baryon
