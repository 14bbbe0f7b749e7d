#include "server/services/inference_call.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/synchronization/notification.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "proto/inference.pb.h"
#include "server/testing/grpc_bytes.h"
#include "server/testing/infer_request.h"
#include "server/testing/service_tester.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class InferenceCallTest : public testing::Test {
 protected:
  InferenceCallTest() {
    tester_.AddModel("double", 3, GraphOf("_test_double", "float32 [-1, 2]"));
    request_.set_id("mine");
  }

  Predictor::Request Make(const grpc::ByteBuffer& bytes) {
    return MakeInference(bytes, regions_, [this](WirePieces pieces) {
      EXPECT_TRUE(FromBytes(pieces.Finish(), response_));
      answered_ = true;
    });
  }
  // How the request ends.
  absl::Status Run(Predictor::Request request) {
    absl::Notification done;
    absl::Status result;
    request.done = [&](const absl::Status& status) {
      result = status;
      done.Notify();
    };
    tester_.predictor().Start(std::move(request));
    done.WaitForNotification();
    return result;
  }

  ServiceTester tester_;
  SharedMemoryRegistry regions_{/*allowed=*/true};
  inference::ModelInferRequest request_ = InferRequestFor("double", {4, 5});
  inference::ModelInferResponse response_;
  bool answered_ = false;
};

TEST_F(InferenceCallTest, AnswersBeforeTheRequestIsDone) {
  ASSERT_OK(Run(Make(ToBytes(request_))));
  ASSERT_TRUE(answered_);
  EXPECT_EQ(response_.model_name(), "double");
  EXPECT_EQ(response_.model_version(), "3");
  EXPECT_EQ(response_.id(), "mine");
  ASSERT_EQ(response_.outputs_size(), 1);
  EXPECT_EQ(response_.outputs(0).name(), "out");
  EXPECT_THAT(response_.outputs(0).shape(), ElementsAre(1, 2));
}

TEST_F(InferenceCallTest, TakesWhatTheRequestSaysOfItself) {
  request_.set_model_version("3");
  (*request_.mutable_parameters())["timeout"].set_int64_param(1500);
  (*request_.mutable_parameters())["priority"].set_int64_param(1);
  const Predictor::Request request = Make(ToBytes(request_));
  EXPECT_EQ(request.protocol, Protocol::kOpenInference);
  EXPECT_EQ(request.model, "double");
  EXPECT_EQ(request.id, "mine");
  EXPECT_EQ(*request.version, 3);
  EXPECT_EQ(request.max_wait, absl::Microseconds(1500));
  EXPECT_EQ(request.priority_level, 1u);
}

TEST_F(InferenceCallTest, BytesThatAreNoMessageEndWithTheError) {
  const grpc::Slice slice("not a message");
  EXPECT_THAT(Run(Make(grpc::ByteBuffer(&slice, 1))), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_FALSE(answered_);
}

TEST_F(InferenceCallTest, WhatCannotBeEndsWithTheError) {
  request_.set_model_version("latest");
  EXPECT_THAT(Run(Make(ToBytes(request_))), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("latest")));
  request_.clear_model_version();
  request_.add_outputs()->set_name("absent");
  EXPECT_THAT(Run(Make(ToBytes(request_))), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("absent")));
  EXPECT_FALSE(answered_);
}

}  // namespace
}  // namespace baryon
