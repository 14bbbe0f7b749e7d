#include "server/models/profile_model.h"

#include <memory>
#include <string>
#include <utility>

#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/testing/test_models.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class ProfileModelTest : public testing::Test {
 protected:
  ThreadPool pool_{2};
  std::shared_ptr<const Executable> model_ = MakeExecutable(GraphOf("_test_double", "float32 [-1, 64]"), pool_);
};

TEST_F(ProfileModelTest, TimesEveryNumberOfThreads) {
  ASSERT_OK_AND_ASSIGN(const CostTable table, ProfileModel(*model_, {.num_threads = 2, .max_rows = 2}));
  EXPECT_THAT(table.threads(), ElementsAre(1, 2));
  for (int threads : {1, 2}) {
    EXPECT_THAT(table.rows(threads), ElementsAre(1, 2));
    EXPECT_GT(table.Find(threads, 1)->p50, absl::ZeroDuration());
    EXPECT_GE(table.Find(threads, 1)->p95, table.Find(threads, 1)->p50);
  }
}

TEST_F(ProfileModelTest, EstimatesMoreThreadsInTheBackground) {
  ASSERT_OK_AND_ASSIGN(const CostTable table,
                       ProfileModel(*model_, {.num_threads = 4, .max_rows = 1, .in_background = true}));
  EXPECT_THAT(table.threads(), ElementsAre(1, 2, 4));
  EXPECT_EQ(table.Find(2, 1)->p50, table.Find(1, 1)->p50 * (1 / 1.8));
}

TEST_F(ProfileModelTest, EndsWhenItIsAskedTo) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THAT(ProfileModel(*model_, {}, stop.get_token()), StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(ProfileModelTest, NeedsToKnowTheShapes) {
  const auto any = MakeExecutable(GraphOf("_test_odd_columns", "float32 [-1, -1]"), pool_);
  EXPECT_THAT(ProfileModel(*any, {}), StatusIs(absl::StatusCode::kUnimplemented));
}

TEST_F(ProfileModelTest, CompilesPlansBeforehand) {
  CompilePlans(*model_, 3, absl::InfiniteDuration());
  for (int64_t rows : {1, 2, 3}) {
    ASSERT_OK_AND_ASSIGN(const auto plan, model_->PlanFor({{DType::kFloat32, {rows, 64}}}));
    EXPECT_GE(plan.use_count(), 2) << "kept by the model";
  }
}

TEST_F(ProfileModelTest, TheKeyChangesWithWhatTheTimesDependOn) {
  const std::string key = ProfileKey(*model_, {.num_threads = 2});
  EXPECT_THAT(key, HasSubstr("_test_double"));
  EXPECT_EQ(key, ProfileKey(*model_, {.num_threads = 2}));
  EXPECT_NE(key, ProfileKey(*model_, {.num_threads = 3}));
  EXPECT_NE(key, ProfileKey(*model_, {.num_threads = 2, .max_rows = 8}));
  const auto other = MakeExecutable(GraphOf("_test_double", "float32 [-1, 65]"), pool_);
  EXPECT_NE(key, ProfileKey(*other, {.num_threads = 2}));
}

TEST_F(ProfileModelTest, TheKeyChangesWithHowTheModelIsCompiled) {
  const auto key = [this](CompileOptions options) {
    const auto executable = Executable::Create(model_->graph(), pool_, std::move(options));
    EXPECT_OK(executable);
    return ProfileKey(**executable, {});
  };
  const std::string usual = key({});
  EXPECT_EQ(usual, ProfileKey(*model_, {}));
  EXPECT_NE(usual, key({.numerics = Numerics::kStrict}));
  EXPECT_NE(usual, key({.passes = {.disabled = {"all"}}}));
  const std::string tuned = key({.tuner = std::make_shared<Tuner>("")});
  EXPECT_NE(usual, tuned);
  EXPECT_EQ(tuned, key({.tuner = std::make_shared<Tuner>("kept/somewhere")})) << "where choices are kept has no part";
}

}  // namespace
}  // namespace baryon
