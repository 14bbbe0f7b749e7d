#include "engine/gluon/nn/lambda.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "engine/gluon/sequential.h"
#include "engine/gluon/testing/both_ways.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::HasSubstr;

TEST(LambdaTest, TakesFunctionsAndNamesOfOperators) {
  const NDArray x = np::Array({-1, 0, 2});
  nn::Lambda twice([](const NDArray& x) { return x * 2; }, {.name = "twice"});
  EXPECT_TRUE(np::ArrayEqual(twice(x), np::Array({-2, 0, 4})));
  EXPECT_EQ(twice.ToString(), "Lambda(twice)");
  EXPECT_EQ(nn::Lambda([](const NDArray& x) { return x; }).ToString(), "Lambda(<lambda>)");
  nn::HybridLambda tanh("tanh");
  EXPECT_TRUE(np::AllClose(BothWays(tanh, x), np::Tanh(x)));
  EXPECT_EQ(tanh.ToString(), "HybridLambda(tanh)");
}

TEST(LambdaTest, TakesAndGivesSeveralArrays) {
  nn::HybridLambda swapped([](absl::Span<const NDArray> inputs) { return NDArrays{inputs[1], inputs[0] + 1}; });
  const NDArrays outputs = AllBothWays(swapped, {np::Array({1}), np::Array({5})});
  ASSERT_EQ(outputs.size(), 2u);
  EXPECT_EQ(outputs[0].ToString(), "array([5.])");
  EXPECT_EQ(outputs[1].ToString(), "array([2.])");
  nn::Lambda add("elemwise_add");
  EXPECT_EQ(add(np::Array({1}), np::Array({5})).ToString(), "array([6.])");
}

TEST(LambdaTest, MayReadElementsUnlessItIsHybrid) {
  const auto largest = [](const NDArray& x) -> NDArray {
    const absl::StatusOr<float> item = np::Max(x).Item<float>();
    if (!item.ok()) return item.status();
    return np::Full({1}, *item);
  };
  nn::Sequential net;
  net.Add(nn::Lambda(largest));
  net.Hybridize();
  EXPECT_EQ(net(np::Array({1, 3, 2})).ToString(), "array([3.])");
  nn::HybridLambda hybrid(largest);
  hybrid.Hybridize();
  EXPECT_THAT(hybrid(np::Array({1})).status(), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST(LambdaTest, ReportsUnknownOperatorsAndInputs) {
  nn::HybridLambda unknown("tanhh");
  EXPECT_THAT(unknown(np::Ones({1})).status(),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("Function name tanhh is not found in symbol/ndarray.")));
  nn::Lambda one([](const NDArray& x) { return x; });
  EXPECT_THAT(one(np::Ones({1}), np::Ones({1})).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("expected 1 input, got 2")));
}

}  // namespace
}  // namespace baryon
