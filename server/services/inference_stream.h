// ModelStreamInfer: many requests and their answers over one call.
#ifndef BARYON_SERVER_SERVICES_INFERENCE_STREAM_H_
#define BARYON_SERVER_SERVICES_INFERENCE_STREAM_H_

#include <grpcpp/support/server_callback.h>

#include "proto/inference.pb.h"
#include "server/services/predictor.h"

namespace baryon {

// The prediction that `request` asks for; the answer goes into `response`. Both outlive it; transport, deadline,
// cancellation and `done` are the caller's.
Predictor::Request MakeOipPrediction(const inference::ModelInferRequest& request,
                                     inference::ModelInferResponse& response);

// Answers a stream, one request after the other: memory is bounded by one request, and the flow control of HTTP/2 holds
// the client back. The reactor owns itself.
grpc::ServerBidiReactor<inference::ModelInferRequest, inference::ModelStreamInferResponse>* AnswerStream(
    grpc::CallbackServerContext* context, Predictor& predictor);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_INFERENCE_STREAM_H_
