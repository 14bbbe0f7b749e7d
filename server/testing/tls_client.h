// The client side of TLS for tests.
#ifndef BARYON_SERVER_TESTING_TLS_CLIENT_H_
#define BARYON_SERVER_TESTING_TLS_CLIENT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "server/testing/certificates.h"

namespace baryon {

struct TlsClientOptions {
  std::string trusted_ca;                   // PEM; the server's certificate has to come from it
  const TestCertificate* client = nullptr;  // shown when the server asks
  int max_version = 0;                      // TLS1_1_VERSION, ...; 0: the newest
  std::string ciphers;                      // that it offers up to TLS 1.2, as OpenSSL names them; empty: the usual
  bool renegotiate = false;                 // asks for another handshake before it sends
};

// What comes back for `bytes` until the server closes; "error: why" when the two do not agree on TLS, on either side.
std::string ExchangeOverTls(int port, absl::string_view bytes, const TlsClientOptions& options);

}  // namespace baryon

#endif  // BARYON_SERVER_TESTING_TLS_CLIENT_H_
