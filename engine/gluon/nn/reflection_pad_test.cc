#include "engine/gluon/nn/reflection_pad.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "engine/gluon/testing/both_ways.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

// Numbers of MXNet 1.9.1.
TEST(ReflectionPad2DTest, GivesWhatMXNetGives) {
  const NDArray x = np::Arange(6).Reshape({1, 1, 2, 3});
  nn::ReflectionPad2D one(1), uneven(IntTuple{0, 0, 0, 0, 1, 0, 2, 1});
  EXPECT_TRUE(np::ArrayEqual(BothWays(one, x), np::Array({{{{4, 3, 4, 5, 4},  //
                                                            {1, 0, 1, 2, 1},
                                                            {4, 3, 4, 5, 4},
                                                            {1, 0, 1, 2, 1}}}})));
  EXPECT_TRUE(np::ArrayEqual(BothWays(uneven, x), np::Array({{{{5, 4, 3, 4, 5, 4},  //
                                                               {2, 1, 0, 1, 2, 1},
                                                               {5, 4, 3, 4, 5, 4}}}})));
  EXPECT_EQ(one.ToString(), "ReflectionPad2D(\n\n)");
}

TEST(ReflectionPad2DTest, RefusesOtherPaddings) {
  const NDArray x = np::Ones({1, 1, 2, 3});
  EXPECT_EQ(nn::ReflectionPad2D(IntTuple{1, 1})(x).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(nn::ReflectionPad2D(2)(x).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace baryon
