// The program itself: a server process on free ports that serves the demo, and processes and clients that ask it.
#include <grpcpp/grpcpp.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/io/npy.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/predict.grpc.pb.h"
#include "server/testing/http_client.h"
#include "server/testing/temp_folder.h"
#include "tests/integration/child_process.h"
#include "tests/support/golden.h"

namespace baryon {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::StartsWith;

constexpr int64_t kClasses = 10;

class ProgramTest : public testing::Test {
 protected:
  ProgramTest()
      : server_({"./baryon", "serve", "--repository", "deploy/demo/repository", "--grpc-port", "0", "--http-port", "0",
                 "--metrics-port=0", "--drain-seconds", "60"}) {
    ready_line_ = server_.ReadLine();
    stub_ = v1::PredictionService::NewStub(grpc::CreateChannel(grpc_address(), grpc::InsecureChannelCredentials()));
    absl::StatusOr<NamedTensors> pictures = ReadNpz(GoldenFolder("digits") + "/input.npz");
    absl::StatusOr<NamedTensors> answers = ReadNpz(GoldenFolder("digits") + "/output.npz");
    EXPECT_OK(pictures.status());
    EXPECT_OK(answers.status());
    pictures_ = (*pictures)[0].second;
    answers_ = (*answers)[0].second;
  }

  // The address behind `key` in the ready line.
  std::string Address(absl::string_view key) const {
    const size_t start = ready_line_.find(absl::StrCat(" ", key, "=")) + key.size() + 2;
    return ready_line_.substr(start, ready_line_.find(' ', start) - start);
  }
  std::string grpc_address() const { return Address("grpc"); }
  int http_port() const {
    int port = 0;
    EXPECT_TRUE(absl::SimpleAtoi(Address("http").substr(sizeof("127.0.0.1")), &port));
    return port;
  }

  // The answer over gRPC to these rows; empty when there is none.
  std::vector<float> Predict(int64_t begin, int64_t count) const {
    const Tensor rows = pictures_.Rows(begin, begin + count);
    v1::PredictRequest request;
    request.mutable_model_spec()->set_name("digits");
    v1::Tensor& tensor = *request.add_inputs();
    tensor.set_dtype("float32");
    for (int64_t dim : rows.shape()) tensor.add_shape(dim);
    tensor.set_data(rows.raw_data(), rows.size_bytes());
    grpc::ClientContext context;
    v1::PredictResponse response;
    if (!stub_->Predict(&context, request, &response).ok() || response.outputs_size() != 1) return {};
    const std::string& bytes = response.outputs(0).data();
    std::vector<float> answer(bytes.size() / sizeof(float));
    std::memcpy(answer.data(), bytes.data(), bytes.size());
    return answer;
  }

  // Whether `answer` is what MXNet said of these rows.
  bool IsRight(const std::vector<float>& answer, int64_t begin, int64_t count) const {
    const auto expected = answers_.span<float>().subspan(begin * kClasses, count * kClasses);
    return std::equal(answer.begin(), answer.end(), expected.begin(), expected.end(),
                      [](float a, float b) { return std::abs(a - b) < 1e-5f; });
  }

  ChildProcess server_;
  std::string ready_line_;
  std::unique_ptr<v1::PredictionService::Stub> stub_;
  Tensor pictures_, answers_;
};

TEST_F(ProgramTest, SaysOnceThatItIsReadyAndEndsWithZeroWhenAsked) {
  EXPECT_THAT(ready_line_, MatchesRegex("baryon: ready grpc=127.0.0.1:[0-9]+ http=127.0.0.1:[0-9]+ "
                                        "metrics=127.0.0.1:[0-9]+ models=1\n"));
  EXPECT_THAT(HttpGet(http_port(), "/v2/health/ready"), StartsWith("HTTP/1.1 200"));
  server_.Signal(SIGTERM);
  EXPECT_THAT(server_.ReadAll(), IsEmpty());
  EXPECT_EQ(server_.Wait(), 0);
}

TEST_F(ProgramTest, ShowsPeopleAPage) {
  EXPECT_THAT(HttpGet(http_port(), "/"),
              AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("text/html"), HasSubstr("<title>Baryon</title>")));
  EXPECT_THAT(HttpGet(http_port(), "/page.css"), AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("text/css")));
  EXPECT_THAT(HttpGet(http_port(), "/page.js"), AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("text/javascript")));
  EXPECT_THAT(HttpGet(http_port(), "/page.html"), StartsWith("HTTP/1.1 404"));
}

TEST_F(ProgramTest, PredictNamesTheDigit) {
  TempFolder files;
  for (int64_t row = 0; row < 10; ++row) {
    const std::string file = files.path("x.npy");
    ASSERT_OK(WriteNpy(file, pictures_.Rows(row, row + 1)));
    ChildProcess client({"./baryon", "predict", "digits", "--input", file, "--server", grpc_address(), "--top", "1"});
    const std::string answer = client.ReadAll();
    const auto scores = answers_.span<float>().subspan(row * kClasses, kClasses);
    const int64_t digit = std::max_element(scores.begin(), scores.end()) - scores.begin();
    EXPECT_THAT(answer, MatchesRegex(absl::StrCat(" +", digit, " +[0-9.e-]+  ", digit, "\n")));
    EXPECT_EQ(client.Wait(), 0);
  }
}

TEST_F(ProgramTest, PredictFailsWithOneWhenThereIsNoSuchModel) {
  TempFolder files;
  ASSERT_OK(WriteNpy(files.path("x.npy"), pictures_.Rows(0, 1)));
  ChildProcess client({"./baryon", "predict", "nobody", "--input", files.path("x.npy"), "--server", grpc_address()});
  EXPECT_THAT(client.ReadAll(), IsEmpty());
  EXPECT_EQ(client.Wait(), 1);
}

TEST_F(ProgramTest, SixteenClientsAtOnceGetWhatMxnetSays) {
  std::atomic<int> wrong{0};
  std::vector<std::thread> clients;
  for (int client = 0; client < 16; ++client) {
    clients.emplace_back([&, client] {
      for (int64_t i = 0; i < 40; ++i) {
        const int64_t begin = (client * 40 + i) % 350, count = 1 + i % 4;
        if (!IsRight(Predict(begin, count), begin, count)) ++wrong;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(ProgramTest, RequestsInFlightAtSigtermAreAnsweredOrRefusedNeverWrong) {
  std::atomic<int> right{0}, wrong{0}, finished{0};
  std::vector<std::thread> clients;
  for (int client = 0; client < 4; ++client) {
    clients.emplace_back([&] {
      for (std::vector<float> answer; !(answer = Predict(0, 300)).empty();) ++(IsRight(answer, 0, 300) ? right : wrong);
      ++finished;
    });
  }
  while (right < 8 && wrong == 0 && finished < 4) std::this_thread::yield();
  server_.Signal(SIGTERM);
  for (std::thread& client : clients) client.join();
  EXPECT_GE(right, 8);
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(server_.Wait(), 0);
}

}  // namespace
}  // namespace baryon
