#include "server/security/grpc_credentials.h"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "engine/base/logging.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/testing/certificates.h"
#include "server/testing/temp_folder.h"
#include "server/testing/tls_client.h"

namespace baryon {
namespace {

using testing::StartsWith;

// A server whose every method is UNIMPLEMENTED: an answer, from behind the handshake.
class GrpcCredentialsTest : public testing::Test {
 protected:
  GrpcCredentialsTest() : ca_(MakeCa("ca")), other_ca_(MakeCa("other")) {
    SetLogSink([](LogSeverity, absl::string_view, LogFields) {});
    Use(MakeCertificate(ca_, "server"));
    files_.Write("ca.pem", ca_.certificate_pem);
  }
  ~GrpcCredentialsTest() override {
    server_ = nullptr;
    SetLogSink(nullptr);
  }

  void Use(const TestCertificate& certificate) {
    files_.Write("cert.pem", certificate.certificate_pem);
    files_.Write("key.pem", certificate.key_pem);
  }

  void Start(bool asks_clients) {
    ASSERT_OK_AND_ASSIGN(keys_, TlsKeys::Open({files_.path("cert.pem"), files_.path("key.pem"),
                                               asks_clients ? files_.path("ca.pem") : ""}));
    grpc::ServerBuilder builder;
    credentials_ = MakeTlsCredentials(*keys_);
    builder.AddListeningPort("127.0.0.1:0", credentials_, &port_);
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    ASSERT_GT(port_, 0);
  }

  // UNIMPLEMENTED from a server that trusts us and that we trust; UNAVAILABLE when the handshake fails.
  grpc::StatusCode Call(const TestCertificate& trusted, const TestCertificate* client = nullptr) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = trusted.certificate_pem;
    if (client != nullptr) {
      options.pem_private_key = client->key_pem;
      options.pem_cert_chain = client->certificate_pem;
    }
    grpc::ChannelArguments arguments;
    arguments.SetInt("grpc.use_local_subchannel_pool", 1);  // a connection of its own
    const auto channel =
        grpc::CreateCustomChannel(absl::StrCat("localhost:", port_), grpc::SslCredentials(options), arguments);
    grpc::ClientContext context;
    grpc::GenericStub stub(channel);
    grpc::CompletionQueue queue;
    grpc::ByteBuffer request;
    const auto call = stub.PrepareUnaryCall(&context, "/x/y", request, &queue);
    call->StartCall();
    grpc::ByteBuffer answer;
    grpc::Status status;
    call->Finish(&answer, &status, nullptr);
    void* tag;
    bool ok;
    queue.Next(&tag, &ok);
    return status.error_code();
  }

  TempFolder files_;
  const TestCertificate ca_, other_ca_;
  std::unique_ptr<TlsKeys> keys_;
  std::shared_ptr<grpc::ServerCredentials> credentials_;
  grpc::CallbackGenericService service_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

TEST_F(GrpcCredentialsTest, EncryptsAPort) {
  Start(/*asks_clients=*/false);
  EXPECT_EQ(Call(ca_), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(Call(other_ca_), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(GrpcCredentialsTest, AsksForAClientCertificateOfItsCa) {
  Start(/*asks_clients=*/true);
  const TestCertificate good = MakeCertificate(ca_, "client"), other = MakeCertificate(other_ca_, "client"),
                        expired = MakeCertificate(ca_, "client", -3, -1);
  EXPECT_EQ(Call(ca_), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Call(ca_, &other), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Call(ca_, &expired), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Call(ca_, &good), grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(GrpcCredentialsTest, RefusesOldVersions) {
  Start(/*asks_clients=*/false);
  TlsClientOptions client;
  client.trusted_ca = ca_.certificate_pem;
  client.max_version = TLS1_1_VERSION;
  EXPECT_THAT(ExchangeOverTls(port_, "x", client), StartsWith("error: "));
}

TEST_F(GrpcCredentialsTest, NewConnectionsUseNewFiles) {
  Start(/*asks_clients=*/false);
  EXPECT_EQ(Call(ca_), grpc::StatusCode::UNIMPLEMENTED);
  Use(MakeCertificate(other_ca_, "server"));
  ASSERT_OK(keys_->Reload());
  EXPECT_EQ(Call(ca_), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(Call(other_ca_), grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(GrpcCredentialsTest, ConnectionsGoOnWithTheOldFilesWhenTheNewAreBroken) {
  Start(/*asks_clients=*/false);
  files_.Write("key.pem", MakeCertificate(ca_, "another").key_pem);
  EXPECT_THAT(keys_->Reload(), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(Call(ca_), grpc::StatusCode::UNIMPLEMENTED);
}

}  // namespace
}  // namespace baryon
