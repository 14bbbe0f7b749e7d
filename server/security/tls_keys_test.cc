#include "server/security/tls_keys.h"

#include <openssl/ssl.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "engine/base/logging.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/testing/certificates.h"
#include "server/testing/temp_folder.h"

namespace baryon {
namespace {

using testing::HasSubstr;

class TlsKeysTest : public testing::Test {
 protected:
  TlsKeysTest() : ca_(MakeCa("ca")), first_(MakeCertificate(ca_, "first")), second_(MakeCertificate(ca_, "second")) {
    SetLogSink([this](LogSeverity severity, absl::string_view message, LogFields) {
      absl::StrAppend(&log_, LogSeverityName(severity), ": ", std::string(message), "\n");
    });
    Use(first_);
    files_.Write("ca.pem", ca_.certificate_pem);
  }
  ~TlsKeysTest() override { SetLogSink(nullptr); }

  void Use(const TestCertificate& certificate) {
    files_.Write("cert.pem", certificate.certificate_pem);
    files_.Write("key.pem", certificate.key_pem);
  }
  TlsFiles Paths() const { return {files_.path("cert.pem"), files_.path("key.pem"), ""}; }

  TempFolder files_;
  const TestCertificate ca_, first_, second_;
  std::string log_;
};

TEST_F(TlsKeysTest, ReadsACertificateAndItsKey) {
  ASSERT_OK_AND_ASSIGN(const auto keys, TlsKeys::Open(Paths()));
  EXPECT_EQ(keys->current()->certificate, first_.certificate_pem);
  EXPECT_EQ(SSL_CTX_get_verify_mode(keys->current()->context.get()), SSL_VERIFY_NONE);
}

TEST_F(TlsKeysTest, AsksClientsForCertificatesWhenThereIsACaForThem) {
  TlsFiles files = Paths();
  files.client_ca = files_.path("ca.pem");
  ASSERT_OK_AND_ASSIGN(const auto keys, TlsKeys::Open(files));
  EXPECT_EQ(SSL_CTX_get_verify_mode(keys->current()->context.get()), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
}

TEST_F(TlsKeysTest, SaysWhichFileIsWrong) {
  const auto open_with = [&](const char* file, const std::string& contents) {
    Use(first_);
    files_.Write("ca.pem", ca_.certificate_pem);
    files_.Write(file, contents);
    TlsFiles files = Paths();
    files.client_ca = files_.path("ca.pem");
    return TlsKeys::Open(files).status();
  };
  const absl::StatusCode invalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(open_with("cert.pem", "x"), StatusIs(invalid, HasSubstr("cert.pem\": expected a certificate")));
  EXPECT_THAT(open_with("key.pem", "x"), StatusIs(invalid, HasSubstr("key.pem\": expected a private key")));
  EXPECT_THAT(open_with("key.pem", second_.key_pem), StatusIs(invalid, HasSubstr("got another")));
  EXPECT_THAT(open_with("ca.pem", "x"), StatusIs(invalid, HasSubstr("ca.pem\": expected certificates")));
  TlsFiles files = Paths();
  files.key = "";
  EXPECT_THAT(TlsKeys::Open(files), StatusIs(invalid, HasSubstr("expected a certificate and its key")));
  files.key = files_.path("none.pem");
  EXPECT_THAT(TlsKeys::Open(files), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(TlsKeysTest, FollowsTheFiles) {
  ASSERT_OK_AND_ASSIGN(const auto keys, TlsKeys::Open(Paths()));
  const auto before = keys->current();
  ASSERT_OK(keys->Reload());
  EXPECT_EQ(keys->current(), before);
  EXPECT_EQ(log_, "");
  Use(second_);
  ASSERT_OK(keys->Reload());
  EXPECT_EQ(keys->current()->certificate, second_.certificate_pem);
  EXPECT_THAT(log_, HasSubstr("info: TLS files have changed"));
}

TEST_F(TlsKeysTest, KeepsWhatWorksAndSaysOnceWhatDoesNot) {
  ASSERT_OK_AND_ASSIGN(const auto keys, TlsKeys::Open(Paths()));
  files_.Write("cert.pem", second_.certificate_pem);  // in the middle of being exchanged
  EXPECT_THAT(keys->Reload(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(keys->current()->certificate, first_.certificate_pem);
  EXPECT_THAT(log_, HasSubstr("error: TLS files cannot be used"));
  log_.clear();
  EXPECT_THAT(keys->Reload(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(log_, "");
  files_.Write("key.pem", second_.key_pem);
  EXPECT_OK(keys->Reload());
  EXPECT_EQ(keys->current()->certificate, second_.certificate_pem);
}

}  // namespace
}  // namespace baryon
