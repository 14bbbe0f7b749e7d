#include "server/security/security.h"

#include <memory>
#include <thread>

#include "engine/base/logging.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/testing/certificates.h"
#include "server/testing/temp_folder.h"

namespace baryon {
namespace {

class SecurityTest : public testing::Test {
 protected:
  SecurityTest() {
    SetLogSink([](LogSeverity, absl::string_view, LogFields) {});
    const TestCertificate certificate = MakeCertificate(ca_, "server");
    files_.Write("cert.pem", certificate.certificate_pem);
    files_.Write("key.pem", certificate.key_pem);
    files_.Write("token", "the-first-token");
  }
  ~SecurityTest() override { SetLogSink(nullptr); }

  SecurityFiles Files() { return {{files_.path("cert.pem"), files_.path("key.pem"), ""}, files_.path("token"), ""}; }

  TestCertificate ca_ = MakeCa("ca");
  TempFolder files_;
};

TEST_F(SecurityTest, WithoutFilesEverybodyMayDoEverythingInPlainText) {
  ASSERT_OK_AND_ASSIGN(const auto security, Security::Open({}));
  EXPECT_EQ(security->tls(), nullptr);
  EXPECT_OK(security->access().Check(Right::kControl, ""));
}

TEST_F(SecurityTest, NoticesThatFilesChange) {
  ASSERT_OK_AND_ASSIGN(const auto security, Security::Open(Files(), absl::Milliseconds(1)));
  EXPECT_OK(security->access().Check(Right::kUse, "Bearer the-first-token"));
  const auto keys = security->tls()->current();
  files_.Write("token", "the-second-token");
  files_.Write("key.pem", "");  // in the middle of a change
  const TestCertificate next = MakeCertificate(ca_, "server");
  files_.Write("cert.pem", next.certificate_pem);
  files_.Write("key.pem", next.key_pem);
  while (!security->access().Check(Right::kUse, "Bearer the-second-token").ok()) std::this_thread::yield();
  while (security->tls()->current() == keys) std::this_thread::yield();
  EXPECT_EQ(security->tls()->current()->key, next.key_pem);
  EXPECT_FALSE(security->access().Check(Right::kUse, "Bearer the-first-token").ok());
}

TEST_F(SecurityTest, ReloadsWhenAsked) {
  ASSERT_OK_AND_ASSIGN(const auto security, Security::Open(Files(), absl::InfiniteDuration()));
  files_.Write("token", "the-second-token");
  security->Reload();
  EXPECT_OK(security->access().Check(Right::kUse, "Bearer the-second-token"));
}

TEST_F(SecurityTest, SaysWhatCannotBeUsedAtTheStart) {
  SecurityFiles files = Files();
  files.tls.key.clear();
  EXPECT_THAT(Security::Open(files), StatusIs(absl::StatusCode::kInvalidArgument));
  files = Files();
  files.use_token = files_.path("nowhere");
  EXPECT_THAT(Security::Open(files), StatusIs(absl::StatusCode::kNotFound, testing::HasSubstr("nowhere")));
}

TEST(IsLoopbackTest, KnowsAddressesOfThisMachine) {
  for (const char* host : {"localhost", "127.0.0.1", "127.1.2.3", "::1"}) EXPECT_TRUE(IsLoopback(host)) << host;
  for (const char* host : {"0.0.0.0", "::", "10.0.0.1", "example.org", ""}) EXPECT_FALSE(IsLoopback(host)) << host;
}

}  // namespace
}  // namespace baryon
