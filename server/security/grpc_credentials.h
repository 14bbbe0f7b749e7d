// TLS for gRPC from files that change.
#ifndef BARYON_SERVER_SECURITY_GRPC_CREDENTIALS_H_
#define BARYON_SERVER_SECURITY_GRPC_CREDENTIALS_H_

#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "server/security/tls_keys.h"

namespace baryon {

// Credentials of a port. New connections use what `keys` says when they come; connections there are go on as they were.
// TLS 1.2 and later. `keys`, and what is returned, outlive the server.
std::shared_ptr<grpc::ServerCredentials> MakeTlsCredentials(const TlsKeys& keys);

}  // namespace baryon

#endif  // BARYON_SERVER_SECURITY_GRPC_CREDENTIALS_H_
