#include "engine/gluon/npx.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(NpxTest, ComputesWhatNetworksNeed) {
  const NDArray x = np::Array({{-1, 0, 3}});
  EXPECT_EQ(npx::Relu(x).ToString(), "array([[0., 0., 3.]])");
  EXPECT_EQ(npx::Activation(x, "relu").ToString(), "array([[0., 0., 3.]])");
  EXPECT_EQ(npx::Sigmoid(np::Zeros({1})).ToString(), "array([0.5])");
  EXPECT_EQ(npx::Softmax(np::Zeros({1, 4})).ToString(), "array([[0.25, 0.25, 0.25, 0.25]])");
  EXPECT_TRUE(np::AllClose(np::Exp(npx::LogSoftmax(x)), npx::Softmax(x)));
  EXPECT_EQ(npx::BatchFlatten(np::Ones({2, 3, 4})).shape(), Shape({2, 12}));
  EXPECT_EQ(npx::OneHot(np::Array({1, 0}), 2).ToString(), "array([[0., 1.],\n       [1., 0.]])");
  EXPECT_EQ(npx::Pick(x, np::Array({2})).ToString(), "array([3.])");
  EXPECT_EQ(npx::TopK(x, 2).ToString(), "array([[2., 1.]])");
  EXPECT_EQ(npx::BatchDot(np::Ones({2, 3, 4}), np::Ones({2, 5, 4}), false, true).shape(), Shape({2, 3, 5}));
  EXPECT_EQ(npx::Activation(x, "gelu7").status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace baryon
