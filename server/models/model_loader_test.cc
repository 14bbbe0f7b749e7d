#include "server/models/model_loader.h"

#include <malloc.h>

#include <utility>

#include "absl/time/clock.h"
#include "engine/base/give_way.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/testing/manual_executor.h"
#include "server/testing/temp_folder.h"
#include "server/testing/test_models.h"

namespace {
thread_local int trims = 0;  // of the heap, by this thread
}

// In place of the library's.
int malloc_trim(size_t) noexcept {
  ++trims;
  return 0;
}

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ModelLoaderTest : public testing::Test {
 protected:
  absl::StatusOr<std::shared_ptr<const ServedModel>> Load(ModelOpener open) {
    return ModelLoader(std::move(open), options_, executor_, metrics_).Load(Version(), settings_);
  }
  ModelVersion Version() const {
    ModelVersion version;
    version.name = "m";
    version.version = 7;
    version.settings_folder = files_.path();
    return version;
  }
  ModelOpener Opening(OpenedModel opened) {
    return [opened](const ModelVersion&) { return opened; };
  }
  OpenedModel Opened(absl::string_view op) {
    return {MakeExecutable(GraphOf(op, "float32 [-1, 2]"), pool_), {"a", "b"}, std::nullopt};
  }

  static ModelSettings Settings(absl::string_view text) {
    return *ReadModelSettings(*ParseModelConfig(text, "config.pbtxt"), "m");
  }

  TempFolder files_;
  ModelLoader::Options options_;
  ModelSettings settings_;
  ThreadPool pool_{1};
  ManualExecutor executor_;
  ServerMetrics metrics_{"1"};
};

TEST_F(ModelLoaderTest, MakesAModelThatServes) {
  ASSERT_OK_AND_ASSIGN(const auto model, Load(Opening(Opened("_test_double"))));
  EXPECT_EQ(model->name(), "m");
  EXPECT_EQ(model->version(), 7);
  EXPECT_EQ(model->labels().size(), 2u);
  EXPECT_THAT(metrics_.ToText(), HasSubstr("baryon_model_load_duration_seconds{model=\"m\",version=\"7\"}"));
}

TEST_F(ModelLoaderTest, BesideOtherModelsItDoesNotLockTheHeapOfTheirRequests) {
  trims = 0;
  ModelLoader loader(Opening(Opened("_test_double")), options_, executor_, metrics_);
  ASSERT_OK_AND_ASSIGN(const auto model, loader.Load(Version(), settings_, /*in_background=*/true));
  EXPECT_EQ(trims, 0);
}

TEST_F(ModelLoaderTest, BesideOtherModelsItLooksWhetherTheyWork) {
  executor_.set_load({.running = 1});
  int least = 3;
  const ModelOpener open = [&](const ModelVersion&) {
    for (const absl::Time start = absl::Now(); executor_.looks() < least; GiveWay()) {
      if (absl::Now() > start + absl::Seconds(30)) return absl::StatusOr<OpenedModel>(absl::InternalError("no looks"));
    }
    return absl::StatusOr<OpenedModel>(Opened("_test_double"));
  };
  const ModelLoader loader(open, options_, executor_, metrics_);
  EXPECT_OK(loader.Load(Version(), settings_, /*in_background=*/true));
  least = 0;
  const int before = executor_.looks();
  EXPECT_OK(loader.Load(Version(), settings_));
  EXPECT_EQ(executor_.looks(), before) << "the first model of a server has it to itself";
}

TEST_F(ModelLoaderTest, JoinsRequestsWhereRowsAreIndependent) {
  ASSERT_OK_AND_ASSIGN(const auto independent, Load(Opening(Opened("_test_double"))));
  EXPECT_TRUE(independent->joins_requests());
  ASSERT_OK_AND_ASSIGN(const auto dependent, Load(Opening(Opened("_test_mix_rows"))));
  EXPECT_FALSE(dependent->joins_requests());
}

TEST_F(ModelLoaderTest, SaysWhichModelCouldNotBeLoaded) {
  EXPECT_THAT(Load([](const ModelVersion&) { return absl::DataLossError("the file ends"); }),
              StatusIs(absl::StatusCode::kDataLoss, "loading model \"m\" version 7: the file ends"));
  EXPECT_THAT(metrics_.ToText(), HasSubstr("baryon_model_load_failures_total{model=\"m\",reason=\"DATA_LOSS\"} 1"));
}

TEST_F(ModelLoaderTest, RefusesAPreprocessingForAnInputThatIsNotThere) {
  OpenedModel opened = Opened("_copy");
  opened.pictures = PictureInput{"image", nullptr};
  EXPECT_THAT(Load(Opening(opened)), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("an input \"image\"")));
}

TEST_F(ModelLoaderTest, RefusesDeclarationsThatContradictTheGraph) {
  settings_ = Settings("input { name: \"data\" dims: [ 3 ] }");
  EXPECT_THAT(Load(Opening(Opened("_test_double"))),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("input \"data\": dims")));
}

TEST_F(ModelLoaderTest, MeasuresOnceAndRemembers) {
  options_.measure = absl::Seconds(1);
  options_.cost_folder = files_.path("costs");
  ASSERT_OK_AND_ASSIGN(const auto first, Load(Opening(Opened("_test_double"))));
  EXPECT_THAT(first->plan().load.costs_from, StartsWith("measured in"));
  EXPECT_FALSE(first->plan().batching.costs.empty());
  ASSERT_OK_AND_ASSIGN(const auto second, Load(Opening(Opened("_test_double"))));
  EXPECT_EQ(second->plan().load.costs_from, "cache");
  EXPECT_EQ(second->plan().batching.costs.ToJson(), first->plan().batching.costs.ToJson());
}

// Estimates that were made beside other models are good for a reload, and are kept from those that come after.
TEST_F(ModelLoaderTest, BesideOtherModelsMeasuresOnceAsLongAsItRuns) {
  options_.measure = absl::Seconds(1);
  options_.cost_folder = files_.path("costs");
  const ModelLoader loader(Opening(Opened("_test_double")), options_, executor_, metrics_);
  ASSERT_OK_AND_ASSIGN(const auto first, loader.Load(Version(), settings_, true));
  EXPECT_THAT(first->plan().load.costs_from, HasSubstr("beside other models"));
  ASSERT_OK_AND_ASSIGN(const auto second, loader.Load(Version(), settings_, true));
  EXPECT_EQ(second->plan().load.costs_from, "an earlier load beside other models");
  EXPECT_EQ(second->plan().batching.costs.ToJson(), first->plan().batching.costs.ToJson());
  ASSERT_OK_AND_ASSIGN(const auto other, Load(Opening(Opened("_test_double"))));
  EXPECT_THAT(other->plan().load.costs_from, StartsWith("measured in"));
}

TEST_F(ModelLoaderTest, JoinsNothingWhenTwoRowsDoNotRunTogether) {
  options_.measure = absl::Seconds(1);
  ASSERT_OK_AND_ASSIGN(const auto model, Load(Opening(Opened("_test_at_most_two_rows"))));
  EXPECT_FALSE(model->joins_requests());
  EXPECT_THAT(model->plan().batching.policy.why, HasSubstr("4 rows: "));
}

TEST_F(ModelLoaderTest, DoesWhatTheConfigurationSays) {
  settings_ = Settings("max_batch_size: 4 parameters { key: \"batching\" value: { string_value: \"never\" } }");
  ASSERT_OK_AND_ASSIGN(const auto model, Load(Opening(Opened("_test_double"))));
  EXPECT_FALSE(model->joins_requests());
  EXPECT_EQ(model->plan().batching.policy.why, "its configuration says so");
}

TEST_F(ModelLoaderTest, ReadsTheLabelsThatItsConfigurationNames) {
  files_.Write("classes.txt", "x\ny\nz\n");
  settings_ = Settings("output { name: \"out\" label_filename: \"classes.txt\" }");
  ASSERT_OK_AND_ASSIGN(const auto model, Load(Opening(Opened("_test_double"))));
  EXPECT_THAT(model->labels(), ElementsAre("x", "y", "z"));
  settings_ = Settings("output { name: \"out\" label_filename: \"others.txt\" }");
  EXPECT_THAT(Load(Opening(Opened("_test_double"))), StatusIs(absl::StatusCode::kNotFound, HasSubstr("others.txt")));
}

TEST_F(ModelLoaderTest, AWarmUpThatFailsFailsTheLoad) {
  settings_ =
      Settings("model_warmup { name: \"w\" inputs { key: \"data\" value: { dims: [ 1, 3 ] zero_data: true } } }");
  EXPECT_THAT(Load(Opening(Opened("_test_double"))),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("model_warmup \"w\": input \"data\"")));
}

TEST_F(ModelLoaderTest, GivesUpWhenItIsAskedTo) {
  std::stop_source stop;
  const auto open = [&](const ModelVersion&) {
    stop.request_stop();
    return Opened("_test_double");
  };
  const auto model = ModelLoader(open, options_, executor_, metrics_).Load(Version(), {}, false, stop.get_token());
  EXPECT_THAT(model, StatusIs(absl::StatusCode::kCancelled));
  EXPECT_THAT(metrics_.ToText(), Not(HasSubstr("baryon_model_load_failures_total{")));
}

}  // namespace
}  // namespace baryon
