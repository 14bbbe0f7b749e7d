// Who may connect to a server, and who may do what: its TLS keys and tokens, in step with their files.
#ifndef BARYON_SERVER_SECURITY_SECURITY_H_
#define BARYON_SERVER_SECURITY_SECURITY_H_

#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/security/access.h"
#include "server/security/tls_keys.h"

namespace baryon {

// Paths; empty: none.
struct SecurityFiles {
  TlsFiles tls;
  std::string use_token, control_token;

  bool any() const { return tls.any() || !use_token.empty() || !control_token.empty(); }
};

// Looks at the files on a thread of its own, when there are any. What cannot be used never takes the place of what can.
// Thread-safe.
class Security {
 public:
  // Errors: those of TlsKeys::Open and Access::Open.
  static absl::StatusOr<std::unique_ptr<Security>> Open(SecurityFiles files,
                                                        absl::Duration look_interval = absl::Seconds(1));
  ~Security();
  Security(const Security&) = delete;
  Security& operator=(const Security&) = delete;

  const Access& access() const { return *access_; }
  const TlsKeys* tls() const { return tls_.get(); }  // null: plain text

  // Reads the files again, now.
  void Reload();

 private:
  Security(std::unique_ptr<Access> access, std::unique_ptr<TlsKeys> tls)
      : access_(std::move(access)), tls_(std::move(tls)) {}

  void Watch(absl::Duration look_interval);

  const std::unique_ptr<Access> access_;
  const std::unique_ptr<TlsKeys> tls_;
  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread watcher_;
};

// True for addresses that other machines cannot reach: "localhost", "127.0.0.1", "::1".
bool IsLoopback(absl::string_view host);

}  // namespace baryon

#endif  // BARYON_SERVER_SECURITY_SECURITY_H_
