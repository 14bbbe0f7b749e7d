#include "engine/gluon/nn/swish.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "engine/gluon/testing/both_ways.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

// Numbers of MXNet 1.9.1.
TEST(SwishTest, GivesWhatMXNetGives) {
  const NDArray x = np::Array({-3, -1, -0.1, 0, 0.5, 2, 6});
  const NDArray one = np::Array({-0.1422776, -0.2689414, -0.04750208, 0, 0.3112297, 1.761594, 5.985165});
  const NDArray two = np::Array({-0.007417869, -0.1192029, -0.0450166, 0, 0.3655293, 1.964028, 5.999963});
  nn::Swish swish, steep({.beta = 2});
  nn::SiLU silu;
  EXPECT_TRUE(np::AllClose(BothWays(swish, x), one, 1e-5, 1e-6));
  EXPECT_TRUE(np::AllClose(BothWays(steep, x), two, 1e-5, 1e-6));
  EXPECT_TRUE(np::AllClose(BothWays(silu, x), one, 1e-5, 1e-6));
  EXPECT_EQ(swish.ToString(), "Swish(\n\n)");
}

}  // namespace
}  // namespace baryon
