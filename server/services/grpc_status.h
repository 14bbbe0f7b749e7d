// The one place where absl::Status becomes grpc::Status.
#ifndef BARYON_SERVER_SERVICES_GRPC_STATUS_H_
#define BARYON_SERVER_SERVICES_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include <string>

#include "absl/status/status.h"

namespace grpc {
class ServerContextBase;
}  // namespace grpc

namespace baryon {

// The codes are the same numbers; the message is cut where it would not fit into the trailers of an answer. The details
// (google.rpc.Status, see proto/rpc_status.proto) say what error_details.h and refusal.h remember.
grpc::Status ToGrpcStatus(const absl::Status& status);

// The same for the answer to a call; a delay after which to come again goes into the trailer that clients with a retry
// policy obey. Once for each call.
grpc::Status ToGrpcStatus(const absl::Status& status, grpc::ServerContextBase& context);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_GRPC_STATUS_H_
