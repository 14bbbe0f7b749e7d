#include <cmath>

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/initializer.h"
#include "engine/gluon/testing/filled.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

// Fan-in 20 * 9, fan-out 30 * 9.
TEST(XavierTest, ScalesByFanInAndFanOut) {
  const Shape shape = {30, 20, 3, 3};
  EXPECT_NEAR(Largest(Filled("xavier", shape)), std::sqrt(3 / 225.0), 1e-3);
  EXPECT_NEAR(Largest(Filled(init::Xavier({.factor_type = "in", .magnitude = 6}), shape)), std::sqrt(6 / 180.0), 1e-3);
  EXPECT_NEAR(Largest(Filled(init::Xavier({.factor_type = "out"}), shape)), std::sqrt(3 / 270.0), 1e-3);
  EXPECT_NEAR(Std(Filled(init::Xavier({.rnd_type = "gaussian"}), shape)), std::sqrt(3 / 225.0), 3e-3);
  EXPECT_NEAR(Std(Filled("msraprelu", shape)), std::sqrt(2 / (1 + 0.0625) / 225), 3e-3);
}

TEST(XavierTest, RefusesWhatItCannotScale) {
  EXPECT_THAT(Filled("xavier", {3}, "bias").status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("cannot be applied to vector bias")));
  EXPECT_THAT(Filled(init::Xavier({.factor_type = "sum"}), {3, 3}).status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("Incorrect factor type")));
  EXPECT_THAT(Filled(init::Xavier({.rnd_type = "cauchy"}), {3, 3}).status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("Unknown random type")));
}

}  // namespace
}  // namespace baryon
