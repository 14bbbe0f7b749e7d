#include "engine/gluon/arithmetic.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "engine/gluon/trace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using absl::StatusCode;
using testing::ElementsAre;

std::vector<float> Floats(const NDArray& array) {
  const auto values = array.Values<float>();
  EXPECT_TRUE(values.ok()) << values.status();
  return values.ok() ? std::vector<float>(values->begin(), values->end()) : std::vector<float>();
}

TEST(ArithmeticTest, AddsWithBroadcasting) {
  const NDArray x = np::Array({{1, 2, 3}, {4, 5, 6}});
  EXPECT_THAT(Floats(x + x), ElementsAre(2, 4, 6, 8, 10, 12));
  EXPECT_THAT(Floats(x + np::Array({10, 20, 30})), ElementsAre(11, 22, 33, 14, 25, 36));
  EXPECT_THAT(Floats(x - np::Array({{1}, {2}})), ElementsAre(0, 1, 2, 2, 3, 4));
  EXPECT_EQ((x + np::Ones({2, 2})).status().code(), StatusCode::kInvalidArgument);
}

TEST(ArithmeticTest, MeetsNumbersOnEitherSide) {
  const NDArray x = np::Array({1, 2, 4});
  EXPECT_THAT(Floats(x * 2 + 1), ElementsAre(3, 5, 9));
  EXPECT_THAT(Floats(1 - x), ElementsAre(0, -1, -3));
  EXPECT_THAT(Floats(8 / x), ElementsAre(8, 4, 2));
  EXPECT_THAT(Floats(x / 2), ElementsAre(0.5, 1, 2));
  EXPECT_THAT(Floats(-x % 3), ElementsAre(2, 1, 2));
  EXPECT_THAT(Floats(7 % x), ElementsAre(0, 1, 3));
}

TEST(ArithmeticTest, DividesWholeNumbersToFloats) {
  const NDArray x = np::Array({1, 2}, DType::kInt32);
  EXPECT_EQ((x + 1).dtype(), DType::kInt32);
  EXPECT_EQ((x / 2).ToString(), "array([0.5, 1. ])");
  EXPECT_EQ((x / x).dtype(), DType::kFloat32);
  EXPECT_EQ((x + np::Ones({2})).dtype(), DType::kFloat32);
}

TEST(ArithmeticTest, ComparesToBool) {
  const NDArray x = np::Array({1, 2, 3});
  EXPECT_EQ((x > 2).ToString(), "array([False, False,  True])");
  EXPECT_EQ((x == np::Array({1, 0, 3})).ToString(), "array([ True, False,  True])");
  EXPECT_EQ((x != 1).ToString(), "array([False,  True,  True])");
  EXPECT_EQ((x <= np::Array({1, 1, 3})).ToString(), "array([ True, False,  True])");
}

// The operators that 1.9.1 writes for the same expression, where it has them.
TEST(ArithmeticTest, ChoosesOperatorsByDTypeAndShape) {
  Trace trace;
  const NDArray x = trace.AddInput("x", {DType::kFloat32, {2, 3}}), row = trace.AddInput("row", {DType::kFloat32, {3}});
  const NDArray whole = trace.AddInput("whole", {DType::kInt32, {2, 3}});
  const std::pair<NDArray, const char*> expected[] = {
      {x + x, "elemwise_add"},     {x - row, "broadcast_sub"}, {x * whole, "_npi_multiply"},
      {x / 2, "_div_scalar"},      {2 / x, "_rdiv_scalar"},    {whole / 2, "_npi_true_divide_scalar"},
      {1 - x, "_rminus_scalar"},   {x > row, "_npi_greater"},  {x == 1, "_npi_equal_scalar"},
      {whole + whole, "_npi_add"}, {x % row, "broadcast_mod"}, {-x, "negative"},
  };
  NDArrays outputs;
  for (const auto& [array, op] : expected) outputs.push_back(array);
  ASSERT_OK_AND_ASSIGN(const Graph graph, std::move(trace).Finish(outputs));
  for (size_t i = 0; i < outputs.size(); ++i) {
    EXPECT_TRUE(graph.node(graph.outputs()[i].value.node).Is(expected[i].second)) << expected[i].second;
  }
}

}  // namespace
}  // namespace baryon
