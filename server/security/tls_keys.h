// The server's certificate and key, and who may connect.
#ifndef BARYON_SERVER_SECURITY_TLS_KEYS_H_
#define BARYON_SERVER_SECURITY_TLS_KEYS_H_

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace baryon {

// Paths of PEM files.
struct TlsFiles {
  std::string certificate;  // the server's, then those up to the root
  std::string key;          // of the first certificate
  std::string client_ca;    // empty: clients need no certificate

  bool any() const { return !certificate.empty() || !key.empty() || !client_ca.empty(); }
};

// What the files hold, read again when they change. What does not fit together never takes the place of what does.
// Thread-safe.
class TlsKeys {
 public:
  // One reading of the files, checked: immutable.
  struct State {
    std::string certificate, key, client_ca;  // PEM
    // Takes TLS 1.2 and 1.3; asks for a certificate signed by `client_ca` when there is one.
    std::shared_ptr<ssl_ctx_st> context;
  };

  // Errors: those of reading; INVALID_ARGUMENT, a file holds no PEM of its kind, the key is that of another
  // certificate, or a certificate is given without a key or the other way round.
  static absl::StatusOr<std::unique_ptr<TlsKeys>> Open(TlsFiles files);

  // For new connections. Another pointer than before: the files have changed.
  std::shared_ptr<const State> current() const;

  // Reads the files again. Logs when they have changed, and once for each state of them that cannot be used; the
  // connections then go on with what there was. Errors: as Open.
  absl::Status Reload();

 private:
  TlsKeys(TlsFiles files, std::shared_ptr<const State> state);

  const TlsFiles files_;
  mutable absl::Mutex mutex_;
  std::shared_ptr<const State> state_ ABSL_GUARDED_BY(mutex_);
  std::string last_error_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace baryon

#endif  // BARYON_SERVER_SECURITY_TLS_KEYS_H_
