// Answering unary calls of gRPC's callback API: no thread waits for an answer.
#ifndef BARYON_SERVER_SERVICES_UNARY_H_
#define BARYON_SERVER_SERVICES_UNARY_H_

#include <functional>
#include <optional>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "server/services/predictor.h"

namespace grpc {
class CallbackServerContext;
class ServerUnaryReactor;
}  // namespace grpc

namespace baryon {

// The deadline of a call by the server's clock; gRPC keeps it by the system's.
absl::Time DeadlineOf(const grpc::CallbackServerContext& context);

// What the metadata of a call says of the trace it belongs to.
std::optional<TraceContext> TraceOf(const grpc::CallbackServerContext& context);

// Answers at once; the response message is complete.
grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, const absl::Status& status);

// Answers when `predictor` is done with `request`, whose deadline, cancellation, trace and `done` are those of the
// call.
grpc::ServerUnaryReactor* AnswerPrediction(grpc::CallbackServerContext* context, Predictor& predictor,
                                           Predictor::Request request);

// For calls that end on another thread: fills in the answer with `succeed` when the status is OK, and answers. A
// context makes its reactor anew each time it is asked: ask once.
absl::AnyInvocable<void(const absl::Status& status)> AnswerLater(grpc::ServerUnaryReactor* reactor,
                                                                 std::function<void()> succeed);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_UNARY_H_
