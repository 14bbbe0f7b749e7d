#include "server/services/grpc_status.h"

#include <string>

#include "absl/strings/string_view.h"

namespace baryon {

grpc::Status ToGrpcStatus(const absl::Status& status) {
  // Clients take 8 KiB of metadata by default, and gRPC writes bytes beyond ASCII as three.
  constexpr size_t kMostBytes = 2048;
  if (status.ok()) return grpc::Status::OK;
  const absl::string_view message = status.message().substr(0, kMostBytes);
  return grpc::Status(static_cast<grpc::StatusCode>(status.raw_code()), std::string(message));
}

}  // namespace baryon
