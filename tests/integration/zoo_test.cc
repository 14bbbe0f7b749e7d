// From a zoo to an answer: a folder as a private zoo, the program that pulls from it, a server that does.
#include <grpcpp/grpcpp.h>
#include <signal.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "engine/base/file.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/store/digest.h"
#include "engine/store/testing/archives.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/registry.grpc.pb.h"
#include "server/testing/temp_folder.h"
#include "tests/integration/child_process.h"
#include "tests/support/golden.h"

namespace baryon {
namespace {

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

}  // namespace
}  // namespace baryon
