#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/loop_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

Tensor F(Shape shape, std::initializer_list<float> values) { return Tensor::FromData<float>(std::move(shape), values); }

// While i < 3: gives total * factor and goes on with i + 1, total + i. Inputs of the operator: i, total, factor.
constexpr char kCondition[] = R"(
    input i: float32 [1]
    less = _lesser_scalar(i) {scalar=3.0}
    output y = less)";
constexpr char kStep[] = R"(
    input total: float32 [1]
    input factor: float32 [1]
    input i: float32 [1]
    product = elemwise_mul(total, factor)
    more = _plus_scalar(i) {scalar=1.0}
    sum = elemwise_add(total, i)
    output a = product
    output b = more
    output c = sum)";

Attrs While(const char* name = "num_args", const char* value = "5") {
  Attrs attrs = {{"num_args", "5"},          {"num_outputs", "3"},        {"num_out_data", "1"},
                 {"max_iterations", "5"},    {"cond_input_locs", "(0,)"}, {"func_input_locs", "(1, 2, 0)"},
                 {"func_var_locs", "(2, 0)"}};
  attrs.Set(name, value);
  return attrs;
}

absl::StatusOr<std::vector<Tensor>> RunWhile(const Attrs& attrs, float begin) {
  return RunLoop("_while_loop", attrs, {Subgraph(kCondition), Subgraph(kStep)},
                 {F({1}, {begin}), F({1}, {10}), F({1}, {2})});
}

TEST(WhileLoopTest, GoesOnWhileTheConditionHolds) {
  ASSERT_OK_AND_ASSIGN(const std::vector<Tensor> got, RunWhile(While(), 1));
  EXPECT_THAT(got[0].span<float>(), ElementsAre(20, 22, 0, 0, 0));
  EXPECT_EQ(got[0].shape(), Shape({5, 1}));
  EXPECT_THAT(got[1].span<float>(), ElementsAre(3));
  EXPECT_THAT(got[2].span<float>(), ElementsAre(13));
}

TEST(WhileLoopTest, EndsAfterTheMostIterations) {
  ASSERT_OK_AND_ASSIGN(const std::vector<Tensor> got, RunWhile(While("max_iterations", "3"), -7));
  EXPECT_THAT(got[0].span<float>(), ElementsAre(20, 6, -6));
  EXPECT_THAT(got[1].span<float>(), ElementsAre(-4));
}

TEST(WhileLoopTest, AConditionThatNeverHoldsLeavesTheVariables) {
  ASSERT_OK_AND_ASSIGN(const std::vector<Tensor> got, RunWhile(While(), 4));
  EXPECT_THAT(got[0].span<float>(), ElementsAre(0, 0, 0, 0, 0));
  EXPECT_THAT(got[1].span<float>(), ElementsAre(4));
  EXPECT_THAT(got[2].span<float>(), ElementsAre(10));
}

TEST(WhileLoopTest, RefusesAttributesThatDoNotFit) {
  EXPECT_THAT(RunWhile(While("num_args", "3"), 1), StatusIs(kInvalid, HasSubstr("num_args")));
  EXPECT_THAT(RunWhile(While("max_iterations", "-1"), 1), StatusIs(kInvalid, HasSubstr("max_iterations")));
  EXPECT_THAT(RunWhile(While("func_var_locs", "(2, 3)"), 1), StatusIs(kInvalid, HasSubstr("func_var_locs")));
  EXPECT_THAT(RunWhile(While("cond_input_locs", "(-1,)"), 1), StatusIs(kInvalid, HasSubstr("cond_input_locs")));
  EXPECT_THAT(RunWhile(While("num_out_data", "2"), 1), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
