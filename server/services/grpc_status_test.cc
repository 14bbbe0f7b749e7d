#include "server/services/grpc_status.h"

#include <string>

#include "gtest/gtest.h"
#include "proto/rpc_status.pb.h"
#include "server/error_details.h"
#include "server/refusal.h"

namespace baryon {
namespace {

google::rpc::Status DetailsIn(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  return details;
}

TEST(GrpcStatusTest, KeepsCodeAndMessage) {
  const grpc::Status status = ToGrpcStatus(absl::NotFoundError("no model is called \"x\""));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "no model is called \"x\"");
  EXPECT_EQ(DetailsIn(status).code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(DetailsIn(status).message(), status.error_message());
}

TEST(GrpcStatusTest, OkIsOk) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  EXPECT_EQ(ToGrpcStatus(absl::OkStatus()).error_details(), "");
}

TEST(GrpcStatusTest, EveryCodeHasItsCounterpart) {
  EXPECT_EQ(ToGrpcStatus(absl::CancelledError()).error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(ToGrpcStatus(absl::DeadlineExceededError("")).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(ToGrpcStatus(absl::ResourceExhaustedError("")).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ToGrpcStatus(absl::DataLossError("")).error_code(), grpc::StatusCode::DATA_LOSS);
  EXPECT_EQ(ToGrpcStatus(absl::UnauthenticatedError("")).error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST(GrpcStatusTest, SaysWhichFieldIsWrongAndHow) {
  const absl::Status status = WithReason(WithField(absl::InvalidArgumentError("input \"x\": ..."), "inputs[0].shape[1]",
                                                   "float32 [-1, 2]", "float32 [1, 3]"),
                                         "INPUT_SHAPE_MISMATCH");
  const google::rpc::Status details = DetailsIn(ToGrpcStatus(status));
  ASSERT_EQ(details.details_size(), 2);
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(details.details(0).UnpackTo(&info));
  EXPECT_EQ(details.details(0).type_url(), "type.googleapis.com/google.rpc.ErrorInfo");
  EXPECT_EQ(info.reason(), "INPUT_SHAPE_MISMATCH");
  EXPECT_EQ(info.domain(), "baryon");
  EXPECT_EQ(info.metadata().at("field"), "inputs[0].shape[1]");
  EXPECT_EQ(info.metadata().at("expected"), "float32 [-1, 2]");
  EXPECT_EQ(info.metadata().at("got"), "float32 [1, 3]");
  google::rpc::BadRequest request;
  ASSERT_TRUE(details.details(1).UnpackTo(&request));
  EXPECT_EQ(request.field_violations(0).field(), "inputs[0].shape[1]");
  EXPECT_EQ(request.field_violations(0).description(), "expected float32 [-1, 2], got float32 [1, 3]");
}

TEST(GrpcStatusTest, SaysWhenToComeAgain) {
  const absl::Status status = Refuse(Refusal::kQueueFull, "full", absl::Milliseconds(1500));
  const google::rpc::Status details = DetailsIn(ToGrpcStatus(status));
  ASSERT_EQ(details.details_size(), 2);
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(details.details(0).UnpackTo(&info));
  EXPECT_EQ(info.reason(), "QUEUE_FULL");
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(details.details(1).UnpackTo(&retry));
  EXPECT_EQ(retry.retry_delay().seconds(), 1);
  EXPECT_EQ(retry.retry_delay().nanos(), 500000000);
}

TEST(GrpcStatusTest, FitsIntoTheTrailersWhateverItSays) {
  const std::string text(1 << 20, '\xff');
  const absl::Status status = WithField(absl::InternalError(text), text, text, text);
  const grpc::Status sent = ToGrpcStatus(WithReason(status, text));
  EXPECT_EQ(sent.error_message().size(), 1024u);
  EXPECT_LT(3 * sent.error_message().size() + sent.error_details().size() * 4 / 3, 8000u);
}

}  // namespace
}  // namespace baryon
