#include "server/models/model_loader.h"

#include <utility>

#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/testing/manual_executor.h"
#include "server/testing/test_models.h"

namespace baryon {
namespace {

using testing::HasSubstr;

class ModelLoaderTest : public testing::Test {
 protected:
  absl::StatusOr<std::shared_ptr<const ServedModel>> Load(ModelOpener open) {
    return ModelLoader(std::move(open), {}, executor_, metrics_).Load({"m", 7, "somewhere", std::nullopt, ""});
  }
  ModelOpener Opening(OpenedModel opened) {
    return [opened](const ModelVersion&) { return opened; };
  }
  OpenedModel Opened(absl::string_view op) {
    return {MakeExecutable(GraphOf(op, "float32 [-1, 2]"), pool_), {"a", "b"}, std::nullopt};
  }

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

TEST_F(ModelLoaderTest, JoinsRequestsWhereRowsAreIndependent) {
  ASSERT_OK_AND_ASSIGN(const auto independent, Load(Opening(Opened("_test_double"))));
  EXPECT_TRUE(independent->joins_requests());
  ASSERT_OK_AND_ASSIGN(const auto dependent, Load(Opening(Opened("_test_mix_rows"))));
  EXPECT_FALSE(dependent->joins_requests());
}

TEST_F(ModelLoaderTest, SaysWhichModelCouldNotBeLoaded) {
  EXPECT_THAT(Load([](const ModelVersion&) { return absl::DataLossError("the file ends"); }),
              StatusIs(absl::StatusCode::kDataLoss, "loading model \"m\" version 7: the file ends"));
  EXPECT_THAT(metrics_.ToText(), HasSubstr("baryon_model_load_failures_total{model=\"m\"} 1"));
}

TEST_F(ModelLoaderTest, RefusesAPreprocessingForAnInputThatIsNotThere) {
  OpenedModel opened = Opened("_copy");
  opened.pictures = PictureInput{"image", nullptr};
  EXPECT_THAT(Load(Opening(opened)), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("an input \"image\"")));
}

}  // namespace
}  // namespace baryon
