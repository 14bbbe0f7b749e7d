#include "server/models/model_manager.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "engine/base/logging.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/testing/manual_executor.h"
#include "server/testing/manual_runner.h"
#include "server/testing/temp_folder.h"
#include "server/testing/test_models.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Trust = ModelManager::Trust;

// A repository in which a version is one file, NAME/VERSION/model. Opening it fails when the file says "bad".
class ModelManagerTest : public testing::Test {
 protected:
  ModelManagerTest() {
    SetLogSink([](LogSeverity, absl::string_view, LogFields) {});
    absl::StatusOr<ModelRepository> repository = ModelRepository::Open(files_.path(), {});
    EXPECT_OK(repository);
    repository_ = *std::move(repository);
    Make(runner_, {});
  }
  ~ModelManagerTest() override { SetLogSink(nullptr); }

  void Make(TaskRunner& runner, ModelManager::Options options) {
    manager_.reset();
    manager_ = std::make_unique<ModelManager>(*repository_, loader_, registry_, runner, options);
    manager_->OnChange([this] { ++changes_; });
  }

  absl::StatusOr<OpenedModel> Open(const ModelVersion& version) {
    opened_.push_back(absl::StrCat(version.name, ":", version.version));
    opening_(version);
    std::string contents;
    std::getline(std::ifstream(absl::StrCat(version.path, "/", version.version, "/model")), contents);
    if (contents == "bad") return absl::DataLossError("it says bad");
    return OpenedModel{executable_, {contents}, std::nullopt};
  }

  // "name:version=contents" of what serves.
  std::vector<std::string> Serving() {
    std::vector<std::string> serving;
    for (const ModelRegistry::Entry& entry : registry_.List()) {
      if (entry.model == nullptr) continue;
      serving.push_back(absl::StrCat(entry.name, ":", entry.version, "=", entry.model->labels()[0]));
    }
    return serving;
  }

  ThreadPool pool_{1};
  ManualExecutor executor_;
  ServerMetrics metrics_{"1"};
  std::shared_ptr<const Executable> executable_ = MakeExecutable(GraphOf("_copy", "float32 [-1]"), pool_);
  TempFolder files_;
  ModelLoader loader_{[this](const ModelVersion& version) { return Open(version); }, {}, executor_, metrics_};
  ModelRegistry registry_;
  InlineRunner runner_;
  std::vector<std::string> opened_;
  std::function<void(const ModelVersion& version)> opening_ = [](const ModelVersion&) {};
  std::atomic<int> changes_ = 0;
  std::optional<ModelRepository> repository_;
  std::unique_ptr<ModelManager> manager_;
};

TEST_F(ModelManagerTest, ServesTheHighestVersionOfEachModel) {
  files_.Write("a/1/model", "one");
  files_.Write("a/2/model", "two");
  files_.Write("b/7/model", "seven");
  manager_->Update(Trust::kAll);
  EXPECT_THAT(Serving(), ElementsAre("a:2=two", "b:7=seven"));
  EXPECT_THAT(opened_, ElementsAre("a:2", "b:7"));
  EXPECT_EQ(changes_, 2);
}

TEST_F(ModelManagerTest, ABadModelStopsNobodyAndSaysWhy) {
  files_.Write("bad/1/model", "bad");
  files_.Write("good/1/model", "good");
  manager_->Update(Trust::kAll);
  EXPECT_THAT(Serving(), ElementsAre("good:1=good"));
  EXPECT_THAT(registry_.Find("bad"), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("it says bad")));
}

TEST_F(ModelManagerTest, FallsBackToTheHighestVersionThatLoads) {
  files_.Write("a/1/model", "one");
  files_.Write("a/2/model", "two");
  files_.Write("a/3/model", "bad");
  manager_->Update(Trust::kAll);
  EXPECT_THAT(Serving(), ElementsAre("a:2=two"));
}

TEST_F(ModelManagerTest, PicksUpANewVersionOnceItsFilesAreStable) {
  files_.Write("a/1/model", "one");
  manager_->Update(Trust::kAll);
  files_.Write("a/2/model", "tw");
  manager_->Update(Trust::kStable);
  EXPECT_THAT(Serving(), ElementsAre("a:1=one")) << "just appeared";
  files_.Write("a/2/model", "two");
  manager_->Update(Trust::kStable);
  EXPECT_THAT(Serving(), ElementsAre("a:1=one")) << "still growing";
  manager_->Update(Trust::kStable);
  EXPECT_THAT(Serving(), ElementsAre("a:2=two"));
}

TEST_F(ModelManagerTest, ANewVersionThatFailsLeavesTheOldOneServing) {
  files_.Write("a/1/model", "one");
  manager_->Update(Trust::kAll);
  files_.Write("a/2/model", "bad");
  manager_->Update(Trust::kStable);
  manager_->Update(Trust::kStable);
  EXPECT_THAT(Serving(), ElementsAre("a:1=one"));
  EXPECT_THAT(registry_.Find("a", 2), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(ModelManagerTest, TriesAFailedVersionAgainWhenItsFilesChange) {
  files_.Write("a/1/model", "bad");
  manager_->Update(Trust::kAll);
  manager_->Update(Trust::kStable);
  EXPECT_THAT(opened_, ElementsAre("a:1")) << "nothing changed";
  files_.Write("a/1/model", "good now");
  manager_->Update(Trust::kStable);
  manager_->Update(Trust::kStable);
  EXPECT_THAT(Serving(), ElementsAre("a:1=good now"));
}

TEST_F(ModelManagerTest, ARescanTrustsWhatIsThereAndTriesFailuresAgain) {
  files_.Write("a/1/model", "bad");
  manager_->Update(Trust::kAll);
  files_.Write("b/1/model", "new");
  manager_->Update(Trust::kAll);
  EXPECT_THAT(opened_, ElementsAre("a:1", "a:1", "b:1"));
  EXPECT_THAT(Serving(), ElementsAre("b:1=new"));
}

TEST_F(ModelManagerTest, LoadsAVersionAgainWhenItsFilesChange) {
  files_.Write("a/1/model", "one");
  manager_->Update(Trust::kAll);
  files_.Write("a/1/model", "other");
  manager_->Update(Trust::kStable);
  EXPECT_THAT(Serving(), ElementsAre("a:1=one"));
  manager_->Update(Trust::kStable);
  EXPECT_THAT(Serving(), ElementsAre("a:1=other"));
}

TEST_F(ModelManagerTest, AVersionOverwrittenWithABadOneServesOn) {
  files_.Write("a/1/model", "older");
  files_.Write("a/2/model", "two");
  manager_->Update(Trust::kAll);
  files_.Write("a/2/model", "bad");
  for (int poll = 0; poll < 3; ++poll) manager_->Update(Trust::kStable);
  EXPECT_THAT(Serving(), ElementsAre("a:2=two"));
  EXPECT_THAT(opened_, ElementsAre("a:2", "a:2"));
}

TEST_F(ModelManagerTest, ForgetsModelsThatAreGone) {
  files_.Write("a/1/model", "one");
  files_.Write("b/1/model", "bad");
  files_.Write("c/1/model", "stays");
  manager_->Update(Trust::kAll);
  files_.Remove("a");
  files_.Remove("b");
  manager_->Update(Trust::kStable);
  EXPECT_THAT(Serving(), ElementsAre("c:1=stays"));
  EXPECT_EQ(registry_.List().size(), 1u);
}

TEST_F(ModelManagerTest, GoesBackWhenTheHighestVersionIsTakenAway) {
  files_.Write("a/1/model", "one");
  files_.Write("a/2/model", "two");
  manager_->Update(Trust::kAll);
  files_.Remove("a/2");
  manager_->Update(Trust::kStable);
  EXPECT_THAT(Serving(), ElementsAre("a:1=one"));
}

TEST_F(ModelManagerTest, KeepsServingWhenTheOnlyOtherVersionIsBad) {
  files_.Write("a/1/model", "one");
  manager_->Update(Trust::kAll);
  files_.Remove("a/1");
  files_.Write("a/2/model", "bad");
  for (int poll = 0; poll < 3; ++poll) manager_->Update(Trust::kStable);
  EXPECT_THAT(Serving(), ElementsAre("a:1=one"));
}

TEST_F(ModelManagerTest, KeepsServingWhenTheRepositoryCannotBeRead) {
  files_.Write("a/1/model", "one");
  manager_->Update(Trust::kAll);
  files_.Remove("");
  manager_->Update(Trust::kStable);
  EXPECT_THAT(Serving(), ElementsAre("a:1=one"));
}

TEST_F(ModelManagerTest, LoadsOnItsOwnThreadAndAgainWhenAsked) {
  files_.Write("a/1/model", "one");
  absl::Notification loaded, changed;
  manager_->OnChange([&] {
    if (registry_.Find("a", 2).ok() && !changed.HasBeenNotified()) changed.Notify();
  });
  manager_->Start(absl::InfiniteDuration(), [&] { loaded.Notify(); });
  loaded.WaitForNotification();
  EXPECT_THAT(Serving(), ElementsAre("a:1=one"));
  files_.Write("a/2/model", "two");
  manager_->Rescan();
  changed.WaitForNotification();
  manager_.reset();
  EXPECT_THAT(Serving(), ElementsAre("a:2=two"));
}

TEST_F(ModelManagerTest, LoadsAgainWhatChangedWhileItWasRead) {
  files_.Write("a/1/model", "one");
  opening_ = [&](const ModelVersion&) { files_.Write("a/1/model", "still being copied"); };
  manager_->Update(Trust::kAll);
  EXPECT_THAT(Serving(), IsEmpty());
  EXPECT_THAT(registry_.Find("a"), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("changed while")));
  opening_ = [](const ModelVersion&) {};
  manager_->Update(Trust::kStable);
  manager_->Update(Trust::kStable);
  EXPECT_THAT(Serving(), ElementsAre("a:1=still being copied"));
}

TEST_F(ModelManagerTest, TakesUpAVersionThatIsRenamedIntoPlace) {
  files_.Write("a/1/model", "one");
  manager_->Update(Trust::kAll);
  files_.Write("a/.2.tmp/model", "two");
  for (int poll = 0; poll < 3; ++poll) manager_->Update(Trust::kStable);
  EXPECT_THAT(Serving(), ElementsAre("a:1=one"));
  std::filesystem::rename(files_.path("a/.2.tmp"), files_.path("a/2"));
  for (int poll = 0; poll < 2; ++poll) manager_->Update(Trust::kStable);
  EXPECT_THAT(Serving(), ElementsAre("a:2=two"));
}

// As volumes of Kubernetes are updated.
TEST_F(ModelManagerTest, FollowsALinkThatIsTurnedToAnotherFolder) {
  const TempFolder store;
  for (const char* text : {"one", "two"}) {
    std::filesystem::create_directories(store.path(text));
    std::ofstream(absl::StrCat(store.path(text), "/model")) << text;
  }
  std::filesystem::create_directories(files_.path("a"));
  std::filesystem::create_directory_symlink(store.path("one"), files_.path("a/1"));
  manager_->Update(Trust::kAll);
  EXPECT_THAT(Serving(), ElementsAre("a:1=one"));
  files_.Remove("a/1");
  std::filesystem::create_directory_symlink(store.path("two"), files_.path("a/1"));
  for (int poll = 0; poll < 2; ++poll) manager_->Update(Trust::kStable);
  EXPECT_THAT(Serving(), ElementsAre("a:1=two"));
}

// --- Configurations

TEST_F(ModelManagerTest, ServesTheVersionsOfThePolicy) {
  for (int version : {1, 2, 3}) files_.Write(absl::StrCat("a/", version, "/model"), absl::StrCat(version));
  files_.Write("a/config.pbtxt", "version_policy { latest { num_versions: 2 } }");
  manager_->Update(Trust::kAll);
  EXPECT_THAT(Serving(), ElementsAre("a:2=2", "a:3=3"));
  files_.Write("a/config.pbtxt", "version_policy { specific { versions: 1 } }");
  manager_->Update(Trust::kStable);
  manager_->Update(Trust::kStable);
  EXPECT_THAT(Serving(), ElementsAre("a:1=1"));
  files_.Write("a/config.pbtxt", "version_policy { all { } }");
  manager_->Update(Trust::kAll);
  EXPECT_THAT(Serving(), ElementsAre("a:1=1", "a:2=2", "a:3=3"));
  EXPECT_THAT(opened_, ElementsAre("a:3", "a:2", "a:1", "a:3", "a:2")) << "a policy reloads nothing that serves";
}

TEST_F(ModelManagerTest, AChangedConfigurationReloads) {
  files_.Write("a/1/model", "one");
  manager_->Update(Trust::kAll);
  files_.Write("a/config.pbtxt", "max_batch_size: 4");
  manager_->Update(Trust::kStable);
  EXPECT_EQ(opened_.size(), 1u) << "it may still be being written";
  manager_->Update(Trust::kStable);
  EXPECT_EQ(opened_.size(), 2u);
  EXPECT_EQ((*registry_.Find("a"))->settings().max_request_rows, 4);
}

TEST_F(ModelManagerTest, ABadConfigurationIsReportedAndTheOldOneStaysInForce) {
  files_.Write("a/1/model", "one");
  manager_->Update(Trust::kAll);
  files_.Write("a/config.pbtxt", "max_batch_size: -1");
  manager_->Update(Trust::kAll);
  EXPECT_THAT(Serving(), ElementsAre("a:1=one"));
  EXPECT_THAT(std::string(registry_.List()[0].error.message()), HasSubstr("max_batch_size"));
  files_.Write("a/config.pbtxt", "");
  manager_->Update(Trust::kAll);
  EXPECT_OK(registry_.List()[0].error);
  files_.Write("b/1/model", "one");
  files_.Write("b/config.pbtxt", "max_batch_size");
  manager_->Update(Trust::kAll);
  EXPECT_THAT(registry_.Find("b"), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("line 1")));
}

TEST_F(ModelManagerTest, LabelsFollowTheConfiguration) {
  files_.Write("a/1/model", "one");
  files_.Write("a/2/model", "two");
  const auto label = [&](int version) {
    files_.Write("a/config.pbtxt",
                 absl::StrCat("version_policy { all { } } parameters { key: \"version_label.stable\" ",
                              "value { string_value: \"", version, "\" } }"));
    manager_->Update(Trust::kAll);
  };
  label(1);
  EXPECT_EQ((*registry_.FindLabel("a", "stable"))->version(), 1);
  label(2);
  EXPECT_EQ((*registry_.FindLabel("a", "stable"))->version(), 2);
  label(3);
  EXPECT_THAT(registry_.FindLabel("a", "stable"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("no version 3")));
  EXPECT_EQ(opened_.size(), 2u) << "a label reloads nothing";
}

// --- Loads that take their time

class SlowLoadsTest : public ModelManagerTest {
 protected:
  SlowLoadsTest() { Make(tasks_, {}); }
  ~SlowLoadsTest() override { tasks_.RunAll(); }
  ManualRunner tasks_;
};

TEST_F(SlowLoadsTest, SeveralModelsLoadAtOnce) {
  files_.Write("a/1/model", "one");
  files_.Write("b/1/model", "one");
  manager_->Update(Trust::kAll);
  EXPECT_EQ(tasks_.num_tasks(), 2u);
  tasks_.RunTask(1);
  EXPECT_THAT(Serving(), ElementsAre("b:1=one"));
  tasks_.RunAll();
  EXPECT_THAT(Serving(), ElementsAre("a:1=one", "b:1=one"));
}

TEST_F(SlowLoadsTest, TheOldVersionServesUntilTheNewOneDoes) {
  files_.Write("a/1/model", "one");
  manager_->Update(Trust::kAll);
  tasks_.RunAll();
  files_.Write("a/2/model", "two");
  manager_->Update(Trust::kAll);
  EXPECT_THAT(Serving(), ElementsAre("a:1=one"));
  manager_->Update(Trust::kAll);
  EXPECT_EQ(tasks_.num_tasks(), 1u) << "one load is enough";
  tasks_.RunAll();
  EXPECT_THAT(Serving(), ElementsAre("a:2=two"));
}

TEST_F(SlowLoadsTest, FilesThatChangeDuringALoadAreLoadedAfterIt) {
  files_.Write("a/1/model", "one");
  manager_->Update(Trust::kAll);
  files_.Write("a/1/model", "other");
  manager_->Update(Trust::kAll);
  EXPECT_EQ(tasks_.num_tasks(), 1u);
  tasks_.RunTask(0);
  EXPECT_EQ(tasks_.num_tasks(), 1u);
  tasks_.RunTask(0);
  EXPECT_THAT(Serving(), ElementsAre("a:1=other"));
}

TEST_F(SlowLoadsTest, AModelThatVanishesWhileItLoadsDoesNotServe) {
  files_.Write("a/1/model", "one");
  manager_->Update(Trust::kAll);
  files_.Remove("a");
  manager_->Update(Trust::kAll);
  tasks_.RunAll();
  EXPECT_THAT(Serving(), IsEmpty());
  EXPECT_TRUE(registry_.List().empty());
}

// --- By request

// The same repository, served by request.
class ModelsByRequestTest : public ModelManagerTest {
 protected:
  ModelsByRequestTest() { Make(runner_, kByRequest); }

  absl::Status Load(const std::string& name, std::optional<inference::ModelConfig> config = std::nullopt,
                    std::shared_ptr<const UploadedModel> files = nullptr) {
    std::optional<absl::Status> outcome;
    manager_->Load(
        name, [&](const absl::Status& status) { outcome = status; }, std::move(config), std::move(files));
    EXPECT_TRUE(outcome.has_value());
    return *outcome;
  }
  absl::Status Unload(const std::string& name) {
    std::optional<absl::Status> outcome;
    manager_->Unload(name, [&](const absl::Status& status) { outcome = status; });
    EXPECT_TRUE(outcome.has_value());
    return *outcome;
  }

  static constexpr ModelManager::Options kByRequest = {.choice = ModelManager::Choice::kByRequest};
};

TEST_F(ModelsByRequestTest, ServeNothingUntilTheyAreAskedFor) {
  files_.Write("a/1/model", "one");
  files_.Write("b/1/model", "one");
  manager_->Update(Trust::kAll);
  EXPECT_THAT(Serving(), IsEmpty());
  EXPECT_OK(Load("b"));
  EXPECT_THAT(Serving(), ElementsAre("b:1=one"));
}

TEST_F(ModelsByRequestTest, AreLoadedAgainFromTheSameFilesWhenAskedAgain) {
  files_.Write("a/1/model", "one");
  EXPECT_OK(Load("a"));
  EXPECT_OK(Load("a"));
  EXPECT_THAT(opened_, ElementsAre("a:1", "a:1"));
}

TEST_F(ModelsByRequestTest, MayComeWithAConfigurationOfTheirOwn) {
  files_.Write("a/1/model", "one");
  files_.Write("a/config.pbtxt", "max_batch_size: 4");
  inference::ModelConfig config;
  config.set_max_batch_size(7);
  EXPECT_OK(Load("a", config));
  EXPECT_EQ((*registry_.Find("a"))->settings().max_request_rows, 7);
  manager_->Update(Trust::kAll);
  EXPECT_EQ((*registry_.Find("a"))->settings().max_request_rows, 7) << "it holds until the next load";
  config.set_max_batch_size(-7);
  EXPECT_THAT(Load("a", config), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("max_batch_size")));
  EXPECT_EQ((*registry_.Find("a"))->settings().max_request_rows, 7);
  EXPECT_OK(Load("a"));
  EXPECT_EQ((*registry_.Find("a"))->settings().max_request_rows, 4);
}

TEST_F(ModelsByRequestTest, MayBringTheirFilesAlong) {
  files_.Write("a/1/model", "one");
  EXPECT_OK(Load("a"));
  ASSERT_OK_AND_ASSIGN(auto brought, UploadedModel::Store("a", {{"7/model", "brought along"}}));
  const std::string path = brought->path();
  EXPECT_OK(Load("a", inference::ModelConfig(), std::move(brought)));
  EXPECT_THAT(Serving(), ElementsAre("a:7=brought along"));
  manager_->Update(Trust::kAll);
  EXPECT_THAT(Serving(), ElementsAre("a:7=brought along")) << "they hold until the next load";
  ASSERT_OK_AND_ASSIGN(auto bad, UploadedModel::Store("a", {{"8/model", "bad"}}));
  EXPECT_FALSE(Load("a", inference::ModelConfig(), std::move(bad)).ok());
  EXPECT_THAT(Serving(), ElementsAre("a:7=brought along"));
  EXPECT_OK(Load("a"));
  EXPECT_THAT(Serving(), ElementsAre("a:1=one"));
  EXPECT_FALSE(std::filesystem::exists(path)) << "nobody needs them any more";
}

TEST_F(ModelsByRequestTest, OfWhichTheRepositoryKnowsNothingMayComeWithTheirFiles) {
  ASSERT_OK_AND_ASSIGN(auto brought, UploadedModel::Store("b", {{"2/model", "new"}}));
  const std::string path = brought->path();
  EXPECT_OK(Load("b", inference::ModelConfig(), std::move(brought)));
  EXPECT_THAT(Serving(), ElementsAre("b:2=new"));
  EXPECT_OK(Unload("b"));
  EXPECT_THAT(Serving(), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_THAT(Load("b"), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ModelsByRequestTest, LeaveTheOldVersionInServiceWhenTheNewOneIsBad) {
  files_.Write("a/1/model", "one");
  EXPECT_OK(Load("a"));
  files_.Write("a/2/model", "bad");
  EXPECT_THAT(Load("a"), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("it says bad")));
  EXPECT_THAT(Serving(), ElementsAre("a:1=one"));
}

TEST_F(ModelsByRequestTest, StopServingWhenAskedAndStayAwayAtTheNextLook) {
  files_.Write("a/1/model", "one");
  EXPECT_OK(Load("a"));
  EXPECT_OK(Unload("a"));
  EXPECT_THAT(Serving(), IsEmpty());
  manager_->Update(Trust::kAll);
  EXPECT_THAT(Unload("a"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("no model called \"a\" is loaded")));
  EXPECT_THAT(Serving(), IsEmpty());
}

TEST_F(ModelsByRequestTest, AreNotTakenForGoneByALookThatBeganBeforeTheyCame) {
  ModelManager::Scan early = manager_->LookAtDisk();
  files_.Write("a/1/model", "one");
  files_.Write("b/1/model", "one");
  EXPECT_OK(Load("a"));
  manager_->Follow(std::move(early), Trust::kAll);
  EXPECT_THAT(Serving(), ElementsAre("a:1=one"));
  ModelManager::Scan later = manager_->LookAtDisk();
  files_.Remove("a");
  EXPECT_OK(Load("b"));
  manager_->Follow(std::move(later), Trust::kAll);
  EXPECT_THAT(Serving(), ElementsAre("a:1=one", "b:1=one")) << "it was there when that look began";
  manager_->Update(Trust::kAll);
  EXPECT_THAT(Serving(), ElementsAre("b:1=one"));
}

TEST_F(ModelsByRequestTest, AreNotLoadedAgainFromWhatALookSawBeforeTheRequest) {
  files_.Write("a/1/model", "one");
  EXPECT_OK(Load("a"));
  ModelManager::Scan early = manager_->LookAtDisk();
  files_.Remove("a/1");
  files_.Write("a/2/model", "two");
  EXPECT_OK(Load("a"));
  manager_->Follow(std::move(early), Trust::kAll);
  EXPECT_THAT(Serving(), ElementsAre("a:2=two"));
  EXPECT_THAT(opened_, ElementsAre("a:1", "a:2"));
}

TEST_F(ModelsByRequestTest, ThatDoNotExistAreNotFound) {
  EXPECT_THAT(Load("a"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("no model called \"a\"")));
}

TEST_F(ModelsByRequestTest, UnloadingCanWaitUntilTheMemoryIsBack) {
  files_.Write("a/1/model", "one");
  EXPECT_OK(Load("a"));
  std::shared_ptr<const ServedModel> in_use = *registry_.Find("a");
  absl::Notification freed;
  manager_->Unload(
      "a", [&](const absl::Status&) { freed.Notify(); }, /*wait_until_freed=*/true);
  EXPECT_THAT(Serving(), IsEmpty());
  EXPECT_FALSE(freed.HasBeenNotified());
  in_use.reset();
  freed.WaitForNotification();
}

TEST_F(ModelsByRequestTest, HappenInTheOrderInWhichTheyWereAsked) {
  files_.Write("a/1/model", "one");
  ManualRunner tasks;
  Make(tasks, kByRequest);
  std::vector<std::string> outcomes;
  const auto note = [&](const char* what) {
    return [&, what](const absl::Status& status) {
      outcomes.push_back(absl::StrCat(what, " ", absl::StatusCodeToString(status.code())));
    };
  };
  manager_->Load("a", note("load"));
  manager_->Unload("a", note("unload"));
  manager_->Load("a", note("load again"));
  EXPECT_THAT(outcomes, IsEmpty());
  tasks.RunTask(0);
  EXPECT_THAT(outcomes, ElementsAre("load CANCELLED", "unload NOT_FOUND"));
  EXPECT_THAT(opened_, IsEmpty()) << "a load that is given up before it began reads nothing";
  tasks.RunAll();
  EXPECT_THAT(outcomes, ElementsAre("load CANCELLED", "unload NOT_FOUND", "load again OK"));
  EXPECT_THAT(Serving(), ElementsAre("a:1=one"));
  manager_.reset();
}

TEST_F(ModelsByRequestTest, StoppingGivesUpWhatLoadsAndRefusesWhatComes) {
  files_.Write("a/1/model", "one");
  LoaderPool pool(1);
  Make(pool, kByRequest);
  absl::Notification opening, go_on;
  opening_ = [&](const ModelVersion&) {
    opening.Notify();
    go_on.WaitForNotification();
  };
  absl::Notification refused;
  manager_->Load("a", [&](const absl::Status& status) {
    EXPECT_FALSE(status.ok());
    refused.Notify();
  });
  opening.WaitForNotification();
  manager_->GiveUp();
  go_on.Notify();
  manager_->Stop();
  refused.WaitForNotification();
  EXPECT_THAT(Serving(), IsEmpty());
  EXPECT_THAT(Load("a"), StatusIs(absl::StatusCode::kUnavailable));
}

// Sixteen clients load and unload one model as fast as they can. Each gets an outcome, and at the end the model is what
// the last request made of it.
TEST_F(ModelsByRequestTest, AStormOfRequestsLeavesWhatTheLastOneAskedFor) {
  files_.Write("a/1/model", "one");
  LoaderPool pool(2);
  Make(pool, kByRequest);
  constexpr int kClients = 16, kRequests = 30;
  std::atomic<int> outcomes{0};
  std::vector<std::thread> clients;
  for (int client = 0; client < kClients; ++client) {
    clients.emplace_back([&, client] {
      for (int i = 0; i < kRequests; ++i) {
        if ((client + i) % 2 == 0) {
          manager_->Load("a", [&](const absl::Status&) { ++outcomes; });
        } else {
          manager_->Unload("a", [&](const absl::Status&) { ++outcomes; });
        }
      }
    });
  }
  for (std::thread& client : clients) client.join();
  absl::Notification last;
  manager_->Load("a", [&](const absl::Status& status) {
    EXPECT_OK(status);
    last.Notify();
  });
  last.WaitForNotification();
  EXPECT_THAT(Serving(), ElementsAre("a:1=one"));
  manager_.reset();
  EXPECT_EQ(outcomes, kClients * kRequests);
}

TEST_F(ModelManagerTest, RefusesRequestsWhenTheRepositoryDecides) {
  absl::Status outcome;
  manager_->Load("a", [&](const absl::Status& status) { outcome = status; });
  EXPECT_THAT(outcome, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("--model-control explicit")));
}

// --- Memory

// Models whose one weight takes a megabyte.
class MemoryTest : public ModelManagerTest {
 protected:
  void Allow(int64_t megabytes, bool evict) {
    executable_ = MakeExecutable(
        "input data: float32 [-1]\nconst w: float32 [262144]\ny = _copy(data)\nz = _copy(w)\n"
        "output out = y\noutput other = z\n",
        pool_);
    Make(runner_, {.max_memory_bytes = (megabytes << 20) + 100, .evict = evict});
  }
};

TEST_F(MemoryTest, RefusesAModelThatDoesNotFit) {
  Allow(2, false);
  for (const char* name : {"a", "b", "c"}) files_.Write(absl::StrCat(name, "/1/model"), name);
  manager_->Update(Trust::kAll);
  EXPECT_THAT(Serving(), ElementsAre("a:1=a", "b:1=b"));
  EXPECT_THAT(registry_.Find("c"), StatusIs(absl::StatusCode::kFailedPrecondition,
                                            HasSubstr("needs 1 MB of memory, 1 MB of 3 MB are left")));
}

TEST_F(MemoryTest, AReloadThatDoesNotFitLeavesTheOldOneServing) {
  Allow(1, false);
  files_.Write("a/1/model", "one");
  manager_->Update(Trust::kAll);
  files_.Write("a/2/model", "two");
  manager_->Update(Trust::kAll);
  EXPECT_THAT(Serving(), ElementsAre("a:1=one"));
}

TEST_F(MemoryTest, WhoWasNotUsedForLongestMakesRoomAndComesBackWhenAskedFor) {
  Allow(2, true);
  files_.Write("a/1/model", "a");
  files_.Write("b/1/model", "b");
  manager_->Update(Trust::kAll);
  Batcher::Request request;
  request.inputs = {Tensor::Zeros({DType::kFloat32, {1}})};
  request.done = [](absl::StatusOr<Tensors>, const Batcher::Timing&) {};
  (*registry_.Find("a"))->Predict(std::move(request));
  executor_.RunAll();
  files_.Write("c/1/model", "c");
  manager_->Update(Trust::kAll);
  EXPECT_THAT(Serving(), ElementsAre("a:1=a", "c:1=c"));
  manager_->Update(Trust::kAll);
  EXPECT_THAT(Serving(), ElementsAre("a:1=a", "c:1=c")) << "a look at the disk does not bring it back";
  EXPECT_THAT(registry_.Find("b"), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("is being loaded again")));
  EXPECT_THAT(Serving(), ElementsAre("b:1=b", "c:1=c"));
}

}  // namespace
}  // namespace baryon
