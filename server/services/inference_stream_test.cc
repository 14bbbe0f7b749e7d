#include "server/services/inference_stream.h"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/inference.grpc.pb.h"
#include "server/services/inference_service.h"
#include "server/testing/grpc_bytes.h"
#include "server/testing/infer_request.h"
#include "server/testing/manual_executor.h"
#include "server/testing/service_tester.h"

namespace baryon {
namespace {

using grpc::ByteBuffer;
using inference::ModelInferRequest;
using inference::ModelStreamInferResponse;
using testing::ElementsAre;
using testing::HasSubstr;

// --- By hand

// The library's side of a stream: what the server has begun to read and write, which the test brings to its end, and
// how it ends itself.
class Wire final : public grpc::ServerCallbackReaderWriter<ByteBuffer, ByteBuffer> {
 public:
  explicit Wire(grpc::ServerBidiReactor<ByteBuffer, ByteBuffer>* reactor) : reactor_(reactor) { BindReactor(reactor); }
  ~Wire() override { reactor_->OnDone(); }

  bool reads() const { return request_ != nullptr; }
  bool writes() const { return answer_ != nullptr; }
  const std::optional<grpc::Status>& end() const { return end_; }

  void Receive(const ModelInferRequest& request) {
    ASSERT_TRUE(reads());
    *std::exchange(request_, nullptr) = ToBytes(request);
    reactor_->OnReadDone(true);
  }
  // The client has sent all it wants.
  void HalfClose() {
    ASSERT_TRUE(reads());
    request_ = nullptr;
    reactor_->OnReadDone(false);
  }
  // What reaches the client.
  ModelStreamInferResponse Send() {
    ModelStreamInferResponse answer;
    EXPECT_TRUE(writes());
    if (!writes()) return answer;
    EXPECT_TRUE(FromBytes(*std::exchange(answer_, nullptr), answer));
    reactor_->OnWriteDone(true);
    return answer;
  }
  // The client does not get the answer.
  void Lose() {
    ASSERT_TRUE(writes());
    answer_ = nullptr;
    reactor_->OnWriteDone(false);
  }
  void Cancel() { reactor_->OnCancel(); }

  void Read(ByteBuffer* request) override {
    EXPECT_FALSE(reads()) << "one read at a time";
    request_ = request;
  }
  void Write(const ByteBuffer* answer, grpc::WriteOptions) override {
    EXPECT_FALSE(writes()) << "one write at a time";
    answer_ = answer;
  }
  void Finish(grpc::Status status) override {
    EXPECT_FALSE(end_.has_value()) << "ended twice";
    end_ = std::move(status);
  }
  void WriteAndFinish(const ByteBuffer* answer, grpc::WriteOptions options, grpc::Status status) override {
    Write(answer, options);
    Finish(std::move(status));
  }
  void SendInitialMetadata() override {}

 private:
  grpc::internal::ServerReactor* reactor() override { return reactor_; }
  void CallOnDone() override {}

  grpc::ServerBidiReactor<ByteBuffer, ByteBuffer>* const reactor_;  // goes with OnDone
  ByteBuffer* request_ = nullptr;                                   // being read
  const ByteBuffer* answer_ = nullptr;                              // being written
  std::optional<grpc::Status> end_;
};

// A stream to a server that doubles rows of two, when the test lets it.
class InferenceStreamTest : public testing::Test {
 protected:
  InferenceStreamTest() {
    OpenedModel opened;
    opened.executable = MakeExecutable(GraphOf("_test_double", "float32 [-1, 2]"), pool_);
    registry_.Publish(std::make_shared<const ServedModel>("double", 1, std::move(opened), Batcher::Options(), executor_,
                                                          metrics_.ForModel("double", 1), executor_.clock()));
  }

  static ModelInferRequest DoubleOf(float a, float b, const std::string& id = "") {
    ModelInferRequest request = InferRequestFor("double", {a, b});
    request.set_id(id);
    return request;
  }
  static ModelInferRequest Unanswerable(const std::string& id) {
    ModelInferRequest request = DoubleOf(1, 2, id);
    request.set_model_name("unknown");
    return request;
  }

  ModelTotals totals() { return (*registry_.Find("double"))->metrics().Totals(); }

  ThreadPool pool_{1};
  ManualExecutor executor_;
  ServerMetrics metrics_{"1"};
  ModelRegistry registry_;
  Predictor predictor_{registry_, metrics_, {}, executor_.clock()};
  std::unique_ptr<Access> access_ = *Access::Open("", "");
  SharedMemoryRegistry regions_{/*allowed=*/true};
  grpc::CallbackServerContext context_;
  Wire wire_{AnswerInferenceStream(&context_, GrpcCalls(*access_, predictor_), regions_)};
};

TEST_F(InferenceStreamTest, HoldsOneRequestAtATime) {
  wire_.Receive(DoubleOf(1, 2));
  EXPECT_EQ(executor_.num_tasks(), 1u);
  EXPECT_FALSE(wire_.reads()) << "what waits to be computed holds the client back";
  executor_.RunAll();
  EXPECT_TRUE(wire_.writes());
  EXPECT_FALSE(wire_.reads()) << "so does an answer that the client does not take";
  wire_.Send();
  EXPECT_TRUE(wire_.reads());
}

TEST_F(InferenceStreamTest, AnswersInTheOrderOfTheRequests) {
  for (int i = 1; i <= 3; ++i) {
    const std::string id = absl::StrCat("request ", i);
    wire_.Receive(DoubleOf(i, 10 * i, id));
    executor_.RunAll();
    const ModelStreamInferResponse answer = wire_.Send();
    EXPECT_EQ(answer.error_message(), "");
    EXPECT_EQ(answer.infer_response().id(), id);
    EXPECT_THAT(answer.infer_response().outputs(0).contents().fp32_contents(), ElementsAre(2 * i, 20 * i));
  }
}

TEST_F(InferenceStreamTest, ARequestThatFailsFailsAlone) {
  wire_.Receive(Unanswerable("wrong"));
  ModelStreamInferResponse answer = wire_.Send();
  EXPECT_THAT(answer.error_message(), HasSubstr("no model is called \"unknown\""));
  EXPECT_EQ(answer.infer_response().id(), "wrong");
  wire_.Receive(DoubleOf(1, 2, "right"));
  executor_.RunAll();
  answer = wire_.Send();
  EXPECT_EQ(answer.error_message(), "");
  EXPECT_EQ(answer.infer_response().id(), "right");
  EXPECT_FALSE(wire_.end().has_value());
}

TEST_F(InferenceStreamTest, EndsWellWhenTheClientHasSentAllItWants) {
  wire_.HalfClose();
  ASSERT_TRUE(wire_.end().has_value());
  EXPECT_TRUE(wire_.end()->ok());
}

TEST_F(InferenceStreamTest, AnswersWhatIsOutstandingBeforeItEnds) {
  wire_.Receive(DoubleOf(1, 2, "last"));
  executor_.RunAll();
  EXPECT_FALSE(wire_.end().has_value());
  EXPECT_EQ(wire_.Send().infer_response().id(), "last");
  EXPECT_FALSE(wire_.end().has_value());
  wire_.HalfClose();
  ASSERT_TRUE(wire_.end().has_value());
  EXPECT_TRUE(wire_.end()->ok());
}

TEST_F(InferenceStreamTest, WhatWaitsIsNotComputedOnceItsClientIsGone) {
  wire_.Receive(DoubleOf(1, 2));
  wire_.Cancel();
  executor_.RunAll();
  EXPECT_EQ(totals().batches, 0);
  EXPECT_EQ(totals().failed, 1);
  EXPECT_THAT(metrics_.ToText(), HasSubstr("baryon_cancelled_total{model=\"double\",stage=\"queue\"} 1\n"));
  wire_.Lose();
  ASSERT_TRUE(wire_.end().has_value());
  EXPECT_EQ(wire_.end()->error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_FALSE(wire_.reads());
}

TEST_F(InferenceStreamTest, NothingIsComputedForAClientThatWasGoneBefore) {
  wire_.Cancel();
  wire_.Receive(DoubleOf(1, 2));
  executor_.RunAll();
  EXPECT_EQ(totals().batches, 0);
  EXPECT_EQ(totals().failed, 1);
}

TEST_F(InferenceStreamTest, AnAnswerThatDoesNotArriveEndsTheStream) {
  wire_.Receive(DoubleOf(1, 2));
  executor_.RunAll();
  wire_.Lose();
  ASSERT_TRUE(wire_.end().has_value());
  EXPECT_EQ(wire_.end()->error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_FALSE(wire_.reads());
}

// --- Over gRPC

class InferenceStreamOverGrpcTest : public testing::Test {
 protected:
  InferenceStreamOverGrpcTest() {
    tester_.AddModel("double", 1, GraphOf("_test_double", "float32 [-1, 2]"));
    tester_.AddModel("gate", 1, GraphOf("_test_gate", "float32 [-1, 2]"));
    stub_ = inference::GRPCInferenceService::NewStub(tester_.Serve(MakeInferenceService(control_, tester_.calls())));
  }

  const std::atomic<bool> ready_{true};
  ServiceTester tester_;
  SharedMemoryRegistry regions_{/*allowed=*/true};
  InferenceControl control_{tester_.registry(), tester_.manager(), regions_, ready_};
  std::unique_ptr<inference::GRPCInferenceService::Stub> stub_;
  grpc::ClientContext context_;
  ModelStreamInferResponse response_;
};

TEST_F(InferenceStreamOverGrpcTest, GoesOnUntilTheClientHasSentAllItWants) {
  const auto stream = stub_->ModelStreamInfer(&context_);
  // The transport inside a process holds nothing: who writes ahead without reading waits for ever.
  for (float i = 0; i < 3; ++i) {
    ASSERT_TRUE(stream->Write(InferRequestFor("double", {i, 10 * i})));
    ASSERT_TRUE(stream->Read(&response_));
    EXPECT_THAT(response_.infer_response().outputs(0).contents().fp32_contents(), ElementsAre(2 * i, 20 * i));
  }
  stream->WritesDone();
  EXPECT_FALSE(stream->Read(&response_));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(InferenceStreamOverGrpcTest, EndsAtAnErrorWhenTheClientWantsAStatus) {
  context_.AddMetadata("triton_grpc_error", "true");
  const auto stream = stub_->ModelStreamInfer(&context_);
  ASSERT_TRUE(stream->Write(InferRequestFor("unknown", {1, 2})));
  EXPECT_FALSE(stream->Read(&response_));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(InferenceStreamOverGrpcTest, AClientThatGoesTakesItsRequestOutOfTheQueue) {
  const std::shared_ptr<const ServedModel> model = *tester_.registry().Find("gate");
  TestGate gate;
  std::thread first([&] {
    grpc::ClientContext context;
    inference::ModelInferResponse response;
    EXPECT_TRUE(stub_->ModelInfer(&context, InferRequestFor("gate", {1, 2}), &response).ok());
  });
  gate.WaitForArrival();
  const auto stream = stub_->ModelStreamInfer(&context_);
  EXPECT_TRUE(stream->Write(InferRequestFor("gate", {3, 4})));
  while (model->plan().batching.queued_requests == 0) std::this_thread::yield();
  context_.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  while (model->metrics().Totals().failed == 0) std::this_thread::yield();
  gate.Open();
  first.join();
  EXPECT_EQ(model->metrics().Totals().batches, 1) << "the first one's";
}

}  // namespace
}  // namespace baryon
