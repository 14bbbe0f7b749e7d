#include "engine/gluon/nn/identity.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(IdentityTest, GivesItsInputHybridizedAndNot) {
  const NDArray x = np::random::Uniform(-1, 1, {2, 3});
  nn::Identity identity;
  EXPECT_TRUE(np::ArrayEqual(identity(x), x));
  identity.Hybridize();
  EXPECT_TRUE(np::ArrayEqual(identity(x), x));
  EXPECT_EQ(identity.ToString(), "Identity(\n\n)");
}

}  // namespace
}  // namespace baryon
