#include "server/models/warm_up.h"

#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/testing/test_models.h"

namespace baryon {
namespace {

using testing::HasSubstr;

class WarmUpTest : public testing::Test {
 protected:
  WarmUpResult Result(absl::string_view graph_text) {
    const absl::StatusOr<WarmUpResult> result = WarmUp(*MakeExecutable(graph_text, pool_));
    EXPECT_OK(result);
    return result.value_or(WarmUpResult());
  }

  ThreadPool pool_{1};
};

TEST_F(WarmUpTest, FindsRowsIndependentThatAreComputedOneByOne) {
  EXPECT_TRUE(Result(GraphOf("_test_double", "float32 [-1, 3]")).rows_are_independent);
}

TEST_F(WarmUpTest, FindsOutRowsThatSeeEachOther) {
  const WarmUpResult result = Result(GraphOf("_test_mix_rows", "float32 [-1, 3]"));
  EXPECT_FALSE(result.rows_are_independent);
  EXPECT_THAT(result.why_not, HasSubstr("rows beside it"));
}

TEST_F(WarmUpTest, FindsOutOutputsWithoutRows) {
  const WarmUpResult result = Result(GraphOf("_test_sum_rows", "float32 [-1, 3]"));
  EXPECT_FALSE(result.rows_are_independent);
  EXPECT_THAT(result.why_not, HasSubstr("first axis"));
}

TEST_F(WarmUpTest, FindsOutABatchThatTheGraphFixes) {
  EXPECT_FALSE(Result(GraphOf("_test_double", "float32 [4, 3]")).rows_are_independent);
}

TEST_F(WarmUpTest, LooksAtEveryInput) {
  EXPECT_FALSE(Result("input a: float32 [-1, 2]\ninput b: float32 [7]\nx = _test_double(a)\ny = _test_double(b)\n"
                      "output x = x\noutput y = y\n")
                   .rows_are_independent);
}

TEST_F(WarmUpTest, LeavesTheFirstPlansCompiled) {
  const auto executable = MakeExecutable(GraphOf("_test_double", "float32 [-1, 3]"), pool_);
  ASSERT_OK(WarmUp(*executable));
  ASSERT_OK_AND_ASSIGN(const auto first, executable->PlanFor({{DType::kFloat32, {2, 3}}}));
  ASSERT_OK_AND_ASSIGN(const auto second, executable->PlanFor({{DType::kFloat32, {2, 3}}}));
  EXPECT_EQ(first, second);
}

}  // namespace
}  // namespace baryon
