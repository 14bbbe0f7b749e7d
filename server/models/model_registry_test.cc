#include "server/models/model_registry.h"

#include "absl/strings/str_cat.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/refusal.h"
#include "server/testing/manual_executor.h"
#include "server/testing/test_models.h"

namespace baryon {
namespace {

using testing::HasSubstr;

class ModelRegistryTest : public testing::Test {
 protected:
  std::shared_ptr<const ServedModel> Model(const std::string& name, int64_t version) {
    OpenedModel opened;
    opened.executable = executable_;
    return std::make_shared<const ServedModel>(name, version, std::move(opened), Batcher::Options(), executor_,
                                               metrics_.ForModel(name, version));
  }

  ThreadPool pool_{1};
  ManualExecutor executor_;
  ServerMetrics metrics_{"1"};
  std::shared_ptr<const Executable> executable_ = MakeExecutable(GraphOf("_copy", "float32 [-1, 1]"), pool_);
  ModelRegistry registry_;
};

TEST_F(ModelRegistryTest, FindsAVersionByNumberAndTheHighestWithout) {
  registry_.Publish(Model("m", 5));
  registry_.Publish(Model("m", 6));
  ASSERT_OK_AND_ASSIGN(const auto five, registry_.Find("m", 5));
  EXPECT_EQ(five->version(), 5);
  ASSERT_OK_AND_ASSIGN(const auto highest, registry_.Find("m"));
  EXPECT_EQ(highest->version(), 6);
}

TEST_F(ModelRegistryTest, SaysWhichVersionsThereAre) {
  registry_.Publish(Model("resnet18", 5));
  registry_.Publish(Model("resnet18", 6));
  EXPECT_THAT(registry_.Find("resnet18", 7),
              StatusIs(absl::StatusCode::kNotFound, "model \"resnet18\" has no version 7; loaded: 5, 6"));
}

TEST_F(ModelRegistryTest, SaysWhichModelsThereAre) {
  registry_.Publish(Model("a", 1));
  registry_.Publish(Model("b", 1));
  registry_.SetLoading("c", 1);
  EXPECT_THAT(registry_.Find("x"), StatusIs(absl::StatusCode::kNotFound, "no model is called \"x\"; loaded: a, b"));
}

TEST_F(ModelRegistryTest, DoesNotListThousandsOfModels) {
  for (int i = 0; i < 100; ++i) registry_.Publish(Model(absl::StrCat("model", i), 1));
  EXPECT_THAT(registry_.Find("x"), StatusIs(absl::StatusCode::kNotFound, HasSubstr(" and 80 more")));
}

TEST_F(ModelRegistryTest, EscapesAndCutsNamesThatClientsMakeUp) {
  EXPECT_THAT(registry_.Find("a\nb"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("\"a\\nb\"; loaded: none")));
  EXPECT_LT(registry_.Find(std::string(1 << 20, 'x')).status().message().size(), 300u);
}

TEST_F(ModelRegistryTest, AVersionThatLoadsIsUnavailable) {
  registry_.SetLoading("m", 7);
  EXPECT_THAT(registry_.Find("m"), StatusIs(absl::StatusCode::kUnavailable, "model \"m\" version 7 is still loading"));
  EXPECT_THAT(registry_.Find("m", 7), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(ModelRegistryTest, AVersionThatFailedSaysWhy) {
  registry_.SetFailed("m", 7, absl::DataLossError("the file ends"));
  EXPECT_THAT(registry_.Find("m", 7), StatusIs(absl::StatusCode::kFailedPrecondition,
                                               "model \"m\" version 7 could not be loaded: the file ends"));
}

TEST_F(ModelRegistryTest, AFailedOrLoadingVersionLeavesTheOtherOneServing) {
  registry_.Publish(Model("m", 1));
  registry_.SetFailed("m", 2, absl::DataLossError("the file ends"));
  registry_.SetLoading("m", 3);
  ASSERT_OK_AND_ASSIGN(const auto model, registry_.Find("m"));
  EXPECT_EQ(model->version(), 1);
}

TEST_F(ModelRegistryTest, AVersionServesWhileItIsLoadedAgain) {
  registry_.Publish(Model("m", 1));
  registry_.SetLoading("m", 1);
  EXPECT_OK(registry_.Find("m", 1));
  registry_.SetFailed("m", 1, absl::DataLossError("the file ends"));
  EXPECT_OK(registry_.Find("m", 1));
}

TEST_F(ModelRegistryTest, PublishReplacesAndRemoveForgets) {
  const auto first = Model("m", 1), second = Model("m", 1);
  registry_.Publish(first);
  registry_.Publish(second);
  ASSERT_OK_AND_ASSIGN(const auto found, registry_.Find("m"));
  EXPECT_EQ(found, second);
  EXPECT_EQ(registry_.num_models(), 1);
  registry_.Remove("m", 1);
  registry_.Remove("m", 1);
  EXPECT_EQ(registry_.num_models(), 0);
  EXPECT_THAT(registry_.Find("m"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ModelRegistryTest, WhatLoadsSaysWhenToComeAgain) {
  registry_.SetLoading("m", 5);
  EXPECT_EQ(RefusalOf(registry_.Find("m").status()), Refusal::kModelLoading);
  EXPECT_TRUE(RetryDelayOf(registry_.Find("m").status()).has_value());
}

TEST_F(ModelRegistryTest, ALabelStandsForAVersion) {
  registry_.Publish(Model("m", 5));
  registry_.Publish(Model("m", 6));
  registry_.SetLabels("m", {{"stable", 5}, {"next", 7}});
  ASSERT_OK_AND_ASSIGN(const auto stable, registry_.FindLabel("m", "stable"));
  EXPECT_EQ(stable->version(), 5);
  EXPECT_THAT(registry_.FindLabel("m", "next"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("no version 7")));
  EXPECT_THAT(registry_.FindLabel("m", "canary"),
              StatusIs(absl::StatusCode::kNotFound, "model \"m\" has no label \"canary\"; labels: next, stable"));
  EXPECT_THAT(registry_.FindLabel("n", "stable"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("no model")));
  registry_.SetLabels("m", {{"stable", 6}});
  ASSERT_OK_AND_ASSIGN(const auto moved, registry_.FindLabel("m", "stable"));
  EXPECT_EQ(moved->version(), 6);
  registry_.Remove("m", 5);
  registry_.Remove("m", 6);
  EXPECT_TRUE(registry_.LabelsOf("m").empty()) << "they go with the model";
}

TEST_F(ModelRegistryTest, AnEvictedModelIsCalledBackWhenItIsAskedFor) {
  std::vector<std::string> wanted;
  registry_.OnWanted([&](const std::string& name) {
    wanted.push_back(name);
    registry_.SetLoading(name, 5);  // as the manager does
  });
  registry_.Publish(Model("m", 5));
  EXPECT_NE(registry_.Evict("m", 5), nullptr);
  EXPECT_EQ(RefusalOf(registry_.Find("m").status()), Refusal::kModelLoading);
  EXPECT_THAT(wanted, testing::ElementsAre("m"));
  EXPECT_FALSE(registry_.Find("m").ok());
  EXPECT_EQ(wanted.size(), 1u) << "it is loading now";
}

TEST_F(ModelRegistryTest, ListsEverythingInOrder) {
  registry_.SetLoading("b", 1);
  registry_.Publish(Model("a", 2));
  registry_.SetFailed("a", 1, absl::DataLossError("x"));
  const std::vector<ModelRegistry::Entry> entries = registry_.List();
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].version, 1);
  EXPECT_EQ(entries[0].state, ModelRegistry::State::kFailed);
  EXPECT_EQ(entries[1].model->version(), 2);
  EXPECT_EQ(entries[2].name, "b");
  EXPECT_EQ(registry_.num_models(), 1);
}

}  // namespace
}  // namespace baryon
