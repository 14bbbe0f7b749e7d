// Sends one and the same request over gRPC again and again.
#ifndef BARYON_CLIENTS_LOAD_GRPC_SENDER_H_
#define BARYON_CLIENTS_LOAD_GRPC_SENDER_H_

#include <grpcpp/channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

namespace baryon {

// The message is serialised once, and its bytes are shared by all calls, so that the client costs little beside the
// server; answers are taken off the wire and not looked at. Calls are spread over the channels, which should be
// connections of their own: one that is held back by flow control does not hold back the others. Thread-safe.
class GrpcSender {
 public:
  // `method` is "/baryon.v1.PredictionService/Predict"; `request` the serialised message. A deadline of zero: none; an
  // empty token: none.
  GrpcSender(const std::vector<std::shared_ptr<grpc::Channel>>& channels, std::string method,
             const std::string& request, absl::Duration deadline = absl::ZeroDuration(), const std::string& token = "");

  // What RunLoad sends with. The sender outlives the call.
  void Send(absl::AnyInvocable<void(absl::StatusCode code)> done);

 private:
  struct Call;

  const std::string method_;
  const grpc::ByteBuffer request_;
  const absl::Duration deadline_;
  const std::string authorization_;  // the header of that name; empty: none
  std::vector<grpc::GenericStub> stubs_;
  std::atomic<size_t> next_{0};
};

}  // namespace baryon

#endif  // BARYON_CLIENTS_LOAD_GRPC_SENDER_H_
