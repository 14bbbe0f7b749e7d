#include "clients/cpp/retry.h"

#include "gtest/gtest.h"

namespace baryon {
namespace {

using absl::Milliseconds;
using absl::StatusCode;

constexpr absl::Duration kForever = absl::InfiniteDuration();

TEST(RetryTest, PausesDoubleUpToTheLongest) {
  const RetryPolicy policy{.attempts = 9, .first_pause = Milliseconds(100), .longest_pause = absl::Seconds(1)};
  const int expected_ms[] = {100, 200, 400, 800, 1000, 1000};
  for (int attempt = 1; attempt <= 6; ++attempt) {
    const FailedAttempt failed{attempt, StatusCode::kUnavailable, {}};
    const absl::Duration expected = Milliseconds(expected_ms[attempt - 1]);
    EXPECT_EQ(PauseAfter(failed, policy, kForever, 0.5), expected) << attempt;
    EXPECT_EQ(PauseAfter(failed, policy, kForever, 0), expected * 0.8) << attempt;
    EXPECT_EQ(PauseAfter(failed, policy, kForever, 1), expected * 1.2) << attempt;
  }
}

TEST(RetryTest, WaitsAsLongAsTheServerSays) {
  const RetryPolicy policy{.attempts = 4};
  for (const StatusCode code : {StatusCode::kUnavailable, StatusCode::kResourceExhausted}) {
    EXPECT_EQ(PauseAfter({1, code, Milliseconds(700)}, policy, kForever, 0), Milliseconds(700));
    EXPECT_EQ(PauseAfter({1, code, Milliseconds(-1)}, policy, kForever, 0), std::nullopt);
  }
}

TEST(RetryTest, GivesUpWhereAskingAgainIsOfNoUse) {
  const RetryPolicy policy{.attempts = 4};
  const StatusCode away = StatusCode::kUnavailable;
  EXPECT_EQ(PauseAfter({1, StatusCode::kInvalidArgument, Milliseconds(1)}, policy, kForever, 0), std::nullopt);
  // Larger than the server allows: nobody said that it will be smaller next time.
  EXPECT_EQ(PauseAfter({1, StatusCode::kResourceExhausted, {}}, policy, kForever, 0), std::nullopt);
  EXPECT_EQ(PauseAfter({4, away, Milliseconds(1)}, policy, kForever, 0), std::nullopt);
  EXPECT_EQ(PauseAfter({1, away, Milliseconds(700)}, policy, Milliseconds(600), 0), std::nullopt);
  EXPECT_EQ(PauseAfter({1, away, Milliseconds(700)}, policy, Milliseconds(800), 0), Milliseconds(700));
}

TEST(RetryTest, ReadsThePushBack) {
  EXPECT_EQ(ParsePushBack("250"), Milliseconds(250));
  EXPECT_EQ(ParsePushBack("0"), absl::ZeroDuration());
  for (const char* text : {"-5", "soon", "", "1e9", "99999999999999999999"}) {
    EXPECT_LT(ParsePushBack(text), absl::ZeroDuration()) << text;
  }
}

}  // namespace
}  // namespace baryon
