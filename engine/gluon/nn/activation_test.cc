#include "engine/gluon/nn/activation.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(ActivationTest, ComputesEachKind) {
  const NDArray x = np::Array({-1, 0, 2});
  const std::pair<const char*, NDArray> expected[] = {
      {"relu", np::Array({0, 0, 2})},      {"sigmoid", 1 / (1 + np::Exp(-x))}, {"tanh", np::Tanh(x)},
      {"softrelu", np::Log1p(np::Exp(x))}, {"softsign", x / (1 + np::Abs(x))},
  };
  for (const auto& [kind, y] : expected) {
    nn::Activation activation(kind);
    EXPECT_TRUE(np::AllClose(activation(x), y, 1e-5, 1e-6)) << kind;
    EXPECT_EQ(activation.ToString(), std::string("Activation(") + kind + ")");
  }
  EXPECT_EQ(nn::Activation("rely")(x).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace baryon
