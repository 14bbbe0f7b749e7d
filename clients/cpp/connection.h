// Where a server is, and how to get there.
#ifndef BARYON_CLIENTS_CPP_CONNECTION_H_
#define BARYON_CLIENTS_CPP_CONNECTION_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace baryon {

// Encryption. Paths of PEM files; each may be empty.
struct ClientTls {
  std::string ca;           // who signed the server's certificate; empty: the authorities that the system trusts
  std::string certificate;  // who we are, for servers that ask (mutual TLS)
  std::string key;          // with `certificate`
  std::string server_name;  // in the server's certificate, when it is not the host of the target
};

struct ConnectionOptions {
  std::optional<ClientTls> tls;  // none: plain text
  std::string token;             // for servers with --auth-token-file; empty: none
};

// A channel to `target` ("HOST:PORT", or another name that gRPC takes) for messages of any size; connects when it is
// first used. `number` tells channels apart that should be connections of their own. Errors: those of reading the
// files; INVALID_ARGUMENT, a certificate without a key or the reverse.
absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenChannel(const std::string& target, const ConnectionOptions& options,
                                                           int number = 0);

// gRPC 1.51 ends the thread of its callbacks with the last channel that has used it, and the last to hold that channel
// may be a call that has just ended: on that very thread. This keeps the first channel it is given for as long as the
// process lives, and with it the thread. For whoever makes calls that do not wait.
void KeepCallbackThread(const std::shared_ptr<grpc::Channel>& channel);

// Puts the token, if there is one, into the call that `context` is for.
void AddToken(const ConnectionOptions& options, grpc::ClientContext& context);

// `status` with the server in front of its message.
absl::Status ToAbslStatus(const grpc::Status& status, const std::string& target);

}  // namespace baryon

#endif  // BARYON_CLIENTS_CPP_CONNECTION_H_
