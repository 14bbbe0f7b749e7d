#include "engine/gluon/np/linalg.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(LinalgTest, MultipliesMatrices) {
  const NDArray a = np::Array({{1, 2}, {3, 4}}), b = np::Array({{0, 1}, {1, 0}});
  EXPECT_EQ(np::Dot(a, b).ToString(), "array([[2., 1.],\n       [4., 3.]])");
  EXPECT_EQ(np::Dot(np::Array({1, 2}), np::Array({3, 4})).ToString(), "array(11.)");
  EXPECT_EQ(np::Dot(np::Ones({2, 3, 4}), np::Ones({4, 5})).shape(), Shape({2, 3, 5}));
  EXPECT_EQ(np::MatMul(np::Ones({7, 2, 3}), np::Ones({3, 5})).shape(), Shape({7, 2, 5}));
  EXPECT_EQ(np::MatMul(a, b).ToString(), np::Dot(a, b).ToString());
  EXPECT_EQ(np::Dot(a, np::Ones({3, 2})).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace baryon
