// A ModelInferRequest as the predictor takes it.
#ifndef BARYON_SERVER_SERVICES_INFERENCE_CALL_H_
#define BARYON_SERVER_SERVICES_INFERENCE_CALL_H_

#include <grpcpp/support/byte_buffer.h>

#include "absl/functional/any_invocable.h"
#include "server/services/predictor.h"
#include "server/services/shared_memory.h"
#include "server/services/wire_pieces.h"

namespace baryon {

// The prediction that the bytes of `message` ask for; `answer` gets the ModelInferResponse before the request is done.
// Both arguments that are borrowed outlive it; transport, deadline, cancellation and `done` are the caller's. Bytes
// that are no such message, or ask for what cannot be, make a request that ends with the error.
Predictor::Request MakeInference(const grpc::ByteBuffer& message, const SharedMemoryRegistry& regions,
                                 absl::AnyInvocable<void(WirePieces response)> answer);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_INFERENCE_CALL_H_
