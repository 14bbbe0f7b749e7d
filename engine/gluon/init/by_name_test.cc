#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/initializer.h"
#include "engine/gluon/testing/filled.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

TEST(LoadTest, CopiesByName) {
  const init::Initializer load = init::Load({{"arg:weight", np::Array({1, 2}).tensor()}}, init::One());
  EXPECT_EQ(Filled(load, {2}).ToString(), "array([1., 2.])");
  EXPECT_EQ(Filled(load, {2}, "bias").ToString(), "array([1., 1.])");
  EXPECT_THAT(Filled(load, {3}).status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("Shape mismatch, target (3,) vs loaded (2,)")));
  EXPECT_THAT(Filled(init::Load({}), {3}).status(),
              StatusIs(StatusCode::kNotFound, HasSubstr("Cannot Initialize weight. Not found in loaded param")));
}

TEST(MixedTest, TakesTheFirstThatMatches) {
  const init::Initializer mixed = init::Mixed({{"bias", init::Zero()}, {".*", init::One()}});
  EXPECT_EQ(Filled(mixed, {1}, "bias").ToString(), "array([0.])");
  EXPECT_EQ(Filled(mixed, {1}, "dense_bias").ToString(), "array([1.])");  // matched from the start
  EXPECT_THAT(Filled(init::Mixed({{"bias", init::Zero()}}), {1}).status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("did not match any pattern")));
  EXPECT_THAT(Filled(init::Mixed({{"(", init::Zero()}}), {1}).status(), StatusIs(StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace baryon
