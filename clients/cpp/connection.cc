#include "clients/cpp/connection.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <atomic>
#include <memory>

#include "absl/strings/str_cat.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"

namespace baryon {
namespace {

absl::StatusOr<std::string> ReadPem(const std::string& path) {
  if (path.empty()) return "";
  return ReadFile(path);
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Credentials(const ClientTls& tls) {
  if (tls.certificate.empty() != tls.key.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("TLS: expected a certificate and its key, got only the ",
                                                   tls.key.empty() ? "certificate" : "key"));
  }
  grpc::SslCredentialsOptions options;
  BARYON_ASSIGN_OR_RETURN(options.pem_root_certs, ReadPem(tls.ca));
  BARYON_ASSIGN_OR_RETURN(options.pem_cert_chain, ReadPem(tls.certificate));
  BARYON_ASSIGN_OR_RETURN(options.pem_private_key, ReadPem(tls.key));
  return grpc::SslCredentials(options);
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(const std::string& target, const ConnectionOptions& options,
                                                           int number) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetMaxSendMessageSize(-1);
  arguments.SetInt("baryon.channel", number);
  // Attempts are Client's to make (see retry.h), and a server that comes back is noticed soon.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  if (!options.tls.has_value()) {
    return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
  }
  if (!options.tls->server_name.empty()) arguments.SetSslTargetNameOverride(options.tls->server_name);
  BARYON_ASSIGN_OR_RETURN(const auto credentials, Credentials(*options.tls));
  return grpc::CreateCustomChannel(target, credentials, arguments);
}

void KeepCallbackThread(const std::shared_ptr<grpc::Channel>& channel) {
  // Read as well as written: the compiler drops a pointer that is not, and leak checkers miss the channel.
  static std::atomic<std::shared_ptr<grpc::Channel>*> kept{nullptr};
  if (kept.load() != nullptr) return;
  auto first = std::make_unique<std::shared_ptr<grpc::Channel>>(channel);
  std::shared_ptr<grpc::Channel>* none = nullptr;
  if (kept.compare_exchange_strong(none, first.get())) first.release();
}

void AddToken(const ConnectionOptions& options, grpc::ClientContext& context) {
  if (!options.token.empty()) context.AddMetadata("authorization", absl::StrCat("Bearer ", options.token));
}

absl::Status ToAbslStatus(const grpc::Status& status, const std::string& target) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      absl::StrCat("server ", target, ": ", status.error_message()));
}

}  // namespace baryon
