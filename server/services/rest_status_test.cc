#include "server/services/rest_status.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/error_details.h"
#include "server/refusal.h"

namespace baryon {
namespace {

using testing::Contains;
using testing::Pair;

nlohmann::json BodyOf(const HttpResponse& response) {
  return nlohmann::json::parse(response.body, nullptr,
                               /*allow_exceptions=*/false);
}

TEST(RestStatusTest, MapsCodesToStatuses) {
  const std::pair<absl::Status, int> expected[] = {
      {absl::InvalidArgumentError(""), 400},   {absl::FailedPreconditionError(""), 400},
      {absl::UnauthenticatedError(""), 401},   {absl::PermissionDeniedError(""), 403},
      {absl::NotFoundError(""), 404},          {absl::AlreadyExistsError(""), 409},
      {absl::ResourceExhaustedError(""), 429}, {absl::CancelledError(), 499},
      {absl::InternalError(""), 500},          {absl::DataLossError(""), 500},
      {absl::UnimplementedError(""), 501},     {absl::UnavailableError(""), 503},
      {absl::DeadlineExceededError(""), 504}};
  for (const auto& [status, http] : expected) EXPECT_EQ(ToHttpResponse(status).status, http) << status;
}

TEST(RestStatusTest, SaysWhatIsWrong) {
  const absl::Status status =
      WithReason(WithField(absl::InvalidArgumentError("input \"x\": no"), "inputs[0].datatype", "FP32", "FP64"),
                 "INPUT_DATATYPE_MISMATCH");
  const nlohmann::json body = BodyOf(ToHttpResponse(status));
  EXPECT_EQ(body["error"], "input \"x\": no");
  EXPECT_EQ(body["code"], "INVALID_ARGUMENT");
  EXPECT_EQ(body["details"][0]["reason"], "INPUT_DATATYPE_MISMATCH");
  EXPECT_EQ(body["details"][0]["metadata"]["got"], "FP64");
  EXPECT_EQ(body["details"][1]["@type"], "type.googleapis.com/google.rpc.BadRequest");
  EXPECT_EQ(body["details"][1]["fieldViolations"][0]["field"], "inputs[0].datatype");
}

TEST(RestStatusTest, SaysWhenToComeAgain) {
  const HttpResponse response = ToHttpResponse(Refuse(Refusal::kOverload, "later", absl::Milliseconds(1200)));
  EXPECT_EQ(response.status, 429);
  EXPECT_THAT(response.headers, Contains(Pair("Retry-After", "2")));
  EXPECT_EQ(BodyOf(response)["details"][1]["retryDelay"], "1.200s");
}

TEST(RestStatusTest, AsksForAToken) {
  EXPECT_THAT(ToHttpResponse(absl::UnauthenticatedError("")).headers, Contains(Pair("WWW-Authenticate", "Bearer")));
}

TEST(RestStatusTest, IsJsonWhateverTheMessage) {
  const HttpResponse response = ToHttpResponse(absl::InternalError(std::string(1 << 20, '\xff')));
  EXPECT_FALSE(BodyOf(response).is_discarded());
  EXPECT_LT(response.body.size(), 8000u);
}

}  // namespace
}  // namespace baryon
