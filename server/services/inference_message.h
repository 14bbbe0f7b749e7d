// ModelInferRequest off the wire, without copying the tensors in it.
#ifndef BARYON_SERVER_SERVICES_INFERENCE_MESSAGE_H_
#define BARYON_SERVER_SERVICES_INFERENCE_MESSAGE_H_

#include <grpcpp/support/byte_buffer.h>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/inference.pb.h"

namespace baryon {

// The bytes of one field, in the pieces in which they came.
struct RawBytes {
  absl::InlinedVector<absl::string_view, 1> pieces;
  int64_t size = 0;
};

// A request whose raw_input_contents stayed behind in the message. A value; its views live as long as the message.
struct InferenceMessage {
  inference::ModelInferRequest head;     // without raw_input_contents
  absl::InlinedVector<RawBytes, 1> raw;  // one for each entry there

  // Errors: INVALID_ARGUMENT, the bytes are no such message.
  static absl::StatusOr<InferenceMessage> Parse(const grpc::ByteBuffer& message);
};

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_INFERENCE_MESSAGE_H_
