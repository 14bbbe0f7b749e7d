#include "server/error_details.h"

#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(ErrorDetailsTest, AStatusWithoutAnyHasTheNameOfItsCodeAsReason) {
  const ErrorDetails details = DetailsOf(absl::NotFoundError("x"));
  EXPECT_EQ(details.reason, "NOT_FOUND");
  EXPECT_EQ(details.field, "");
}

TEST(ErrorDetailsTest, TravelWithTheStatusAndThroughAnnotate) {
  absl::Status status = WithReason(absl::FailedPreconditionError("broken"), "MODEL_LOAD_FAILED");
  status = Annotate(status, "model \"x\"");
  EXPECT_EQ(status.message(), "model \"x\": broken");
  EXPECT_EQ(DetailsOf(status).reason, "MODEL_LOAD_FAILED");
}

TEST(ErrorDetailsTest, AFieldGetsThePathOfWhatItLiesIn) {
  absl::Status status = WithField(absl::InvalidArgumentError("x"), "shape", "[-1, 2]", "[1, 3]");
  status = InField(std::move(status), "inputs[0]");
  status = InField(std::move(status), "request");
  const ErrorDetails details = DetailsOf(status);
  EXPECT_EQ(details.field, "request.inputs[0].shape");
  EXPECT_EQ(details.expected, "[-1, 2]");
  EXPECT_EQ(details.got, "[1, 3]");
  EXPECT_EQ(DetailsOf(InField(WithField(absl::InternalError(""), "[3]", "", ""), "shape")).field, "shape[3]");
}

TEST(ErrorDetailsTest, InFieldLeavesAStatusWithoutAFieldAlone) {
  EXPECT_EQ(DetailsOf(InField(absl::InternalError("x"), "inputs[0]")).field, "");
}

TEST(ErrorDetailsTest, OkStaysOk) {
  EXPECT_OK(WithReason(absl::OkStatus(), "X"));
  EXPECT_OK(WithField(absl::OkStatus(), "a", "b", "c"));
}

TEST(ErrorDetailsTest, CutsWhatTrailersCannotHold) {
  const std::string text(1 << 20, 'x');
  EXPECT_EQ(DetailsOf(WithField(absl::InternalError(""), "a", "b", text)).got.size(), 512u);
}

}  // namespace
}  // namespace baryon
