#include "server/security/security.h"

#include <utility>

#include "absl/strings/match.h"
#include "engine/base/status_macros.h"

namespace baryon {

absl::StatusOr<std::unique_ptr<Security>> Security::Open(SecurityFiles files, absl::Duration look_interval) {
  std::unique_ptr<TlsKeys> tls;
  if (files.tls.any()) {
    BARYON_ASSIGN_OR_RETURN(tls, TlsKeys::Open(files.tls));
  }
  BARYON_ASSIGN_OR_RETURN(std::unique_ptr<Access> access, Access::Open(files.use_token, files.control_token));
  std::unique_ptr<Security> security(new Security(std::move(access), std::move(tls)));
  if (files.any()) {
    security->watcher_ = std::thread([self = security.get(), look_interval] { self->Watch(look_interval); });
  }
  return security;
}

Security::~Security() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (watcher_.joinable()) watcher_.join();
}

void Security::Reload() {
  // Both have logged what is wrong, and go on with what there was.
  (void)access_->Reload();
  if (tls_ != nullptr) (void)tls_->Reload();
}

void Security::Watch(absl::Duration look_interval) {
  const auto stopped = [this, look_interval] {
    absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&stopping_), look_interval);
  };
  while (!stopped()) Reload();
}

bool IsLoopback(absl::string_view host) {
  return host == "localhost" || host == "::1" || absl::StartsWith(host, "127.");
}

}  // namespace baryon
