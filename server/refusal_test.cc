#include "server/refusal.h"

#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(RefusalTest, RemembersWhyAndWhenToComeAgain) {
  const absl::Status status = Refuse(Refusal::kQueueFull, "full", absl::Microseconds(1500));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted, "full"));
  EXPECT_EQ(RefusalOf(status), Refusal::kQueueFull);
  EXPECT_EQ(RetryDelayOf(status), absl::Milliseconds(2)) << "rounded up";
}

TEST(RefusalTest, MayLeaveOpenWhenToComeAgain) {
  EXPECT_EQ(RetryDelayOf(Refuse(Refusal::kCancelled, "gone")), std::nullopt);
}

TEST(RefusalTest, OtherStatusesHaveNoReason) {
  EXPECT_EQ(RefusalOf(absl::OkStatus()), std::nullopt);
  EXPECT_EQ(RefusalOf(absl::ResourceExhaustedError("of the engine")), std::nullopt);
  EXPECT_EQ(RetryDelayOf(absl::UnavailableError("of somebody else")), std::nullopt);
}

TEST(RefusalTest, EveryReasonHasACodeAndANameOfItsOwn) {
  EXPECT_EQ(CodeOf(Refusal::kDeadlineUnreachable), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(RefusalName(Refusal::kDeadlineUnreachable), "DEADLINE_UNREACHABLE");
  EXPECT_EQ(CodeOf(Refusal::kDraining), absl::StatusCode::kUnavailable);
  EXPECT_EQ(RefusalName(Refusal::kDraining), "DRAINING");
  EXPECT_EQ(RefusalOf(Refuse(Refusal::kModelLoading, "")), Refusal::kModelLoading);
}

}  // namespace
}  // namespace baryon
