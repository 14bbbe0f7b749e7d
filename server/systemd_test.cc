#include "server/systemd.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::StartsWith;

// The service manager's end.
class SystemdTest : public testing::Test {
 protected:
  // The kernel picks a name in the abstract namespace: a path of a test's folder may be longer than an address.
  SystemdTest() : descriptor_(socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    EXPECT_EQ(bind(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof(address.sun_family)), 0);
    socklen_t size = sizeof(address);
    EXPECT_EQ(getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    path_ = absl::StrCat("@", absl::string_view(address.sun_path + 1, size - sizeof(address.sun_family) - 1));
  }
  ~SystemdTest() override { close(descriptor_); }

  std::string Received() const {
    char buffer[512];
    const ssize_t size = recv(descriptor_, buffer, sizeof(buffer), MSG_DONTWAIT);
    return size < 0 ? "nothing" : std::string(buffer, static_cast<size_t>(size));
  }

  const int descriptor_;
  std::string path_;
};

TEST_F(SystemdTest, TellsHowItGoes) {
  const Systemd systemd(path_, absl::Seconds(10));
  systemd.Ready("3 models\nSTOPPING=1");
  EXPECT_EQ(Received(), "READY=1\nSTATUS=3 models STOPPING=1") << "a status is one line";
  systemd.Reloading();
  EXPECT_THAT(Received(), StartsWith("RELOADING=1\nMONOTONIC_USEC="));
  systemd.Alive();
  EXPECT_EQ(Received(), "WATCHDOG=1");
  systemd.Stopping();
  EXPECT_EQ(Received(), "STOPPING=1");
  EXPECT_EQ(systemd.alive_interval(), absl::Seconds(5));
}

TEST_F(SystemdTest, ReadsTheEnvironment) {
  setenv("NOTIFY_SOCKET", path_.c_str(), 1);
  setenv("WATCHDOG_USEC", "3000000", 1);
  setenv("WATCHDOG_PID", absl::StrCat(getpid()).c_str(), 1);
  const Systemd systemd;
  EXPECT_EQ(systemd.alive_interval(), absl::Seconds(1.5));
  systemd.Alive();
  EXPECT_EQ(Received(), "WATCHDOG=1");
  setenv("WATCHDOG_PID", "1", 1);
  EXPECT_EQ(Systemd().alive_interval(), absl::InfiniteDuration()) << "it is another process's";
  unsetenv("NOTIFY_SOCKET");
  unsetenv("WATCHDOG_USEC");
  unsetenv("WATCHDOG_PID");
  Systemd().Alive();
  EXPECT_EQ(Received(), "nothing");
}

TEST_F(SystemdTest, NobodyWhoListensIsNoError) {
  Systemd("@nobody-listens-here", absl::InfiniteDuration()).Alive();
  Systemd(std::string(300, 'x'), absl::InfiniteDuration()).Alive();
  Systemd("", absl::InfiniteDuration()).Alive();
  EXPECT_EQ(Received(), "nothing");
}

}  // namespace
}  // namespace baryon
