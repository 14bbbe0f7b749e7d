#include "server/models/model_manager.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "engine/base/logging.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/testing/manual_executor.h"
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
    manager_ = std::make_unique<ModelManager>(*std::move(repository), loader_, registry_);
    manager_->OnChange([this] { ++changes_; });
  }
  ~ModelManagerTest() override { SetLogSink(nullptr); }

  absl::StatusOr<OpenedModel> Open(const ModelVersion& version) {
    opened_.push_back(absl::StrCat(version.name, ":", version.version));
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
  std::vector<std::string> opened_;
  int changes_ = 0;
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

// The same repository, served by request.
class ModelsByRequestTest : public ModelManagerTest {
 protected:
  ModelsByRequestTest() {
    absl::StatusOr<ModelRepository> repository = ModelRepository::Open(files_.path(), {});
    EXPECT_OK(repository);
    manager_ =
        std::make_unique<ModelManager>(*std::move(repository), loader_, registry_, ModelManager::Choice::kByRequest);
  }

  void Start() {
    absl::Notification loaded;
    manager_->Start(absl::InfiniteDuration(), [&] { loaded.Notify(); });
    loaded.WaitForNotification();
  }

  absl::Status Load(const std::string& name) { return OutcomeOf(&ModelManager::Load, name); }
  absl::Status Unload(const std::string& name) { return OutcomeOf(&ModelManager::Unload, name); }

 private:
  absl::Status OutcomeOf(void (ModelManager::*order)(std::string, ModelManager::Done), const std::string& name) {
    absl::Notification done;
    absl::Status outcome;
    ((*manager_).*order)(name, [&](const absl::Status& status) {
      outcome = status;
      done.Notify();
    });
    done.WaitForNotification();
    return outcome;
  }
};

TEST_F(ModelsByRequestTest, ServeNothingUntilTheyAreAskedFor) {
  files_.Write("a/1/model", "one");
  files_.Write("b/1/model", "one");
  Start();
  EXPECT_THAT(Serving(), IsEmpty());
  EXPECT_OK(Load("b"));
  EXPECT_THAT(Serving(), ElementsAre("b:1=one"));
}

TEST_F(ModelsByRequestTest, AreLoadedAgainFromTheSameFilesWhenAskedAgain) {
  files_.Write("a/1/model", "one");
  Start();
  EXPECT_OK(Load("a"));
  EXPECT_OK(Load("a"));
  EXPECT_THAT(opened_, ElementsAre("a:1", "a:1"));
}

TEST_F(ModelsByRequestTest, LeaveTheOldVersionInServiceWhenTheNewOneIsBad) {
  files_.Write("a/1/model", "one");
  Start();
  EXPECT_OK(Load("a"));
  files_.Write("a/2/model", "bad");
  const absl::Status status = Load("a");
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kDataLoss, HasSubstr("it says bad")));
  EXPECT_THAT(Serving(), ElementsAre("a:1=one"));
}

TEST_F(ModelsByRequestTest, StopServingWhenAskedAndStayAwayAtTheNextLook) {
  files_.Write("a/1/model", "one");
  Start();
  EXPECT_OK(Load("a"));
  EXPECT_OK(Unload("a"));
  EXPECT_THAT(Serving(), IsEmpty());
  manager_->Rescan();
  EXPECT_THAT(Unload("a"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("no model called \"a\" is loaded")));
  EXPECT_THAT(Serving(), IsEmpty());
}

TEST_F(ModelsByRequestTest, ThatDoNotExistAreNotFound) {
  Start();
  EXPECT_THAT(Load("a"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("no model called \"a\"")));
}

TEST_F(ModelManagerTest, RefusesRequestsWhenTheRepositoryDecides) {
  absl::Status outcome;
  manager_->Load("a", [&](const absl::Status& status) { outcome = status; });
  EXPECT_THAT(outcome, StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("--model-control explicit")));
}

}  // namespace
}  // namespace baryon
