// gRPC's own watcher of files takes whatever it finds, also half of a change. Its C library asks a function at each
// handshake instead; that function gives what TlsKeys has checked.
#include "server/security/grpc_credentials.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

#include <string>
#include <utility>

#include "absl/synchronization/mutex.h"

namespace baryon {
namespace {

class TlsCredentials final : public grpc::ServerCredentials {
 public:
  explicit TlsCredentials(const TlsKeys& keys)
      : keys_(keys),
        credentials_(grpc_ssl_server_credentials_create_with_options(
            grpc_ssl_server_credentials_create_options_using_config_fetcher(
                keys.current()->client_ca.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                                  : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY,
                Fetch, this))) {}
  ~TlsCredentials() override { grpc_server_credentials_release(credentials_); }

  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  static grpc_ssl_certificate_config_reload_status Fetch(void* self, grpc_ssl_server_certificate_config** config) {
    return static_cast<TlsCredentials*>(self)->FetchIfChanged(config);
  }

  grpc_ssl_certificate_config_reload_status FetchIfChanged(grpc_ssl_server_certificate_config** config) {
    absl::MutexLock lock(&mutex_);
    const std::shared_ptr<const TlsKeys::State> state = keys_.current();
    if (state == given_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const grpc_ssl_pem_key_cert_pair pair = {state->key.c_str(), state->certificate.c_str()};
    // It wants a CA also when it asks nobody for a certificate, and does not look at it then.
    const std::string& ca = state->client_ca.empty() ? state->certificate : state->client_ca;
    *config = grpc_ssl_server_certificate_config_create(ca.c_str(), &pair, 1);
    given_ = state;
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  const TlsKeys& keys_;
  absl::Mutex mutex_;
  std::shared_ptr<const TlsKeys::State> given_ ABSL_GUARDED_BY(mutex_);
  grpc_server_credentials* const credentials_;
};

}  // namespace

std::shared_ptr<grpc::ServerCredentials> MakeTlsCredentials(const TlsKeys& keys) {
  return std::make_shared<TlsCredentials>(keys);
}

}  // namespace baryon
