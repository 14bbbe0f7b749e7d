// The whole way, against a web server that is good, bad or gone.
#include "engine/store/pull.h"

#include <linux/capability.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "engine/base/file.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/base/thread_pool.h"
#include "engine/load_model.h"
#include "engine/store/digest.h"
#include "engine/store/testing/archives.h"
#include "engine/store/testing/store_fixture.h"
#include "engine/store/testing/zoo_server.h"
#include "engine/zoo/zoo.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::store {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace fs = std::filesystem;

constexpr char kNetwork[] = "mobilenet0.25";

class PullTest : public StoreTest {
 protected:
  PullTest() {
    setenv("no_proxy", "127.0.0.1", /*overwrite=*/1);
    WriteZooParams(folder() + "/w.params", kNetwork, ParamNames::kSaveParams);
    params_ = *ReadFile(folder() + "/w.params");
    digest_ = DigestOfBytes(DigestKind::kSha1, params_);
    stem_ = absl::StrCat(kNetwork, "-", digest_.substr(0, 8));
    zip_ = *ReadFile(WriteZip(folder() + "/w.zip", {{stem_ + ".params", params_}}));
    files_ = {{kNetwork, digest_, Release::kCurrent}};
    options_.published = files_;
    options_.fetch.first_pause = absl::ZeroDuration();
  }

  std::string StorePath() const { return absl::StrCat("/gluon/models/", stem_, ".zip"); }
  // Answers for the archive by `answer`, and with 404 for everything else.
  ZooHandler Store(std::function<ZooAnswer(const ZooRequest&)> answer) const {
    return [this, answer = std::move(answer)](const ZooRequest& request) {
      return request.target == StorePath() ? answer(request) : ZooAnswer{.status = 404};
    };
  }
  ZooHandler GoodStore() const {
    return Store([this](const ZooRequest& request) { return ServeFile(request, zip_, "\"1\""); });
  }
  absl::StatusOr<PulledModel> PullFrom(const std::string& from, const Watcher& watcher = {}) {
    options_.from = from;
    return Pull(kNetwork, cache_, options_, watcher);
  }
  void ExpectLoads(const std::string& model) {
    ThreadPool pool(1);
    EXPECT_OK(LoadModel(model, pool));
    EXPECT_THAT(*FindChanges(model), IsEmpty());
  }
  // Nothing that a list of models, or a user who looks, would see.
  void ExpectNothingVisible() {
    EXPECT_TRUE(ListInstalled(cache_).empty());
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(cache_.path, ignored)) EXPECT_EQ(entry.path().filename(), ".store");
    EXPECT_FALSE(fs::exists(absl::StrCat(cache_.path, "/.store/", kNetwork, ".staging")));
  }
  bool KeptDownload() const { return fs::exists(absl::StrCat(cache_.path, "/.store/", kNetwork, ".download")); }

  // What `body` returns in a process of its own.
  static int RunInChild(const std::function<int()>& body) {
    const pid_t child = fork();
    if (child == 0) _exit(body());
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return status;
  }

  std::string params_, digest_, stem_, zip_;
  std::vector<PublishedFile> files_;
  const ModelRoot cache_ = {folder() + "/cache"};
  PullOptions options_;
};

TEST_F(PullTest, AGoodStoreGivesAModelThatLoads) {
  const ZooServer server(GoodStore());
  std::vector<std::string> steps;
  ASSERT_OK_AND_ASSIGN(const PulledModel model,
                       PullFrom(server.address(), {.step = [&](const std::string& step) { steps.push_back(step); }}));
  EXPECT_EQ(model.folder, absl::StrCat(cache_.path, "/", kNetwork));
  EXPECT_FALSE(model.was_there);
  ExpectLoads(model.folder);
  EXPECT_TRUE(fs::exists(model.folder + "/preprocess.json"));
  EXPECT_THAT(steps, ElementsAre("fetching mobilenet0.25", "checking mobilenet0.25"));
  ASSERT_OK_AND_ASSIGN(const Provenance provenance, ReadProvenance(model.folder));
  EXPECT_EQ(provenance.source, server.address() + StorePath().substr(1));
  EXPECT_EQ(provenance.digest, digest_);
  EXPECT_EQ(provenance.architecture, kNetwork);
  EXPECT_FALSE(KeptDownload());
}

TEST_F(PullTest, WhatIsThereIsNotFetchedAgain) {
  const ZooServer server(GoodStore());
  ASSERT_OK(PullFrom(server.address()));
  const size_t asked = server.requests().size();
  ASSERT_OK_AND_ASSIGN(const PulledModel again, PullFrom(server.address()));
  EXPECT_TRUE(again.was_there);
  EXPECT_EQ(server.requests().size(), asked + 1);  // for zoo.json
}

TEST_F(PullTest, AFolderOnDiskIsAStoreToo) {
  fs::create_directories(folder() + "/mirror/gluon/models");
  ASSERT_OK(WriteFileAtomically(folder() + "/mirror" + StorePath(), zip_));
  options_.fetch.offline = true;  // no network is needed
  ASSERT_OK_AND_ASSIGN(const PulledModel model, PullFrom(folder() + "/mirror"));
  ExpectLoads(model.folder);
}

TEST_F(PullTest, OneFileIsAStoreToo) {
  ASSERT_OK(PullFrom(folder() + "/w.params"));
  ASSERT_OK(RemoveInstalled(cache_, kNetwork, {}));
  ASSERT_OK_AND_ASSIGN(const PulledModel model, PullFrom(folder() + "/w.zip"));
  ExpectLoads(model.folder);
}

TEST_F(PullTest, AWrongHashIsRefusedAndForgotten) {
  const std::string other = *ReadFile(WriteZip(folder() + "/o.zip", {{stem_ + ".params", params_ + "x"}}));
  std::atomic<bool> good{false};
  const ZooServer server(Store(
      [&](const ZooRequest& request) { return ServeFile(request, good ? zip_ : other, good ? "\"1\"" : "\"2\""); }));
  EXPECT_THAT(PullFrom(server.address()),
              StatusIs(absl::StatusCode::kDataLoss, AllOf(HasSubstr("SHA-1"), HasSubstr(digest_))));
  ExpectNothingVisible();
  EXPECT_FALSE(KeptDownload());
  good = true;
  ASSERT_OK_AND_ASSIGN(const PulledModel model, PullFrom(server.address()));
  ExpectLoads(model.folder);
}

TEST_F(PullTest, ASymbolInTheArchiveIsNotTakenForThePublishedNetwork) {
  zip_ = *ReadFile(WriteZip(folder() + "/s.zip", {{stem_ + ".params", params_}, {stem_ + "-symbol.json", "{}"}}));
  const ZooServer server(GoodStore());
  ASSERT_OK_AND_ASSIGN(const PulledModel model, PullFrom(server.address()));
  ExpectLoads(model.folder);
}

TEST_F(PullTest, ATruncatedArchiveIsRefusedAndGoneOnWithLater) {
  std::atomic<bool> broken{true};
  const ZooServer server(Store([&](const ZooRequest& request) {
    ZooAnswer answer = ServeFile(request, zip_, "\"1\"");
    if (broken) answer.close_at = 1000;
    return answer;
  }));
  EXPECT_THAT(PullFrom(server.address()), StatusIs(absl::StatusCode::kDataLoss));
  ExpectNothingVisible();
  EXPECT_TRUE(KeptDownload());
  broken = false;
  ASSERT_OK_AND_ASSIGN(const PulledModel model, PullFrom(server.address()));
  EXPECT_EQ(server.requests().back().Header("range"), "bytes=5000-");  // five tries of a thousand bytes
  ExpectLoads(model.folder);
}

TEST_F(PullTest, APageInsteadOfTheArchiveIsRefused) {
  const ZooServer honest(Store([](const ZooRequest&) {
    return ZooAnswer{.headers = {{"Content-Type", "text/html"}}, .body = "<html>"};
  }));
  EXPECT_THAT(PullFrom(honest.address()), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("text/html")));
  ExpectNothingVisible();
  const ZooServer liar(Store([](const ZooRequest&) {
    return ZooAnswer{.headers = {{"Content-Type", "application/zip"}}, .body = "<html>"};
  }));
  EXPECT_THAT(PullFrom(liar.address()), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("web page")));
  ExpectNothingVisible();
}

TEST_F(PullTest, AStoreWithoutTheFileIsNamed) {
  const ZooServer server([](const ZooRequest&) { return ZooAnswer{.status = 404}; });
  EXPECT_THAT(PullFrom(server.address()),
              StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("404"), HasSubstr(StorePath()))));
  ExpectNothingVisible();
}

TEST_F(PullTest, HostileArchivesLeaveNothing) {
  const std::string member = stem_ + ".params";
  for (const std::vector<TestMember>& members :
       std::vector<std::vector<TestMember>>{{{member, params_}, {"../evil", "x"}},
                                            {{member, "", 0120777, "/etc/passwd"}},
                                            {{member, params_}, {"bomb", std::string(64 << 20, '\0')}}}) {
    zip_ = *ReadFile(WriteZip(folder() + "/h.zip", members));
    const ZooServer server(GoodStore());
    EXPECT_FALSE(PullFrom(server.address()).ok());
    ExpectNothingVisible();
    EXPECT_FALSE(fs::exists(cache_.path + "/.store/evil"));
  }
}

TEST_F(PullTest, TwoAtOnceFetchOnce) {
  const ZooServer server(GoodStore());
  options_.from = server.address();
  std::vector<absl::StatusOr<PulledModel>> results(4, absl::UnknownError("not yet"));
  std::vector<std::thread> threads;
  for (auto& result : results) {
    threads.emplace_back([&] { result = Pull(kNetwork, cache_, options_, {}); });
  }
  for (std::thread& thread : threads) thread.join();
  int fetched = 0;
  for (const auto& result : results) {
    ASSERT_OK(result);
    fetched += !result->was_there;
  }
  EXPECT_EQ(fetched, 1);
  ExpectLoads(results[0]->folder);
  int asked = 0;
  for (const ZooRequest& request : server.requests()) asked += request.target == StorePath();
  EXPECT_EQ(asked, 1);
}

TEST_F(PullTest, TwoProcessesAtOnceFetchOnce) {
  const ZooServer server(GoodStore());
  const auto pull = [&] {
    const auto model = PullFrom(server.address());
    return !model.ok() ? 2 : model->was_there ? 1 : 0;
  };
  int codes = 0;
  const pid_t child = fork();
  if (child == 0) _exit(pull());
  codes += pull();
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(codes + WEXITSTATUS(status), 1);  // one of them found it there
  ExpectLoads(absl::StrCat(cache_.path, "/", kNetwork));
}

TEST_F(PullTest, AProcessKilledInTheMiddleLeavesSomethingToGoOnWith) {
  std::atomic<bool> stall{true};
  const ZooServer server(Store([&](const ZooRequest& request) {
    ZooAnswer answer = ServeFile(request, zip_, "\"1\"");
    if (stall) answer.stall_at = 4000;
    return answer;
  }));
  const int status = RunInChild([&] {
    const auto die = [](int64_t done, int64_t) {
      if (done == 4000) raise(SIGKILL);
      return absl::OkStatus();
    };
    return PullFrom(server.address(), {.bytes = die}).ok() ? 0 : 1;
  });
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_TRUE(ListInstalled(cache_).empty());
  EXPECT_TRUE(KeptDownload());
  stall = false;
  ASSERT_OK_AND_ASSIGN(const PulledModel model, PullFrom(server.address()));
  EXPECT_EQ(server.requests().back().Header("range"), "bytes=4000-");
  ExpectLoads(model.folder);
  EXPECT_FALSE(fs::exists(absl::StrCat(cache_.path, "/.store/", kNetwork, ".staging")));
}

TEST_F(PullTest, AProcessKilledWhileItUnpacksLeavesNothingVisible) {
  const ZooServer server(GoodStore());
  const int status = RunInChild([&] {
    const auto die = [](const std::string& step) {
      if (absl::StartsWith(step, "checking")) raise(SIGKILL);
    };
    return PullFrom(server.address(), {.step = die}).ok() ? 0 : 1;
  });
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_TRUE(ListInstalled(cache_).empty());
  ASSERT_OK_AND_ASSIGN(const PulledModel model, PullFrom(server.address()));
  ExpectLoads(model.folder);
  EXPECT_FALSE(fs::exists(absl::StrCat(cache_.path, "/.store/", kNetwork, ".staging")));
}

// Limits of the process stand for a full disk: writing fails in the middle of a file, first of the archive, then of
// what it unpacks to.
TEST_F(PullTest, AFullDiskLeavesNothingAndALaterPullWorks) {
  const ZooServer server(GoodStore());
  ASSERT_GT(params_.size(), zip_.size());
  for (const size_t limit : {zip_.size() / 2, (zip_.size() + params_.size()) / 2}) {
    const int status = RunInChild([&] {
      signal(SIGXFSZ, SIG_IGN);
      const rlimit bytes = {limit, limit};
      setrlimit(RLIMIT_FSIZE, &bytes);
      return PullFrom(server.address()).ok() ? 0 : 1;
    });
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 1);
    ExpectNothingVisible();
  }
  ASSERT_OK_AND_ASSIGN(const PulledModel model, PullFrom(server.address()));
  ExpectLoads(model.folder);
}

TEST_F(PullTest, ADiskThatIsReallyFullLeavesNothing) {
  fs::create_directories(cache_.path);
  if (mount("tmpfs", cache_.path.c_str(), "tmpfs", 0, "size=512k") != 0) GTEST_SKIP() << "may not mount a small disk";
  absl::Cleanup unmounter = [&] { umount2(cache_.path.c_str(), MNT_DETACH); };
  const ZooServer server(GoodStore());
  EXPECT_THAT(PullFrom(server.address()), StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("No space")));
  ExpectNothingVisible();
  EXPECT_FALSE(KeptDownload());
}

// In the calling thread, the rights of root to write where the mode forbids it.
void DropRightToOverride() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (syscall(SYS_capget, &header, data) != 0) return;
  data[0].effective &= ~(1u << CAP_DAC_OVERRIDE);
  syscall(SYS_capset, &header, data);
}

TEST_F(PullTest, ACacheThatCannotBeWrittenIsAnErrorUnlessTheModelIsThere) {
  const ZooServer server(GoodStore());
  fs::create_directories(cache_.path);
  const auto pull_read_only = [&] {
    fs::permissions(cache_.path, fs::perms::owner_read | fs::perms::owner_exec);
    const int status = RunInChild([&] {
      DropRightToOverride();
      const auto model = PullFrom(server.address());
      return model.ok() ? 0 : absl::IsPermissionDenied(model.status()) ? 1 : 2;
    });
    fs::permissions(cache_.path, fs::perms::owner_all);
    return WEXITSTATUS(status);
  };
  EXPECT_EQ(pull_read_only(), 1);
  ExpectNothingVisible();
  ASSERT_OK(PullFrom(server.address()));
  EXPECT_EQ(pull_read_only(), 0);
}

TEST_F(PullTest, OfflineTakesWhatIsThere) {
  const ZooServer server(GoodStore());
  options_.fetch.offline = true;
  EXPECT_THAT(PullFrom(server.address()), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("--offline")));
  options_.fetch.offline = false;
  ASSERT_OK(PullFrom(server.address()));
  const size_t asked = server.requests().size();
  options_.fetch.offline = true;
  ASSERT_OK_AND_ASSIGN(const PulledModel model, PullFrom(server.address()));
  EXPECT_TRUE(model.was_there);
  EXPECT_EQ(server.requests().size(), asked);
}

TEST_F(PullTest, TheCallerCanStopIt) {
  const ZooServer server(GoodStore());
  const auto stop = [](int64_t, int64_t) { return absl::CancelledError("enough"); };
  EXPECT_THAT(PullFrom(server.address(), {.bytes = stop}), StatusIs(absl::StatusCode::kCancelled));
  ExpectNothingVisible();
}

// --- A zoo of one's own

class PrivateZooTest : public PullTest {
 protected:
  // A folder of files and its zoo.json.
  void Publish(const std::string& file, const std::string& bytes, const std::string& fields) {
    fs::create_directories(zoo_);
    ASSERT_OK(WriteFileAtomically(zoo_ + "/" + file, bytes));
    ASSERT_OK(WriteFileAtomically(
        zoo_ + "/zoo.json", absl::StrCat(R"({"models": [{"name": "flowers", "file": ")", file, R"(", "sha256": ")",
                                         DigestOfBytes(DigestKind::kSha256, bytes), "\"", fields, "}]}")));
  }
  absl::StatusOr<PulledModel> PullFlowers() { return Pull("flowers", cache_, options_, {}); }
  void SetUp() override { options_.from = zoo_; }

  const std::string zoo_ = folder() + "/zoo";
};

TEST_F(PrivateZooTest, AFolderWithAnIndexIsAZoo) {
  WriteZooParams(folder() + "/f.params", kNetwork, ParamNames::kSaveParameters, 2);
  Publish("flowers.params", *ReadFile(folder() + "/f.params"),
          R"(, "architecture": "mobilenet0.25", "classes": 2, "labels": ["daisy", "rose"])");
  ASSERT_OK_AND_ASSIGN(const std::vector<OfferedModel> offered, ListOffered(options_));
  ASSERT_EQ(offered.size(), 1u);
  EXPECT_EQ(offered[0].name, "flowers");
  ASSERT_OK_AND_ASSIGN(const PulledModel model, PullFlowers());
  ExpectLoads(model.folder);
  EXPECT_EQ(*ReadFile(model.folder + "/labels.txt"), "daisy\nrose\n");
}

TEST_F(PrivateZooTest, AnArchiveMayBringItsOwnSymbol) {
  ASSERT_OK(zoo::ExportNetwork(*zoo::MakeNetwork(kNetwork, 3), 1, folder() + "/e"));
  const std::vector<TestMember> members = {{"e-symbol.json", *ReadFile(folder() + "/e-symbol.json")},
                                           {"e-0000.params", *ReadFile(folder() + "/e-0000.params")},
                                           {"labels.txt", "a\nb\nc\n"}};
  Publish("flowers.tar.gz", *ReadFile(WriteTarGz(folder() + "/e.tar.gz", members)), "");
  ASSERT_OK_AND_ASSIGN(const PulledModel model, PullFlowers());
  ExpectLoads(model.folder);
  EXPECT_EQ(*ReadFile(model.folder + "/labels.txt"), "a\nb\nc\n");
}

TEST_F(PrivateZooTest, LabelsMayLieInAFileOfTheirOwn) {
  Publish("flowers.params", params_, R"(, "architecture": "mobilenet0.25", "labels": "text/flowers.txt")");
  EXPECT_THAT(PullFlowers(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("zoo/text/flowers.txt")));
  ExpectNothingVisible();
  fs::create_directories(zoo_ + "/text");
  ASSERT_OK(WriteFileAtomically(zoo_ + "/text/flowers.txt", std::string("daisy\0", 6)));
  EXPECT_THAT(PullFlowers(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no text")));
  ExpectNothingVisible();
  ASSERT_OK(WriteFileAtomically(zoo_ + "/text/flowers.txt", "daisy\r\n wild rose\n"));
  ASSERT_OK_AND_ASSIGN(const PulledModel model, PullFlowers());
  ExpectLoads(model.folder);
  EXPECT_EQ(*ReadFile(model.folder + "/labels.txt"), "daisy\nwild rose\n");
}

TEST_F(PrivateZooTest, AFileThatIsNotTheOneOfTheIndexIsRefused) {
  Publish("flowers.zip", zip_, R"(, "architecture": "mobilenet0.25")");
  ASSERT_OK(WriteFileAtomically(zoo_ + "/flowers.zip", zip_ + "x"));
  EXPECT_THAT(PullFlowers(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("SHA-256")));
  ExpectNothingVisible();
}

TEST_F(PrivateZooTest, NamesThatItLacksAreSaid) {
  Publish("flowers.zip", zip_, "");
  EXPECT_THAT(Pull("trees", cache_, options_, {}),
              StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("trees"), HasSubstr("flowers"))));
  EXPECT_THAT(PullFlowers(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("architecture")));
}

TEST_F(PrivateZooTest, AnIndexThatIsNoneIsAnError) {
  Publish("flowers.zip", zip_, "");
  ASSERT_OK(WriteFileAtomically(zoo_ + "/zoo.json", "{\"models\": 3}"));
  EXPECT_THAT(ListOffered(options_), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("zoo.json")));
}

TEST_F(PrivateZooTest, WithoutAnIndexTheZooIsThatOfMxnet) {
  fs::create_directories(zoo_);
  ASSERT_OK_AND_ASSIGN(const std::vector<OfferedModel> offered, ListOffered(options_));
  ASSERT_EQ(offered.size(), 1u);
  EXPECT_EQ(offered[0].name, kNetwork);
}

}  // namespace
}  // namespace baryon::store
