// What the commands that ask a running server have in common.
#ifndef BARYON_CLIENTS_CLI_SERVER_CALL_H_
#define BARYON_CLIENTS_CLI_SERVER_CALL_H_

#include <grpcpp/channel.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/status.h>

#include <memory>
#include <string>

#include "absl/status/status.h"

namespace CLI {
class App;
}  // namespace CLI

namespace baryon {

// --server HOST:PORT, or BARYON_SERVER; "127.0.0.1:8001" when it is empty before.
void AddServerOption(CLI::App& command, std::string& server);

// A channel that takes answers of any size. `number` tells channels apart that should be connections of their own.
std::shared_ptr<grpc::Channel> ConnectTo(const std::string& server, int number = 0);

// `status` with the server in front of its message.
absl::Status ToAbslStatus(const grpc::Status& status, const std::string& server);

}  // namespace baryon

#endif  // BARYON_CLIENTS_CLI_SERVER_CALL_H_
