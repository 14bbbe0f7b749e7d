// From a zoo to an answer: a folder as a private zoo, the program that pulls from it, a server that does.
#include <grpcpp/grpcpp.h>
#include <signal.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "engine/base/file.h"
#include "engine/base/logging.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/store/digest.h"
#include "engine/store/testing/archives.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/registry.grpc.pb.h"
#include "server/http/http_server.h"
#include "server/security/tls_keys.h"
#include "server/testing/certificates.h"
#include "server/testing/temp_folder.h"
#include "tests/integration/child_process.h"
#include "tests/support/golden.h"

namespace baryon {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;

class ZooTest : public testing::Test {
 protected:
  ZooTest() {
    files_.Write("zoo/empty", "");
    std::vector<store::TestMember> members;
    for (const char* name : {"digits-symbol.json", "digits-0000.params", "labels.txt"}) {
      members.push_back({name, ReadFile(absl::StrCat(digits_, "/", name)).value_or("")});
    }
    store::WriteZip(files_.path("zoo/digits.zip"), members);
    const auto sha256 = store::DigestOfFile(store::DigestKind::kSha256, files_.path("zoo/digits.zip"));
    files_.Write("zoo/zoo.json",
                 absl::StrCat(R"({"models": [{"name": "digits", "file": "digits.zip", "sha256": ")", *sha256,
                              R"(", "preprocess": {"input": "data", "scale": "1/255", "color": "gray"}}]})"));
    environment_ = {"BARYON_CACHE=" + files_.path("cache"), "MXNET_GLUON_REPO=" + files_.path("zoo")};
  }

  std::unique_ptr<ChildProcess> Serve(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"./baryon", "serve", "--grpc-port=0", "--http-port=0", "--metrics-port=0",
                                         "--measure-seconds=0", "--linger-seconds=0"});
    return std::make_unique<ChildProcess>(arguments, environment_);
  }
  static std::string GrpcAddress(ChildProcess& server) {
    const std::string line = server.ReadLine();
    EXPECT_THAT(line, MatchesRegex("baryon: ready grpc=.*\n"));
    return line.substr(line.find("grpc=") + 5, line.find(" http=") - line.find("grpc=") - 5);
  }
  std::string Ask(const std::string& address) {
    ChildProcess client(
        {"./baryon", "predict", "digits", "--input", digits_ + "/3.png", "--server", address, "--top=1"});
    return client.ReadAll();
  }

  const std::string digits_ = GoldenFolder("digits");
  TempFolder files_;
  std::vector<std::string> environment_;
};

TEST_F(ZooTest, OneCommandServesAModelThatNobodyHasFetchedYet) {
  const auto server = Serve({"digits", "--pull"});
  EXPECT_THAT(Ask(GrpcAddress(*server)), MatchesRegex(" +3 +[0-9.]+  3\n"));
  server->Signal(SIGTERM);
  EXPECT_EQ(server->Wait(), 0);
}

TEST_F(ZooTest, AServerPullsIntoItsRepositoryWhenAClientAsks) {
  files_.Write("models/readme.txt", "");
  const auto server = Serve({"--repository", files_.path("models"), "--pull", "--model-control", "explicit"});
  const auto channel = grpc::CreateChannel(GrpcAddress(*server), grpc::InsecureChannelCredentials());
  const auto stub = v1::ModelRegistry::NewStub(channel);
  v1::PullModelRequest request;
  request.set_name("digits");
  std::string step;
  {
    grpc::ClientContext context;
    const auto stream = stub->PullModel(&context, request);
    v1::PullModelProgress progress;
    while (stream->Read(&progress)) step = progress.step();
    const grpc::Status status = stream->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
  }
  EXPECT_EQ(step, "checking digits");
  v1::LoadModelRequest load;
  load.set_name("digits");
  v1::LoadModelResponse loaded;
  grpc::ClientContext context;
  const grpc::Status status = stub->LoadModel(&context, load, &loaded);
  EXPECT_TRUE(status.ok()) << status.error_message();
  request.set_name("trees");
  grpc::ClientContext other;
  EXPECT_EQ(stub->PullModel(&other, request)->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ZooTest, WithoutPullAServerFetchesNothing) {
  const auto server = Serve({"digits"});
  EXPECT_EQ(server->ReadAll(), "");
  EXPECT_EQ(server->Wait(), 1);
}

// --- Over https

// The zoo behind a web server with a certificate: the server's own front, which has TLS.
class HttpsZooTest : public ZooTest {
 protected:
  HttpsZooTest() {
    SetLogSink([](LogSeverity, absl::string_view, LogFields) {});
    files_.Write("ca.pem", ca_.certificate_pem);
    files_.Write("other.pem", MakeCa("other").certificate_pem);
  }
  ~HttpsZooTest() override {
    http_ = nullptr;
    SetLogSink(nullptr);
  }

  // Its address.
  std::string Start(const TestCertificate& certificate, const std::string& host = "127.0.0.1") {
    files_.Write("cert.pem", certificate.certificate_pem);
    files_.Write("key.pem", certificate.key_pem);
    keys_ = *TlsKeys::Open({files_.path("cert.pem"), files_.path("key.pem"), ""});
    http_ = std::make_unique<HttpServer>(HttpServer::Options());
    HttpHandler handler;
    handler.answer = [this](const std::shared_ptr<const HttpRequest>& request, HttpReply reply) {
      ++requests_;
      if (const std::string location = LeadsTo(); !location.empty()) {
        return reply(HttpResponse{302, "", "text/plain", {{"Location", location}}});
      }
      const auto bytes = ReadFile(files_.path("zoo" + request->PathText()));
      reply(bytes.ok() ? HttpResponse{200, *bytes, "application/octet-stream"} : HttpError(404, "no such file"));
    };
    const int port = *http_->Listen(host, 0, std::move(handler), keys_.get());
    http_->Start();
    return absl::StrCat("https://", host, ":", port, "/");
  }

  // The exit code of a pull from `address` by somebody who trusts the authorities in the file `trusted`.
  int Pull(const std::string& address, const std::string& trusted) {
    std::vector<std::string> environment = environment_;
    environment.push_back("SSL_CERT_FILE=" + files_.path(trusted));
    environment.push_back("no_proxy=*");
    ChildProcess pull({"./baryon", "pull", "digits", "--from", address}, environment, files_.path("stderr"));
    pull.ReadAll();
    return pull.Wait();
  }
  // The one line that says why, when nothing was asked and nothing is kept.
  std::string Refusal(const std::string& address, const std::string& trusted) {
    EXPECT_EQ(Pull(address, trusted), 1);
    EXPECT_EQ(requests_, 0);
    EXPECT_FALSE(ReadFile(files_.path("cache/digits/provenance.json")).ok());
    const std::string error = ReadFile(files_.path("stderr")).value_or("");
    EXPECT_THAT(error, MatchesRegex("baryon: error: [^\n]*\n"));
    return error;
  }

  // Sends all requests to `location` instead.
  void LeadTo(const std::string& location) {
    absl::MutexLock lock(&mutex_);
    leads_to_ = location;
  }
  std::string LeadsTo() {
    absl::MutexLock lock(&mutex_);
    return leads_to_;
  }

  const TestCertificate ca_ = MakeCa("ca");
  std::unique_ptr<TlsKeys> keys_;
  std::unique_ptr<HttpServer> http_;
  std::atomic<int> requests_ = 0;
  absl::Mutex mutex_;
  std::string leads_to_ ABSL_GUARDED_BY(mutex_);  // nowhere when it is empty
};

TEST_F(HttpsZooTest, IsBelievedByItsAuthority) {
  EXPECT_EQ(Pull(Start(MakeCertificate(ca_, "zoo")), "ca.pem"), 0);
  EXPECT_TRUE(ReadFile(files_.path("cache/digits/provenance.json")).ok());
}

TEST_F(HttpsZooTest, ACertificateOfAnotherAuthorityIsRefused) {
  const std::string address = Start(MakeCertificate(ca_, "zoo"));
  EXPECT_THAT(Refusal(address, "other.pem"), AllOf(HasSubstr(address), HasSubstr("TLS: "), HasSubstr("issuer")));
}

TEST_F(HttpsZooTest, ACertificateForAnotherHostIsRefused) {
  const std::string address = Start(MakeCertificate(ca_, "zoo"), "127.0.0.2");  // it names 127.0.0.1
  EXPECT_THAT(Refusal(address, "ca.pem"), AllOf(HasSubstr("TLS: "), HasSubstr("'127.0.0.2'")));
}

TEST_F(HttpsZooTest, ACertificateOfThePastIsRefused) {
  const std::string address = Start(MakeCertificate(ca_, "zoo", /*start_days=*/-3, /*end_days=*/-1));
  EXPECT_THAT(Refusal(address, "ca.pem"), AllOf(HasSubstr("TLS: "), HasSubstr("expired")));
}

TEST_F(HttpsZooTest, NeverLeadsToPlainText) {
  const std::string address = Start(MakeCertificate(ca_, "zoo"));
  LeadTo(absl::StrReplaceAll(address, {{"https:", "http:"}}));
  EXPECT_EQ(Pull(address, "ca.pem"), 1);
  EXPECT_THAT(ReadFile(files_.path("stderr")).value_or(""), MatchesRegex("baryon: error: [^\n]*never asked[^\n]*\n"));
  EXPECT_EQ(requests_, 1);
}

TEST_F(HttpsZooTest, AuthoritiesThatCannotBeReadAreAnError) {
  EXPECT_THAT(Refusal(Start(MakeCertificate(ca_, "zoo")), "absent.pem"), HasSubstr("absent.pem"));
}

}  // namespace
}  // namespace baryon
