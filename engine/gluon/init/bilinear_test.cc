#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/initializer.h"
#include "engine/gluon/testing/filled.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using absl::StatusCode;

// MXNet's own numbers for (1, 1, 4, 4) and (1, 1, 3, 3).
TEST(BilinearTest, InterpolatesBetweenPixels) {
  const NDArray even = Filled("bilinear", {2, 1, 4, 4});
  EXPECT_TRUE(np::AllClose(even[1][0][0], np::Array({0.0625, 0.1875, 0.1875, 0.0625})));
  EXPECT_TRUE(np::AllClose(even[0][0][1], np::Array({0.1875, 0.5625, 0.5625, 0.1875})));
  const NDArray odd = Filled("bilinear", {1, 1, 3, 3});
  EXPECT_TRUE(np::AllClose(odd[0][0][1], np::Array({0.1875, 0.5625, 0.5625})));
  EXPECT_EQ(Filled("bilinear", {3, 3}).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace baryon
