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

// p ? x + x : x * y
absl::StatusOr<std::vector<Tensor>> RunCond(float p, const char* cond_locations = "(0,)", Shape p_shape = {1}) {
  const Attrs attrs = {{"num_args", "6"},
                       {"num_outputs", "1"},
                       {"cond_input_locs", cond_locations},
                       {"then_input_locs", "(1,)"},
                       {"else_input_locs", "(1, 2)"}};
  Tensor condition = Tensor::Allocate({DType::kFloat32, p_shape});
  std::fill_n(condition.mutable_data<float>(), condition.num_elements(), p);
  return RunLoop("_cond", attrs,
                 {Subgraph("input p: float32 [-1]\n c = _copy(p)\n output c = c"),
                  Subgraph("input x: float32 [2]\n s = elemwise_add(x, x)\n output s = s"),
                  Subgraph("input x: float32 [2]\n input y: float32 [2]\n m = elemwise_mul(x, y)\n output m = m")},
                 {condition, F({2}, {3, 4}), F({2}, {10, 100})});
}

TEST(CondTest, RunsTheChosenBranch) {
  ASSERT_OK_AND_ASSIGN(const std::vector<Tensor> yes, RunCond(1));
  EXPECT_THAT(yes[0].span<float>(), ElementsAre(6, 8));
  ASSERT_OK_AND_ASSIGN(const std::vector<Tensor> no, RunCond(0));
  EXPECT_THAT(no[0].span<float>(), ElementsAre(30, 400));
}

TEST(CondTest, AnythingButZeroIsTrue) {
  ASSERT_OK_AND_ASSIGN(const std::vector<Tensor> small, RunCond(-0.25f));
  EXPECT_THAT(small[0].span<float>(), ElementsAre(6, 8));
}

TEST(CondTest, RefusesAttributesAndConditionsThatDoNotFit) {
  EXPECT_THAT(RunCond(1, "(5,)"), StatusIs(kInvalid, HasSubstr("cond_input_locs")));
  EXPECT_THAT(RunCond(1, "(0, 1)"), StatusIs(kInvalid, HasSubstr("expected a subgraph of 2 inputs")));
  EXPECT_THAT(RunCond(1, "(0,)", {2}), StatusIs(kInvalid, HasSubstr("a condition of one element")));
}

}  // namespace
}  // namespace baryon
