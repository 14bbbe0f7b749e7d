#include "engine/gluon/nn/dropout.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(DropoutTest, PassesEverythingOn) {
  const NDArray x = np::random::Uniform(-1, 1, {4, 3});
  for (double rate : {0.0, 0.5}) {
    nn::Dropout dropout(rate);
    EXPECT_TRUE(np::ArrayEqual(dropout(x), x));
    dropout.Hybridize();
    EXPECT_TRUE(np::ArrayEqual(dropout(x), x));
  }
}

TEST(DropoutTest, Prints) {
  EXPECT_EQ(nn::Dropout(0.5).ToString(), "Dropout(p = 0.5, axes=())");
  EXPECT_EQ(nn::Dropout(0.25, {.axes = {1}}).ToString(), "Dropout(p = 0.25, axes=(1,))");
}

}  // namespace
}  // namespace baryon
