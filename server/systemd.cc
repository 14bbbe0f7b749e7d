#include "server/systemd.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace baryon {
namespace {

std::string Environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// The watchdog is for one process: a child that inherits the variable is not meant.
absl::Duration WatchdogOfEnvironment() {
  int64_t microseconds = 0, process = 0;
  if (!absl::SimpleAtoi(Environment("WATCHDOG_USEC"), &microseconds) || microseconds <= 0) {
    return absl::InfiniteDuration();
  }
  const bool for_others = absl::SimpleAtoi(Environment("WATCHDOG_PID"), &process) && process != getpid();
  return for_others ? absl::InfiniteDuration() : absl::Microseconds(microseconds);
}

int64_t MonotonicMicroseconds() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return absl::ToInt64Microseconds(absl::DurationFromTimespec(time));
}

}  // namespace

Systemd::Systemd() : Systemd(Environment("NOTIFY_SOCKET"), WatchdogOfEnvironment()) {}

void Systemd::Ready(absl::string_view status) const {
  Send(absl::StrCat("READY=1\nSTATUS=", absl::StrReplaceAll(status, {{"\n", " "}})));
}

void Systemd::Reloading() const { Send(absl::StrCat("RELOADING=1\nMONOTONIC_USEC=", MonotonicMicroseconds())); }

void Systemd::Stopping() const { Send("STOPPING=1"); }

void Systemd::Alive() const { Send("WATCHDOG=1"); }

void Systemd::Send(absl::string_view text) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.size() < 2 || socket_.size() >= sizeof(address.sun_path)) return;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // the abstract namespace
  const int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  sendto(descriptor, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&address),
         length);
  close(descriptor);
}

}  // namespace baryon
