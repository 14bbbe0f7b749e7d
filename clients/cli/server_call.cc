#include "clients/cli/server_call.h"

#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "engine/base/file.h"
#include "engine/base/status_macros.h"

namespace baryon {

void AddServerOptions(CLI::App& command, ServerCall& call) {
  command.add_option("--server", call.server, "HOST:PORT")->capture_default_str()->envname("BARYON_SERVER");
  command.add_flag("--tls", call.use_tls, "Ask over TLS; the files below imply it");
  command.add_option("--tls-ca", call.tls.ca, "PEM file: who signed the server's certificate");
  command.add_option("--tls-cert", call.tls.certificate, "PEM file: our certificate, for servers that ask for one");
  command.add_option("--tls-key", call.tls.key, "PEM file: its key");
  command.add_option("--tls-server-name", call.tls.server_name, "Name in the server's certificate, when not HOST");
  command.add_option("--token-file", call.token_file, "File with the token that the server wants");
}

absl::StatusOr<ConnectionOptions> ConnectionFor(const ServerCall& call) {
  ConnectionOptions options;
  const ClientTls& tls = call.tls;
  const bool has_files = !tls.ca.empty() || !tls.certificate.empty() || !tls.key.empty() || !tls.server_name.empty();
  if (call.use_tls || has_files) options.tls = tls;
  if (call.token_file.empty()) return options;
  BARYON_ASSIGN_OR_RETURN(const std::string text, ReadFile(call.token_file));
  const absl::string_view line = absl::string_view(text).substr(0, text.find('\n'));
  options.token = std::string(absl::StripAsciiWhitespace(line));
  if (!options.token.empty()) return options;
  return absl::InvalidArgumentError(absl::StrCat(call.token_file, ": expected a token on the first line, got none"));
}

absl::StatusOr<Client> ConnectTo(const ServerCall& call, absl::Duration timeout) {
  ClientOptions options;
  BARYON_ASSIGN_OR_RETURN(options.connection, ConnectionFor(call));
  options.timeout = timeout;
  return Client::Connect(call.server, options);
}

}  // namespace baryon
