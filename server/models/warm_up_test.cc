#include "server/models/warm_up.h"

#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/testing/temp_folder.h"
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

// --- Configured warm-ups

class RunWarmUpsTest : public WarmUpTest {
 protected:
  absl::Status Run(absl::string_view inputs, absl::string_view more = "") {
    const std::string text = absl::StrCat(more, " model_warmup { name: \"w\" count: 2 ", inputs, " }");
    return RunWarmUps(*model_, *ReadModelSettings(*ParseModelConfig(text, "config.pbtxt"), "m"), files_.path());
  }

  TempFolder files_;
  std::shared_ptr<const Executable> model_ = MakeExecutable(GraphOf("_test_refuse_negative", "float32 [-1, 2]"), pool_);
};

TEST_F(RunWarmUpsTest, TakeZerosRandomElementsAndFiles) {
  const float elements[] = {1, 2};
  files_.Write("warmup/x", std::string(reinterpret_cast<const char*>(elements), sizeof(elements)));
  EXPECT_OK(Run("inputs { key: \"data\" value: { dims: [ 1, 2 ] zero_data: true } }"));
  EXPECT_OK(Run("inputs { key: \"data\" value: { dims: [ 1, 2 ] random_data: true } }"));
  EXPECT_OK(Run("inputs { key: \"data\" value: { dims: [ 1, 2 ] input_data_file: \"x\" } }"));
  EXPECT_OK(Run("batch_size: 3 inputs { key: \"data\" value: { dims: [ 2 ] zero_data: true } }", "max_batch_size: 4"));
}

TEST_F(RunWarmUpsTest, SayWhatIsWrong) {
  const float negative[] = {1, -2};
  files_.Write("warmup/x", std::string(reinterpret_cast<const char*>(negative), sizeof(negative)));
  EXPECT_THAT(Run("inputs { key: \"data\" value: { dims: [ 1, 2 ] input_data_file: \"x\" } }"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("model_warmup \"w\": ")));
  EXPECT_THAT(Run("inputs { key: \"data\" value: { dims: [ 2, 2 ] input_data_file: \"x\" } }"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("expected 16 bytes, got 8")));
  EXPECT_THAT(Run("inputs { key: \"data\" value: { dims: [ 1, 2 ] input_data_file: \"y\" } }"),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Run("inputs { key: \"data\" value: { dims: [ 1, 3 ] zero_data: true } }"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("input \"data\"")));
  EXPECT_THAT(Run("inputs { key: \"image\" value: { dims: [ 1, 2 ] } }"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no input is called \"image\"")));
  EXPECT_THAT(Run(""), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("missing")));
}

}  // namespace
}  // namespace baryon
