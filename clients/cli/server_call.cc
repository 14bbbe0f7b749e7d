#include "clients/cli/server_call.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"

namespace baryon {

void AddServerOption(CLI::App& command, std::string& server) {
  if (server.empty()) server = "127.0.0.1:8001";
  command.add_option("--server", server, "HOST:PORT")->capture_default_str()->envname("BARYON_SERVER");
}

std::shared_ptr<grpc::Channel> ConnectTo(const std::string& server, int number) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt("baryon.channel", number);
  return grpc::CreateCustomChannel(server, grpc::InsecureChannelCredentials(), arguments);
}

absl::Status ToAbslStatus(const grpc::Status& status, const std::string& server) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                      absl::StrCat("server ", server, ": ", status.error_message()));
}

}  // namespace baryon
