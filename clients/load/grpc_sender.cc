#include "clients/load/grpc_sender.h"

#include <grpcpp/client_context.h>

#include <chrono>
#include <utility>

#include "clients/cpp/connection.h"

namespace baryon {
namespace {

grpc::ByteBuffer BufferOf(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace

struct GrpcSender::Call {
  grpc::ClientContext context;
  grpc::ByteBuffer request, response;
  absl::AnyInvocable<void(absl::StatusCode code)> done;
};

GrpcSender::GrpcSender(const std::vector<std::shared_ptr<grpc::Channel>>& channels, std::string method,
                       const std::string& request, absl::Duration deadline, const std::string& token)
    : method_(std::move(method)),
      request_(BufferOf(request)),
      deadline_(deadline),
      authorization_(token.empty() ? "" : "Bearer " + token) {
  for (const std::shared_ptr<grpc::Channel>& channel : channels) stubs_.emplace_back(channel);
  KeepCallbackThread(channels.front());
}

void GrpcSender::Send(absl::AnyInvocable<void(absl::StatusCode code)> done) {
  auto* const call = new Call{{}, request_, {}, std::move(done)};
  if (deadline_ > absl::ZeroDuration()) {
    call->context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMicroseconds(deadline_));
  }
  if (!authorization_.empty()) call->context.AddMetadata("authorization", authorization_);
  const size_t stub = next_.fetch_add(1, std::memory_order_relaxed) % stubs_.size();
  stubs_[stub].UnaryCall(&call->context, method_, {}, &call->request, &call->response,
                         [call](const grpc::Status& status) {
                           const std::unique_ptr<Call> ended(call);
                           ended->done(static_cast<absl::StatusCode>(status.error_code()));
                         });
}

}  // namespace baryon
