// GoogleMock matchers for absl::Status and absl::StatusOr, with the names later Abseil releases use.
//   EXPECT_THAT(status, IsOk());
//   EXPECT_THAT(Load(path), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("ends at byte 12")));
//   ASSERT_OK_AND_ASSIGN(Tensor t, Load(path));
#ifndef BARYON_ENGINE_BASE_TESTING_STATUS_MATCHERS_H_
#define BARYON_ENGINE_BASE_TESTING_STATUS_MATCHERS_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/base/status_macros.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {

inline const absl::Status& GetStatus(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& GetStatus(const absl::StatusOr<T>& value) {
  return value.status();
}

MATCHER(IsOk, "is OK") {
  *result_listener << GetStatus(arg).ToString();
  return GetStatus(arg).ok();
}

MATCHER_P(StatusIs, code, "has the given code") {
  *result_listener << GetStatus(arg).ToString();
  return GetStatus(arg).code() == code;
}

MATCHER_P2(StatusIs, code, message, "has the given code and a matching message") {
  *result_listener << GetStatus(arg).ToString();
  return GetStatus(arg).code() == code &&
         testing::Matches(testing::Matcher<std::string>(message))(std::string(GetStatus(arg).message()));
}

}  // namespace baryon

#define EXPECT_OK(expression) EXPECT_THAT(expression, ::baryon::IsOk())
#define ASSERT_OK(expression) ASSERT_THAT(expression, ::baryon::IsOk())

#define ASSERT_OK_AND_ASSIGN(target, expression) \
  ASSERT_OK_AND_ASSIGN_IMPL_(BARYON_CONCAT_(baryon_statusor_, __LINE__), target, expression)
#define ASSERT_OK_AND_ASSIGN_IMPL_(statusor, target, expression) \
  auto statusor = (expression);                                  \
  ASSERT_TRUE(statusor.ok()) << statusor.status();               \
  target = std::move(statusor).value()

#endif  // BARYON_ENGINE_BASE_TESTING_STATUS_MATCHERS_H_
