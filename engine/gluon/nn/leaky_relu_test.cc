#include "engine/gluon/nn/leaky_relu.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "engine/gluon/testing/both_ways.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::HasSubstr;

// What MXNet 1.9.1 gives for these.
NDArray Numbers() { return np::Array({-3, -1, -0.1, 0, 0.5, 2, 6}); }

void ExpectAnswer(gluon::HybridBlock&& layer, const NDArray& expected) {
  layer.Initialize();
  const NDArray got = BothWays(layer, Numbers());
  EXPECT_TRUE(np::AllClose(got, expected, 1e-5, 1e-6)) << layer << got;
}

TEST(LeakyReLUTest, GivesWhatMXNetGives) {
  ExpectAnswer(nn::LeakyReLU(0.1), np::Array({-0.3, -0.1, -0.01, 0, 0.5, 2, 6}));
  EXPECT_EQ(nn::LeakyReLU(0.1).ToString(), "LeakyReLU(0.1)");
}

TEST(LeakyReLUTest, RefusesNegativeSlopes) {
  EXPECT_THAT(nn::LeakyReLU(-1)(Numbers()).status(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("Slope coefficient for LeakyReLU must be no less than 0")));
}

TEST(PReLUTest, GivesWhatMXNetGives) {
  ExpectAnswer(nn::PReLU(), np::Array({-0.75, -0.25, -0.025, 0, 0.5, 2, 6}));
  nn::PReLU channels({.alpha_initializer = "ones", .in_channels = 4});
  channels.Initialize();
  EXPECT_EQ(channels.alpha().data().ToString(), "array([1., 1., 1., 1.])");
  ASSERT_OK(channels.alpha().SetData(np::Array({0, 0.5, 1, -1})));
  EXPECT_TRUE(np::ArrayEqual(BothWays(channels, np::Array({{{-2}, {-2}, {-2}, {-2}}, {{3}, {3}, {3}, {3}}})),
                             np::Array({{{0}, {-1}, {-2}, {2}}, {{3}, {3}, {3}, {3}}})));
  EXPECT_EQ(channels.ToString(), "PReLU(\n\n)");
}

TEST(ELUTest, GivesWhatMXNetGives) {
  ExpectAnswer(nn::ELU(), np::Array({-0.950213, -0.6321205, -0.09516263, 0, 0.5, 2, 6}));
  ExpectAnswer(nn::ELU({.alpha = 0.5}), np::Array({-0.4751065, -0.3160602, -0.04758132, 0, 0.5, 2, 6}));
}

TEST(SELUTest, GivesWhatMXNetGives) {
  ExpectAnswer(nn::SELU(), np::Array({-1.670569, -1.111331, -0.1673053, 0, 0.5253505, 2.101402, 6.304206}));
}

TEST(GELUTest, GivesWhatMXNetGives) {
  ExpectAnswer(nn::GELU(), np::Array({-0.004049867, -0.1586553, -0.04601721, 0, 0.3457312, 1.9545, 6}));
}

TEST(GELUTest, MayBeApproximate) {
  const NDArray x = Numbers();
  const NDArray y = 0.5 * x * (1 + np::Tanh(0.7978845608 * (x + 0.044715 * x * x * x)));
  ExpectAnswer(nn::GELU({.approximation = "tanh"}), y);
  EXPECT_THAT(nn::GELU({.approximation = "sigmoid"})(x).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("should be \"erf\" or \"tanh\"")));
}

}  // namespace
}  // namespace baryon
