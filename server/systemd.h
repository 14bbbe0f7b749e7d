// Telling systemd how it goes: the protocol of sd_notify, which is a datagram.
#ifndef BARYON_SERVER_SYSTEMD_H_
#define BARYON_SERVER_SYSTEMD_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace baryon {

// Sends to the socket that NOTIFY_SOCKET names; without one, nothing. What cannot be sent is lost: the service manager
// is told, not asked. Immutable; thread-safe.
class Systemd {
 public:
  // From the environment of the process.
  Systemd();
  // `socket` as NOTIFY_SOCKET has it: a path, or a name behind '@'; empty: none.
  Systemd(std::string socket, absl::Duration watchdog) : socket_(std::move(socket)), watchdog_(watchdog) {}

  void Ready(absl::string_view status) const;  // serves; shown by `systemctl status`
  void Reloading() const;                      // until the next Ready
  void Stopping() const;
  void Alive() const;  // to be said more often than the watchdog bites
  // How often Alive should be said: half of what the watchdog allows; infinite when there is none.
  absl::Duration alive_interval() const { return watchdog_ / 2; }

 private:
  void Send(absl::string_view text) const;

  const std::string socket_;
  const absl::Duration watchdog_;
};

}  // namespace baryon

#endif  // BARYON_SERVER_SYSTEMD_H_
