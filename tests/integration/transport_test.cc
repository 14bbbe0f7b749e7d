// What may come over a connection to the gRPC port, and to all ports, besides calls of well-behaved clients: rows N01
// to N13 of the fault matrix that are not tests of the HTTP front. After each the server answers others as before.
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/testing/http_client.h"
#include "tests/integration/raw_call.h"
#include "tests/integration/raw_http2.h"
#include "tests/integration/server_harness.h"

namespace baryon {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr char kInfer[] = "/inference.GRPCInferenceService/ModelInfer";
constexpr char kLive[] = "/inference.GRPCInferenceService/ServerLive";
constexpr int64_t kMostBytes = 1 << 20;

class TransportTest : public testing::Test {
 protected:
  TransportTest() {
    harness_.options().max_request_bytes = kMostBytes;
    harness_.AddModel("double", 1, "_test_double float32 [-1, 2]");
    harness_.Start();
  }
  ~TransportTest() override { ExpectAlive(); }

  int port() { return harness_.server().grpc_port(); }

  void ExpectAlive() {
    v1::PredictResponse response;
    const grpc::Status status = harness_.Predict(ServerHarness::FloatRequest("double", {1, 2}, {1, 2}), &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_THAT(HttpGet(harness_.server().http_port(), "/v2/health/live"), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(HttpGet(harness_.server().metrics_port(), "/metrics"), StartsWith("HTTP/1.1 200"));
  }

  // A request whose message has `size` bytes.
  static inference::ModelInferRequest RequestOfSize(size_t size) {
    inference::ModelInferRequest request;
    request.set_model_name("double");
    request.set_id("x");
    while (request.ByteSizeLong() < size) {
      const size_t missing = size - request.ByteSizeLong();
      request.set_id(std::string(request.id().size() + (missing > 4 ? missing - 4 : 1), 'x'));
    }
    return request;
  }

  ServerHarness harness_;
};

// N01
TEST_F(TransportTest, TakesAMessageAtTheLimitAndNoneAbove) {
  inference::ModelInferResponse response;
  const inference::ModelInferRequest largest = RequestOfSize(kMostBytes), larger = RequestOfSize(kMostBytes + 1);
  ASSERT_EQ(largest.ByteSizeLong(), static_cast<size_t>(kMostBytes));
  // It has no inputs: whoever says so has read it.
  EXPECT_EQ(harness_.Infer(largest, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(harness_.Infer(larger, &response).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(TransportTest, AMessageThatIsOnlyAnnouncedHoldsNobodyUp) {
  RawHttp2 client(port());
  client.Send(Frame(FrameType::kHeaders, kEndHeaders, 1, CallHeaders(kInfer)));
  client.Send(Frame(FrameType::kData, 0, 1, GrpcMessage(false, 0xFFFFFFFF, "")));
  ExpectAlive();
}

// N02
TEST_F(TransportTest, RefusesCompressedMessages) {
  for (const char* encoding : {"gzip", "deflate", "snappy", "identity, gzip"}) {
    RawHttp2 client(port());
    client.Send(Frame(FrameType::kHeaders, kEndHeaders, 1, CallHeaders(kInfer, {{"grpc-encoding", encoding}})));
    client.Send(Frame(FrameType::kData, kEndStream, 1, GrpcMessage(true, 4, "bomb")));
    std::string payload;
    ASSERT_TRUE(client.ReadFrame(FrameType::kHeaders, &payload)) << encoding;
  }
}

// N07
TEST_F(TransportTest, SurvivesAConnectionThatBreaksInTheMiddle) {
  for (const size_t size : {0, 1, 3, 9, 20}) {
    TestConnection connection(port());
    const std::string start = absl::StrCat("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Frame(FrameType::kSettings, 0, 0, ""),
                                           Frame(FrameType::kHeaders, kEndHeaders, 1, CallHeaders(kInfer)),
                                           Frame(FrameType::kData, 0, 1, GrpcMessage(false, 100, "x")));
    connection.Send(absl::string_view(start).substr(0, start.size() - size));
    connection.Reset();
  }
}

TEST_F(TransportTest, SurvivesStreamsThatAreResetAtOnce) {
  RawHttp2 client(port());
  for (uint32_t stream = 1; stream < 20000; stream += 2) {
    const bool open = client.Send(absl::StrCat(Frame(FrameType::kHeaders, kEndHeaders, stream, CallHeaders(kLive)),
                                               Frame(FrameType::kRstStream, 0, stream, std::string("\0\0\0\x8", 4))));
    if (!open) break;  // it had enough
  }
}

TEST_F(TransportTest, SurvivesAFloodOfPingsAndSettings) {
  for (const std::string& frame : {Frame(FrameType::kPing, 0, 0, "12345678"), Frame(FrameType::kSettings, 0, 0, "")}) {
    RawHttp2 client(port());
    for (int i = 0; i < 100000; ++i) {
      if (!client.Send(frame)) break;
    }
  }
}

TEST_F(TransportTest, SurvivesHeadersWithoutEnd) {
  RawHttp2 client(port());
  client.Send(Frame(FrameType::kHeaders, 0, 1, CallHeaders(kInfer)));
  const std::string more = HeaderBlock({{"x-more", std::string(1000, 'x')}});
  for (int i = 0; i < 10000; ++i) {
    if (!client.Send(Frame(FrameType::kContinuation, 0, 1, more))) break;
  }
}

TEST_F(TransportTest, AClientThatNeverReadsHoldsNobodyUp) {
  RawHttp2 client(port(), /*initial_window=*/0);
  const inference::ModelInferRequest request = [] {
    inference::ModelInferRequest made;
    made.set_model_name("double");
    auto& input = *made.add_inputs();
    input.set_name("data");
    input.set_datatype("FP32");
    input.add_shape(1000);
    input.add_shape(2);
    made.add_raw_input_contents(std::string(8000, '\0'));
    return made;
  }();
  const std::string bytes = request.SerializeAsString();
  for (uint32_t stream = 1; stream < 20; stream += 2) {
    client.Send(Frame(FrameType::kHeaders, kEndHeaders, stream, CallHeaders(kInfer)));
    client.Send(
        Frame(FrameType::kData, kEndStream, stream, GrpcMessage(false, static_cast<uint32_t>(bytes.size()), bytes)));
  }
  ExpectAlive();
}

TEST_F(TransportTest, SurvivesFramesThatAreNone) {
  for (const std::string& frames :
       {Frame(FrameType::kData, 0, 7, "no such stream"), Frame(FrameType::kHeaders, kEndHeaders, 2, CallHeaders(kLive)),
        Frame(FrameType::kHeaders, kEndHeaders, 1, "\xff\xff\xff"), Frame(FrameType::kWindowUpdate, 0, 0, "\0\0\0\0"),
        Frame(FrameType::kSettings, 0, 0, "odd"), Frame(static_cast<FrameType>(200), 255, 1, "what?"),
        std::string(100, '\xff'), Frame(FrameType::kContinuation, 0, 1, "x"),
        Frame(FrameType::kGoAway, 0, 0, "12345678")}) {
    RawHttp2 client(port());
    client.Send(frames);
  }
}

// N10
TEST_F(TransportTest, SurvivesOtherProtocolsOnEveryPort) {
  const std::string tls("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
  for (int port : {harness_.server().grpc_port(), harness_.server().http_port(), harness_.server().metrics_port()}) {
    for (const std::string& bytes : {tls, std::string("SSH-2.0-OpenSSH_9.2\r\n"), std::string("GET / HTTP/1.1\r\n\r\n"),
                                     std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), std::string(1000, '\0'),
                                     std::string("\x80\x01\x02\x03\xfe\xff")}) {
      TestConnection connection(port);
      connection.Send(bytes);
      connection.EndSending();
    }
  }
}

// N11
TEST_F(TransportTest, ASecondServerOnThePortIsAnError) {
  ServerOptions options = harness_.options();
  options.grpc_port = port();
  const auto second = Server::Start(
      options, [](const ModelVersion&) { return absl::InternalError(""); }, [](const Server&) {});
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(absl::StrCat(":", port())));
}

// N12
TEST_F(TransportTest, UnknownMethodsAreUnimplemented) {
  for (const char* method : {"/inference.GRPCInferenceService/Nothing", "/no.Such/Service", "/"}) {
    RawCall call(harness_.channel(), method, "");
    std::string answer;
    EXPECT_FALSE(call.Read(&answer));
    EXPECT_EQ(call.status().error_code(), grpc::StatusCode::UNIMPLEMENTED) << method;
  }
}

// N13
TEST_F(TransportTest, AStreamThatStaysOpenEndsWithTheServer) {
  const auto stub = inference::GRPCInferenceService::NewStub(harness_.channel());
  grpc::ClientContext context;
  const auto stream = stub->ModelStreamInfer(&context);
  inference::ModelInferRequest request;
  request.set_model_name("nobody");
  ASSERT_TRUE(stream->Write(request));
  inference::ModelStreamInferResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_THAT(response.error_message(), HasSubstr("nobody"));
  for (int i = 0; i < 10000; ++i) {
    ASSERT_TRUE(stream->Write(request));
    ASSERT_TRUE(stream->Read(&response));
  }
  ExpectAlive();
  ServerHarness other;  // the destructor of this test asks the first
  other.AddModel("double", 1, "_test_double float32 [-1, 2]");
  other.Start();
  grpc::ClientContext other_context;
  const auto other_stream = inference::GRPCInferenceService::NewStub(other.channel())->ModelStreamInfer(&other_context);
  ASSERT_TRUE(other_stream->Write(request));
  ASSERT_TRUE(other_stream->Read(&response));
  other.server().Drain(absl::ZeroDuration());
  EXPECT_FALSE(other_stream->Read(&response));
  EXPECT_FALSE(other_stream->Finish().ok());
}

}  // namespace
}  // namespace baryon
