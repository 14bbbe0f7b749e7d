#include "engine/gluon/nn/dense.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::HasSubstr;

TEST(DenseTest, ComputesAProductAndABias) {
  nn::Dense dense(2, {.in_units = 2});
  dense.Initialize();
  ASSERT_OK(dense.weight().SetData(np::Array({{1, 2}, {3, 4}})));
  ASSERT_OK(dense.bias().SetData(np::Array({10, 20})));
  EXPECT_EQ(dense(np::Array({{1, 1}})).ToString(), "array([[13., 27.]])");
}

TEST(DenseTest, FlattensOrNot) {
  nn::Dense flat(5), deep(5, {.flatten = false});
  flat.Initialize();
  deep.Initialize();
  EXPECT_EQ(flat(np::Ones({2, 3, 4})).shape(), Shape({2, 5}));
  EXPECT_EQ(flat.weight().shape(), Shape({5, 12}));
  EXPECT_EQ(deep(np::Ones({2, 3, 4})).shape(), Shape({2, 3, 5}));
  EXPECT_EQ(deep.weight().shape(), Shape({5, 4}));
}

TEST(DenseTest, HasOptions) {
  nn::Dense dense(2, {.activation = "tanh",
                      .use_bias = false,
                      .dtype = DType::kFloat64,
                      .weight_initializer = init::Constant(100),
                      .in_units = 1});
  dense.Initialize();
  EXPECT_FALSE(dense.bias());
  EXPECT_EQ(dense(np::Ones({1, 1}, DType::kFloat64)).ToString(), "array([[1., 1.]], dtype=float64)");
  EXPECT_EQ(dense.ToString(), "Dense(1 -> 2, Activation(tanh))");
  nn::Dense biased(2, {.bias_initializer = "ones", .in_units = 1});
  biased.Initialize(init::Zero());
  EXPECT_EQ(biased(np::Ones({1, 1})).ToString(), "array([[1., 1.]])");
}

TEST(DenseTest, ReportsBadInputs) {
  nn::Dense dense(2);
  dense.Initialize();
  EXPECT_THAT(dense(np::Full({}, 1)).status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("scalar")));
  nn::Dense odd(2, {.activation = "rely"});
  odd.Initialize();
  EXPECT_THAT(odd(np::Ones({1, 1})).status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("act_type")));
}

}  // namespace
}  // namespace baryon
