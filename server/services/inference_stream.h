// ModelStreamInfer: many requests and their answers over one call.
#ifndef BARYON_SERVER_SERVICES_INFERENCE_STREAM_H_
#define BARYON_SERVER_SERVICES_INFERENCE_STREAM_H_

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "server/services/grpc_calls.h"
#include "server/services/shared_memory.h"

namespace baryon {

// Answers a stream, one request after the other: memory is bounded by one request, and the flow control of HTTP/2 holds
// the client back. The reactor owns itself.
grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* AnswerInferenceStream(grpc::CallbackServerContext* context,
                                                                                   const GrpcCalls& calls,
                                                                                   const SharedMemoryRegistry& regions);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_INFERENCE_STREAM_H_
