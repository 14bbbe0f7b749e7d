// The HTTP front over TLS.
#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "engine/base/logging.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/http/http_server.h"
#include "server/testing/certificates.h"
#include "server/testing/http_client.h"
#include "server/testing/temp_folder.h"
#include "server/testing/tls_client.h"

namespace baryon {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class HttpTlsTest : public testing::Test {
 protected:
  HttpTlsTest() : ca_(MakeCa("ca")), other_ca_(MakeCa("other")), server_(MakeCertificate(ca_, "server")) {
    SetLogSink([](LogSeverity, absl::string_view, LogFields) {});
    client_.trusted_ca = ca_.certificate_pem;
    Use(server_);
    files_.Write("ca.pem", ca_.certificate_pem);
  }
  ~HttpTlsTest() override {
    http_ = nullptr;
    SetLogSink(nullptr);
  }

  void Use(const TestCertificate& certificate) {
    files_.Write("cert.pem", certificate.certificate_pem);
    files_.Write("key.pem", certificate.key_pem);
  }

  void Start(bool asks_clients = false) {
    ASSERT_OK_AND_ASSIGN(keys_, TlsKeys::Open({files_.path("cert.pem"), files_.path("key.pem"),
                                               asks_clients ? files_.path("ca.pem") : ""}));
    HttpServer::Options options;
    options.header_timeout = absl::Seconds(60);
    http_ = std::make_unique<HttpServer>(options);
    HttpHandler handler;
    handler.answer = [](const std::shared_ptr<const HttpRequest>& request, HttpReply reply) {
      reply(HttpResponse{200, absl::StrCat("size ", request->body.size())});
    };
    ASSERT_OK_AND_ASSIGN(port_, http_->Listen("127.0.0.1", 0, std::move(handler), keys_.get()));
    http_->Start();
  }

  std::string Get() {
    return ExchangeOverTls(port_, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", client_);
  }

  TempFolder files_;
  const TestCertificate ca_, other_ca_, server_;
  TlsClientOptions client_;
  std::unique_ptr<TlsKeys> keys_;
  std::unique_ptr<HttpServer> http_;
  int port_ = 0;
};

TEST_F(HttpTlsTest, AnswersOverTls) {
  Start();
  EXPECT_THAT(Get(), StartsWith("HTTP/1.1 200"));
  const std::string body(3 << 20, 'x');
  EXPECT_THAT(ExchangeOverTls(port_,
                              absl::StrCat("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ",
                                           body.size(), "\r\n\r\n", body),
                              client_),
              HasSubstr("size 3145728"));
}

TEST_F(HttpTlsTest, SpeaksNothingElse) {
  Start();
  EXPECT_THAT(HttpGet(port_, "/"), testing::Not(HasSubstr("200")));
  EXPECT_THAT(Get(), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpTlsTest, RefusesOldVersions) {
  Start();
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    client_.max_version = version;
    EXPECT_THAT(Get(), StartsWith("error: "));
  }
  client_.max_version = TLS1_2_VERSION;
  EXPECT_THAT(Get(), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpTlsTest, RefusesWeakCiphers) {
  Start();
  client_.max_version = TLS1_2_VERSION;
  for (const char* weak : {"NULL", "aNULL", "AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA"}) {
    client_.ciphers = weak;
    EXPECT_THAT(Get(), StartsWith("error: ")) << weak;
  }
  client_.ciphers = "ECDHE+AESGCM";
  EXPECT_THAT(Get(), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpTlsTest, DoesNotNegotiateAgain) {
  Start();
  client_.max_version = TLS1_2_VERSION;
  client_.renegotiate = true;
  EXPECT_THAT(Get(), StartsWith("error: "));
}

TEST_F(HttpTlsTest, AsksForAClientCertificateOfItsCa) {
  Start(/*asks_clients=*/true);
  const TestCertificate good = MakeCertificate(ca_, "client"), other = MakeCertificate(other_ca_, "client"),
                        expired = MakeCertificate(ca_, "client", -3, -1), early = MakeCertificate(ca_, "client", 1, 3);
  EXPECT_THAT(Get(), StartsWith("error: "));
  for (const TestCertificate* bad : {&other, &expired, &early}) {
    client_.client = bad;
    EXPECT_THAT(Get(), StartsWith("error: "));
  }
  client_.client = &good;
  EXPECT_THAT(Get(), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpTlsTest, NewConnectionsUseNewFiles) {
  Start();
  Use(MakeCertificate(other_ca_, "server"));
  ASSERT_OK(keys_->Reload());
  EXPECT_THAT(Get(), StartsWith("error: certificate verify failed"));
  client_.trusted_ca = other_ca_.certificate_pem;
  EXPECT_THAT(Get(), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpTlsTest, ConnectionsGoOnWithTheOldFilesWhenTheNewAreBroken) {
  Start();
  files_.Write("key.pem", "-----BEGIN NOTHING-----");
  EXPECT_THAT(keys_->Reload(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Get(), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpTlsTest, AHandshakeThatStallsIsCutOff) {
  ASSERT_OK_AND_ASSIGN(keys_, TlsKeys::Open({files_.path("cert.pem"), files_.path("key.pem"), ""}));
  HttpServer::Options options;
  options.header_timeout = absl::Milliseconds(50);
  HttpServer http(options);
  ASSERT_OK_AND_ASSIGN(const int port, http.Listen("127.0.0.1", 0, {}, keys_.get()));
  http.Start();
  EXPECT_THAT(ExchangeBytes(port, "\x16\x03\x01"), IsEmpty());
}

}  // namespace
}  // namespace baryon
