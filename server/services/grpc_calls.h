// Answering calls of gRPC's callback API: no thread waits for an answer. Every method of every service goes through
// here, so that who may call is decided in one place.
#ifndef BARYON_SERVER_SERVICES_GRPC_CALLS_H_
#define BARYON_SERVER_SERVICES_GRPC_CALLS_H_

#include <functional>
#include <optional>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/security/access.h"
#include "server/services/predictor.h"
#include "server/trace_context.h"

namespace grpc {
class CallbackServerContext;
class ServerUnaryReactor;
}  // namespace grpc

namespace baryon {

// The deadline of a call by the server's clock; gRPC keeps it by the system's.
absl::Time DeadlineOf(const grpc::CallbackServerContext& context);

// What the metadata of a call says of the trace it belongs to.
std::optional<TraceContext> TraceOf(const grpc::CallbackServerContext& context);

// Thread-safe.
class GrpcCalls {
 public:
  using Done = absl::AnyInvocable<void(const absl::Status& status)>;

  // Both are borrowed.
  GrpcCalls(const Access& access, Predictor& predictor) : access_(access), predictor_(predictor) {}

  Predictor& predictor() const { return predictor_; }

  // Whether the caller has the right, by the metadata of the call; those who do not are counted.
  absl::Status CheckAccess(Right right, const grpc::CallbackServerContext& context) const;

  // Answers at once: `answer` completes the response and says how it went.
  grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, Right right,
                                   absl::FunctionRef<absl::Status()> answer) const;
  // For calls that anybody may make.
  static grpc::ServerUnaryReactor* AnswerAnybody(grpc::CallbackServerContext* context, const absl::Status& status);

  // Answers later: `start` begins the work and sees that its argument is called at the end, on any thread. When that
  // goes well, `complete` fills in the response first.
  grpc::ServerUnaryReactor* AnswerLater(grpc::CallbackServerContext* context, Right right,
                                        absl::FunctionRef<void(Done done)> start, std::function<void()> complete) const;

  // Answers when the predictor is done with `request`, whose deadline, cancellation, trace and `done` are those of the
  // call. `make` is called when the caller may predict.
  grpc::ServerUnaryReactor* AnswerPrediction(grpc::CallbackServerContext* context,
                                             absl::FunctionRef<Predictor::Request()> make) const;

 private:
  const Access& access_;
  Predictor& predictor_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_GRPC_CALLS_H_
