// The one place where absl::Status becomes grpc::Status.
#ifndef BARYON_SERVER_SERVICES_GRPC_STATUS_H_
#define BARYON_SERVER_SERVICES_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace baryon {

// The codes are the same numbers; the message is cut where it would not fit into the trailers of an answer.
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace baryon

#endif  // BARYON_SERVER_SERVICES_GRPC_STATUS_H_
