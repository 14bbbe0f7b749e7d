// pull, import, list, remove and verify, as a user types them. The store's own tests have bad mirrors and full disks.
#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "clients/cli/testing/run_baryon.h"
#include "engine/base/file.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/store/digest.h"
#include "engine/store/testing/archives.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/testing/temp_folder.h"
#include "tests/support/golden.h"

namespace baryon {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;

class StoreCommandsTest : public testing::Test {
 protected:
  void SetUp() override {
    setenv("BARYON_CACHE", files_.path("cache").c_str(), /*overwrite=*/1);
    setenv("MXNET_GLUON_REPO", files_.path("zoo").c_str(), /*overwrite=*/1);
    const std::string digits = GoldenFolder("digits");
    std::filesystem::create_directories(files_.path("zoo"));
    store::WriteZip(files_.path("zoo/digits.zip"), {{"digits-symbol.json", *ReadFile(digits + "/digits-symbol.json")},
                                                    {"digits-0000.params", *ReadFile(digits + "/digits-0000.params")},
                                                    {"labels.txt", *ReadFile(digits + "/labels.txt")}});
    const std::string sha256 = *store::DigestOfFile(store::DigestKind::kSha256, files_.path("zoo/digits.zip"));
    files_.Write("zoo/zoo.json",
                 absl::StrCat(R"({"models": [{"name": "digits", "file": "digits.zip", "sha256": ")", sha256,
                              R"(", "preprocess": {"input": "data", "scale": "1/255", "color": "gray"}}]})"));
  }
  void TearDown() override {
    unsetenv("BARYON_CACHE");
    unsetenv("MXNET_GLUON_REPO");
  }
  std::string CachedFolder() const { return files_.path("cache/digits"); }

  TempFolder files_;
};

TEST_F(StoreCommandsTest, APulledModelRunsByItsName) {
  const Outcome pulled = RunBaryon({"pull", "digits"});
  EXPECT_EQ(pulled.exit_code, 0) << pulled.error;
  EXPECT_EQ(pulled.out, CachedFolder() + "\n");
  EXPECT_EQ(pulled.error, "baryon: fetching digits\nbaryon: checking digits\n");
  EXPECT_EQ(RunBaryon({"pull", "digits"}).out, CachedFolder() + " (was there)\n");
  const Outcome run = RunBaryon({"run", "digits", "--input", GoldenFolder("digits") + "/3.png", "--top=1"});
  EXPECT_EQ(run.exit_code, 0) << run.error;
  EXPECT_THAT(run.out, MatchesRegex(" +3 +[0-9.]+  3\n"));
}

TEST_F(StoreCommandsTest, PullPutsTheNextVersionIntoARepository) {
  const Outcome pulled = RunBaryon({"pull", "digits", "--repository", files_.path("models")});
  EXPECT_EQ(pulled.out, files_.path("models/digits/1") + "\n") << pulled.error;
  EXPECT_EQ(RunBaryon({"check", files_.path("models/digits")}).exit_code, 0);
}

TEST_F(StoreCommandsTest, AModelThatIsNotOfferedIsNamed) {
  const Outcome outcome = RunBaryon({"pull", "trees"});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.error, MatchesRegex("baryon: error: [^\n]*trees[^\n]*digits[^\n]*\n"));
}

TEST_F(StoreCommandsTest, ListShowsTheCacheAndTheZoo) {
  EXPECT_EQ(RunBaryon({"list"}).out, "");
  EXPECT_THAT(RunBaryon({"list", "--remote"}).out, MatchesRegex("digits  [0-9a-f]+\n"));
  EXPECT_THAT(RunBaryon({"list", "--remote", "--from", files_.path("empty")}).out,
              AllOf(HasSubstr("resnet50_v2       ecdde353\n"), HasSubstr("vgg19_bn")));
  RunBaryon({"pull", "digits"});
  EXPECT_THAT(RunBaryon({"list"}).out, MatchesRegex("digits  0.1 MB  file://.*/zoo/digits.zip\n"));
}

TEST_F(StoreCommandsTest, VerifyFindsWhatChanged) {
  RunBaryon({"pull", "digits"});
  const Outcome good = RunBaryon({"verify"});
  EXPECT_EQ(good.exit_code, 0) << good.error;
  EXPECT_EQ(good.out, "digits: as it was pulled\n");
  files_.Write("cache/digits/labels.txt", "other");
  const Outcome bad = RunBaryon({"verify", "digits"});
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_EQ(bad.out, "digits: changed\n");
  EXPECT_THAT(bad.error, HasSubstr("labels.txt"));
  EXPECT_EQ(RunBaryon({"verify", "trees"}).exit_code, 1);
}

TEST_F(StoreCommandsTest, RemoveTakesAModelAway) {
  RunBaryon({"pull", "digits"});
  EXPECT_EQ(RunBaryon({"remove", "digits"}).exit_code, 0);
  EXPECT_EQ(RunBaryon({"list"}).out, "");
  const Outcome again = RunBaryon({"remove", "digits"});
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_THAT(again.error, HasSubstr("no model \"digits\""));
}

TEST_F(StoreCommandsTest, ImportTakesAnExport) {
  const Outcome outcome = RunBaryon({"import", GoldenFolder("digits") + "/digits", "--name", "mine"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_EQ(outcome.out, files_.path("cache/mine") + "\n");
  EXPECT_EQ(RunBaryon({"check", "mine"}).exit_code, 0);
}

TEST_F(StoreCommandsTest, ImportExplainsWhyItRunsNoCode) {
  store::WriteZip(files_.path("x.mar"), {{"service.py", "pass"}});
  const Outcome outcome = RunBaryon({"import", files_.path("x.mar")});
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.error, AllOf(HasSubstr("service.py"), HasSubstr("never run"), HasSubstr("--ignore-code")));
  EXPECT_THAT(outcome.out, IsEmpty());
}

TEST_F(StoreCommandsTest, OfflineAsksNoNetwork) {
  EXPECT_THAT(RunBaryon({"pull", "resnet18_v1", "--from", "http://127.0.0.1:1/", "--offline"}).error,
              HasSubstr("--offline"));
  EXPECT_EQ(RunBaryon({"pull", "digits", "--offline"}).exit_code, 0);  // a folder is no network
}

}  // namespace
}  // namespace baryon
