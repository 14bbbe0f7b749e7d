#include "tests/support/seeded.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::ElementsAre;

// What the definition in Python gives.
TEST(SeededTest, ArraysFollowFromNameAndShape) {
  EXPECT_THAT(SeededParameter("conv0_weight", {1, 3}).span<float>(), ElementsAre(0.6793146f, 0.7585895f, 0.31619492f));
  EXPECT_THAT(SeededParameter("a_gamma", {2}).span<float>(), ElementsAre(0.90660924f, 0.8438187f));
  EXPECT_THAT(SeededParameter("a_running_var", {2}).span<float>(), ElementsAre(1.0230634f, 0.8997804f));
  EXPECT_THAT(SeededParameter("x_bias", {2}).span<float>(), ElementsAre(0.09770242f, -0.029373944f));
  EXPECT_THAT(SeededParameter("odd", {2}).span<float>(), ElementsAre(-0.04346918f, -0.08084202f));
  EXPECT_THAT(SeededInput("data", {3}).span<float>(), ElementsAre(0.15354812f, -0.7764008f, -0.025801539f));
}

}  // namespace
}  // namespace baryon
