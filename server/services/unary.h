// Answering unary calls of gRPC's callback API: no thread waits for an answer.
#ifndef BARYON_SERVER_SERVICES_UNARY_H_
#define BARYON_SERVER_SERVICES_UNARY_H_

#include "absl/status/status.h"
#include "server/services/predictor.h"

namespace grpc {
class CallbackServerContext;
class ServerUnaryReactor;
}  // namespace grpc

namespace baryon {

// Answers at once; the response message is complete.
grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, const absl::Status& status);

// Answers when `predictor` is done with `request`, whose deadline, cancellation and `done` are those of the call.
grpc::ServerUnaryReactor* AnswerPrediction(grpc::CallbackServerContext* context, Predictor& predictor,
                                           Predictor::Request request);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_UNARY_H_
