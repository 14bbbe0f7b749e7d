// What a request may say, over every protocol at once: names that are paths or forge lines of the log, numbers that are
// none, times that are over or never are. After each the server answers others as before.
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/base/logging.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/testing/http_client.h"
#include "server/testing/temp_folder.h"
#include "server/testing/test_models.h"
#include "tests/integration/raw_call.h"
#include "tests/integration/raw_http2.h"
#include "tests/integration/server_harness.h"

namespace baryon {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char kPair[] = "{\"instances\":[[1,2]]}";
constexpr char kInferPair[] = R"({"inputs":[{"name":"data","shape":[1,2],"datatype":"FP32","data":[1,2]}]})";

// A field of a message: number, size, bytes.
std::string Field(int number, absl::string_view bytes) {
  std::string field(1, static_cast<char>(number << 3 | 2));
  for (size_t rest = bytes.size();; rest >>= 7) {
    field += static_cast<char>((rest & 0x7F) | (rest > 0x7F ? 0x80 : 0));
    if (rest <= 0x7F) break;
  }
  return absl::StrCat(field, bytes);
}

// `text` as a segment of a path, every byte of it escaped.
std::string Escaped(absl::string_view text) {
  std::string escaped;
  for (const char c : text) absl::StrAppend(&escaped, "%", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
  return escaped;
}

bool HasControlCharacters(absl::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return true;
  }
  return false;
}

class RequestsTest : public testing::Test {
 protected:
  void Start(const std::string& model = "_test_double float32 [-1, 2]") {
    harness_.AddModel("double", 1, model);
    harness_.Start();
  }
  ~RequestsTest() override {
    v1::PredictResponse response;
    const grpc::Status status = harness_.Predict(ServerHarness::FloatRequest("double", {1, 2}, {1, 2}), &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }

  int http_port() { return harness_.server().http_port(); }
  std::string Metrics() { return HttpGet(harness_.server().metrics_port(), "/metrics"); }
  void WaitForMetric(const std::string& line) {
    while (!absl::StrContains(Metrics(), line)) std::this_thread::yield();
  }

  // The status of a call of one message.
  grpc::Status Call(const std::string& method, const std::string& request) {
    RawCall call(harness_.channel(), method, request);
    std::string answer;
    while (call.Read(&answer)) {
    }
    return call.status();
  }

  ServerHarness harness_;
};

// --- Names

// Looks at what the server logs, to the last line: it is there before the server and goes after it.
class LogWatch {
 public:
  LogWatch() {
    SetLogSink([this](LogSeverity, absl::string_view message, LogFields fields) {
      bad_lines_ += HasControlCharacters(message);
      for (const auto& [name, value] : fields) bad_lines_ += HasControlCharacters(value);
    });
  }
  ~LogWatch() { SetLogSink(nullptr); }

  int bad_lines() const { return bad_lines_; }

 private:
  std::atomic<int> bad_lines_{0};
};

// Every method and path that takes the name of a model.
class NamesTest : public LogWatch, public RequestsTest {
 protected:
  NamesTest() {
    outside_.Write("secret/1/model", "_test_double float32 [-1, 2]");
    harness_.options().model_control = ModelControl::kExplicit;
    harness_.options().models = {};
    harness_.options().log_requests = true;
    harness_.AddModel("double", 1, "_test_double float32 [-1, 2]");
    harness_.Start();
    EXPECT_TRUE(Call("/inference.GRPCInferenceService/RepositoryModelLoad", Field(2, "double")).ok());
  }

  // What `name` gets: nothing anywhere.
  void ExpectNothingCalled(const std::string& name) {
    for (const auto& [method, request] : std::vector<std::pair<std::string, std::string>>{
             {"/inference.GRPCInferenceService/ModelInfer", Field(1, name)},
             {"/inference.GRPCInferenceService/ModelMetadata", Field(1, name)},
             {"/inference.GRPCInferenceService/ModelConfig", Field(1, name)},
             {"/inference.GRPCInferenceService/ModelStatistics", Field(1, name)},
             {"/inference.GRPCInferenceService/RepositoryModelLoad", Field(2, name)},
             {"/inference.GRPCInferenceService/RepositoryModelUnload", Field(2, name)},
             {"/inference.GRPCInferenceService/SystemSharedMemoryStatus", Field(1, name)},
             {"/baryon.v1.PredictionService/Predict", Field(1, Field(1, name))},
             {"/baryon.v1.ModelRegistry/GetModel", Field(1, name)},
             {"/baryon.v1.ModelRegistry/LoadModel", Field(1, name)},
             {"/baryon.v1.ModelRegistry/UnloadModel", Field(1, name)},
             {"/baryon.v1.ModelRegistry/PullModel", Field(1, name)},
             {"/tensorflow.serving.PredictionService/Predict", Field(1, Field(1, name))},
             {"/tensorflow.serving.PredictionService/GetModelMetadata",
              Field(1, Field(1, name)) + Field(2, "signature_def")},
             {"/tensorflow.serving.PredictionService/Predict", Field(1, Field(1, "double") + Field(4, name))},
             {"/tensorflow.serving.ModelService/GetModelStatus", Field(1, Field(1, name))}}) {
      const grpc::Status status = Call(method, request);
      EXPECT_THAT(status.error_code(), AnyOf(grpc::StatusCode::NOT_FOUND, grpc::StatusCode::INVALID_ARGUMENT,
                                             grpc::StatusCode::FAILED_PRECONDITION))
          << method << " " << name.substr(0, 100) << ": " << status.error_message();
      EXPECT_FALSE(HasControlCharacters(status.error_message())) << method;
      EXPECT_LT(status.error_message().size(), 1000u) << method;
    }
    const std::string segment = Escaped(name);
    const std::string v1 = absl::StrCat("/v1/models/", segment), v2 = absl::StrCat("/v2/models/", segment);
    for (const std::string& path :
         {v2, v2 + "/ready", v2 + "/config", v2 + "/stats", v2 + "/plan", v2 + "/versions/1", v1, v1 + "/metadata",
          "/v1/models/double/labels/" + segment, "/v2/models/double/versions/" + segment,
          "/v2/systemsharedmemory/region/" + segment + "/status"}) {
      ExpectNothing(path, HttpGet(http_port(), path));
    }
    for (const auto& [path, body] : std::vector<std::pair<std::string, std::string>>{
             {v2 + "/infer", kInferPair},
             {"/v2/models/double/versions/" + segment + "/infer", kInferPair},
             {"/v2/repository/models/" + segment + "/load", ""},
             {"/v2/repository/models/" + segment + "/unload", ""},
             {"/v2/systemsharedmemory/region/" + segment + "/register", R"({"key":"/none","byte_size":8})"},
             {v1 + ":predict", kPair},
             {"/v1/models/double/labels/" + segment + ":predict", kPair},
             {"/predictions/" + segment, "[1,2]"},
             {"/invocations?model_name=" + segment, "[1,2]"}}) {
      ExpectNothing(path, HttpPost(http_port(), path, body));
    }
  }

  void ExpectNothing(const std::string& path, const std::string& answer) {
    EXPECT_THAT(answer.substr(0, 12),
                AnyOf("HTTP/1.1 400", "HTTP/1.1 404", "HTTP/1.1 405", "HTTP/1.1 414", "HTTP/1.1 431", "HTTP/1.1 503"))
        << path.substr(0, 200);
    EXPECT_FALSE(HasControlCharacters(BodyOf(answer))) << path.substr(0, 200);
    EXPECT_LT(answer.size(), 4000u) << path.substr(0, 200);
  }

  TempFolder outside_;
};

TEST_F(NamesTest, PathsFindNothingOutsideOfTheRepository) {
  const std::string beside = outside_.path().substr(outside_.path().rfind('/') + 1);
  for (const std::string& name :
       {absl::StrCat("../", beside, "/secret"), outside_.path("secret"), absl::StrCat("..%2f", beside, "%2fsecret"),
        absl::StrCat("double/../../", beside, "/secret"), std::string(".."), std::string("."), std::string("double/1"),
        std::string("./double"), std::string("double/"), std::string("%64ouble"), std::string("..\\secret")}) {
    ExpectNothingCalled(name);
  }
}

TEST_F(NamesTest, NothingThatIsSaidForgesALogLine) {
  for (const std::string& name : {std::string("double\0x", 8), std::string("double\nbaryon: error: all is lost"),
                                  std::string("\x1b[2Jdouble"), std::string("double\r\nX-Admin: yes"),
                                  std::string("\xc2\x9b"
                                              "31mdouble"),
                                  std::string(3000, 'n')}) {
    ExpectNothingCalled(name);
  }
  EXPECT_EQ(bad_lines(), 0);
}

TEST_F(NamesTest, ALongNameIsNotEchoed) {
  const std::string name(10 << 20, 'n');
  const grpc::Status status = Call("/inference.GRPCInferenceService/ModelMetadata", Field(1, name));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_LT(status.error_message().size(), 1000u);
  const std::string answer = HttpGet(http_port(), absl::StrCat("/v2/models/", name.substr(0, 1 << 20)));
  EXPECT_THAT(answer, AnyOf(StartsWith("HTTP/1.1 431"), StartsWith("HTTP/1.1 414"), ""));
}

TEST_F(NamesTest, WhatIsNoUtf8IsNoName) {
  for (const char* name : {"\xff\xfe", "double\xc3", "\xed\xa0\x80"}) {
    for (const auto& [method, request] : std::vector<std::pair<std::string, std::string>>{
             {"/inference.GRPCInferenceService/ModelInfer", Field(1, name)},
             {"/inference.GRPCInferenceService/ModelMetadata", Field(1, name)},
             {"/baryon.v1.PredictionService/Predict", Field(1, Field(1, name))},
             {"/tensorflow.serving.PredictionService/Predict", Field(1, Field(1, name))}}) {
      EXPECT_FALSE(Call(method, request).ok()) << method;
    }
    ExpectNothing("/v2/models/", HttpGet(http_port(), absl::StrCat("/v2/models/", Escaped(name))));
  }
}

// --- Numbers

TEST_F(RequestsTest, NumbersThatAreNoneGoThrough) {
  Start();
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity(),
              subnormal = std::numeric_limits<float>::denorm_min();
  v1::PredictResponse native;
  ASSERT_TRUE(
      harness_
          .Predict(ServerHarness::FloatRequest("double", {3, 2}, {nan, inf, -inf, subnormal, -0.0f, 3e38f}), &native)
          .ok());
  const std::vector<float> doubled = ServerHarness::FloatsOf(native.outputs(0).data());
  EXPECT_TRUE(std::isnan(doubled[0]));
  EXPECT_EQ(doubled[1], inf);
  EXPECT_EQ(doubled[2], -inf);
  EXPECT_LE(doubled[3], 2 * subnormal) << "zero, where processors are told that they may";
  EXPECT_TRUE(doubled[4] == 0 && std::signbit(doubled[4]));
  EXPECT_EQ(doubled[5], inf) << "the model makes it one";

  inference::ModelInferRequest request;
  request.set_model_name("double");
  auto& input = *request.add_inputs();
  input.set_name("data");
  input.set_datatype("FP32");
  for (int64_t dim : {1, 2}) input.add_shape(dim);
  input.mutable_contents()->add_fp32_contents(nan);
  input.mutable_contents()->add_fp32_contents(-inf);
  inference::ModelInferResponse typed;
  ASSERT_TRUE(harness_.Infer(request, &typed).ok());
  EXPECT_TRUE(std::isnan(typed.outputs(0).contents().fp32_contents(0)));
  EXPECT_EQ(typed.outputs(0).contents().fp32_contents(1), -inf);

  EXPECT_THAT(HttpPost(http_port(), "/v1/models/double:predict", "{\"instances\":[[NaN,-Infinity]]}"),
              HasSubstr("[[NaN,-Infinity]]"));
  EXPECT_THAT(HttpPost(http_port(), "/v1/models/double:predict", "{\"instances\":[[1e400,1]]}"),
              StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(HttpPost(http_port(), "/v1/models/double:predict", "{\"instances\":[[-0.0,1e-400]]}"),
              HasSubstr("[[-0.0,0.0]]"));
}

// --- Times

TEST_F(RequestsTest, DeadlinesMayBeOverOrNever) {
  Start();
  const std::string bytes = [] {
    const v1::PredictRequest request = ServerHarness::FloatRequest("double", {1, 2}, {1, 2});
    return GrpcMessage(false, static_cast<uint32_t>(request.ByteSizeLong()), request.SerializeAsString());
  }();
  const auto send = [&](RawHttp2& client, uint32_t stream, std::vector<std::pair<std::string, std::string>> more) {
    client.Send(
        Frame(FrameType::kHeaders, kEndHeaders, stream, CallHeaders("/baryon.v1.PredictionService/Predict", more)));
    client.Send(Frame(FrameType::kData, kEndStream, stream, bytes));
  };
  std::string payload;
  RawHttp2 over(harness_.server().grpc_port());
  send(over, 1, {{"grpc-timeout", "0m"}});
  send(over, 3, {});
  EXPECT_TRUE(over.ReadFrame(FrameType::kData, &payload));
  EXPECT_THAT(Metrics(), HasSubstr("baryon_executions_total{model=\"double\",version=\"1\"} 1\n"));
  for (const char* far : {"99999999H", "87600H"}) {
    RawHttp2 client(harness_.server().grpc_port());
    send(client, 1, {{"grpc-timeout", far}});
    EXPECT_TRUE(client.ReadFrame(FrameType::kData, &payload)) << far;
  }
}

// --- Clients that go or wait

TEST_F(RequestsTest, ProbesAreAnsweredWhileEveryThreadComputes) {
  harness_.options().num_threads = 1;
  Start("_test_gate float32 [-1, 2]");
  TestGate gate;
  std::vector<std::unique_ptr<TestConnection>> waiting;
  for (int i = 0; i < 50; ++i) {
    waiting.push_back(std::make_unique<TestConnection>(http_port()));
    waiting.back()->Send(absl::StrCat("POST /v1/models/double:predict HTTP/1.1\r\nHost: x\r\nContent-Length: ",
                                      sizeof(kPair) - 1, "\r\n\r\n", kPair));
  }
  gate.WaitForArrival();
  WaitForMetric("baryon_inflight_requests{model=\"double\",version=\"1\"} 50\n");
  for (const char* path : {"/v2/health/live", "/v2/health/ready", "/v2/models/double/ready", "/ping", "/metrics"}) {
    EXPECT_THAT(HttpGet(http_port(), path), StartsWith("HTTP/1.1 200")) << path;
  }
  for (const char* service : {"", "liveness", "readiness"}) {
    RawCall health(harness_.channel(), "/grpc.health.v1.Health/Check", *service == 0 ? "" : Field(1, service));
    std::string answer;
    ASSERT_TRUE(health.Read(&answer)) << service;
    EXPECT_EQ(answer, "\x08\x01") << service;
  }
  gate.Open();
  for (const auto& connection : waiting) EXPECT_THAT(connection->ReadAnswer(), HasSubstr("[[1.0,2.0]]"));
}

// A request for `rows` rows and their doubles as bytes.
std::string LargeRequest(int64_t rows) {
  const std::string head = absl::StrCat(R"({"inputs":[{"name":"data","shape":[)", rows,
                                        R"(,2],"datatype":"FP32","parameters":{"binary_data_size":)", rows * 8,
                                        R"(}}],"parameters":{"binary_data_output":true}})");
  return absl::StrCat(
      "POST /v2/models/double/infer HTTP/1.1\r\nHost: x\r\nInference-Header-Content-Length: ", head.size(),
      "\r\nContent-Length: ", head.size() + rows * 8, "\r\n\r\n", head, std::string(rows * 8, '\0'));
}

TEST_F(RequestsTest, AClientMayGoInTheMiddleOfItsAnswer) {
  Start();
  for (int i = 0; i < 10; ++i) {
    TestConnection client(http_port());
    client.Send(LargeRequest(1 << 20));
    EXPECT_THAT(client.ReadBytes(100), StartsWith("HTTP/1.1 200"));
    client.Reset();
  }
  WaitForMetric("baryon_inflight_requests{model=\"double\",version=\"1\"} 0\n");
}

}  // namespace
}  // namespace baryon
