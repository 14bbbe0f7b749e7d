// What the commands that ask a running server have in common.
#ifndef BARYON_CLIENTS_CLI_SERVER_CALL_H_
#define BARYON_CLIENTS_CLI_SERVER_CALL_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "clients/cpp/client.h"

namespace CLI {
class App;
}  // namespace CLI

namespace baryon {

// The server that a command asks, as it was named on the command line.
struct ServerCall {
  std::string server = "127.0.0.1:8001";
  bool use_tls = false;
  ClientTls tls;
  std::string token_file;
};

// --server HOST:PORT, or BARYON_SERVER; --tls and its files; --token-file.
void AddServerOptions(CLI::App& command, ServerCall& call);

// Reads the token. Errors: those of reading; INVALID_ARGUMENT, the file holds none.
absl::StatusOr<ConnectionOptions> ConnectionFor(const ServerCall& call);

// A client that waits for its answer for `timeout`. Errors: those of ConnectionFor and Client::Connect.
absl::StatusOr<Client> ConnectTo(const ServerCall& call, absl::Duration timeout = absl::InfiniteDuration());

}  // namespace baryon

#endif  // BARYON_CLIENTS_CLI_SERVER_CALL_H_
