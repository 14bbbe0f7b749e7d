#include "server/models/model_repository.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "server/testing/temp_folder.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ModelRepositoryTest : public testing::Test {
 protected:
  // "name:version" of everything that a scan finds.
  std::vector<std::string> Scan(const std::string& folder, std::vector<std::string> models = {}) {
    std::vector<std::string> found;
    for (const ModelVersion& version : Versions(folder, std::move(models))) {
      found.push_back(absl::StrCat(version.name, ":", version.version));
    }
    return found;
  }
  std::vector<ModelVersion> Versions(const std::string& folder, std::vector<std::string> models = {}) {
    const absl::StatusOr<ModelRepository> repository = ModelRepository::Open(folder, std::move(models));
    EXPECT_OK(repository);
    const absl::StatusOr<std::vector<ModelVersion>> versions = repository->Scan();
    EXPECT_OK(versions);
    return *versions;
  }

  TempFolder files_;
};

TEST_F(ModelRepositoryTest, FindsVersionsInTheLayoutOfTriton) {
  files_.Write("b/10/m-symbol.json", "{}");
  files_.Write("b/9/m-symbol.json", "{}");
  files_.Write("b/config.pbtxt", "");
  files_.Write("a/1/m-symbol.json", "{}");
  EXPECT_THAT(Scan(files_.path()), ElementsAre("a:1", "b:9", "b:10"));
}

TEST_F(ModelRepositoryTest, AFolderWithoutVersionsIsVersionOne) {
  files_.Write("plain/m-symbol.json", "{}");
  EXPECT_THAT(Scan(files_.path()), ElementsAre("plain:1"));
}

TEST_F(ModelRepositoryTest, LeavesOutWhatIsNoModelByItsName) {
  files_.Write(".git/1/m-symbol.json", "{}");
  files_.Write("lost+found/1/m-symbol.json", "{}");
  files_.Write("README.md", "");
  EXPECT_THAT(Scan(files_.path()), IsEmpty());
}

TEST_F(ModelRepositoryTest, TakesNumbersForVersionsAndNothingElse) {
  for (const char* folder : {"1", "02", "-3", "+4", "5.0", "9223372036854775808", "6~", ".7", "lost+found", " 8"}) {
    files_.Write(absl::StrCat("a/", folder, "/m-symbol.json"), "{}");
  }
  EXPECT_THAT(Scan(files_.path()), ElementsAre("a:1"));
}

TEST_F(ModelRepositoryTest, NamesThatDifferInCaseAreTwoModels) {
  files_.Write("net/1/m-symbol.json", "{}");
  files_.Write("Net/1/m-symbol.json", "{}");
  EXPECT_THAT(Scan(files_.path()), ElementsAre("Net:1", "net:1"));
}

TEST_F(ModelRepositoryTest, TakesModelsNamedOneByOne) {
  files_.Write("nets/resnet-symbol.json", "{}");
  files_.Write("nets/mlp-symbol.json", "{}");
  files_.Write("digits/2/m-symbol.json", "{}");
  EXPECT_THAT(Scan("", {files_.path("nets/resnet"), files_.path("nets/mlp-symbol.json"), files_.path("digits/")}),
              ElementsAre("digits:2", "mlp:1", "resnet:1"));
}

TEST_F(ModelRepositoryTest, AVersionFolderOnItsOwnIsThatVersionOfItsModel) {
  files_.Write("digits/2/m-symbol.json", "{}");
  files_.Write("digits/3/m-symbol.json", "{}");
  EXPECT_THAT(Scan("", {files_.path("digits/2")}), ElementsAre("digits:2"));
}

TEST_F(ModelRepositoryTest, SaysWhichFolderHoldsAVersion) {
  files_.Write("plain/m-symbol.json", "{}");
  files_.Write("plain/1/leftover", "");
  files_.Write("versions/4/m-symbol.json", "{}");
  const std::vector<ModelVersion> versions = Versions(files_.path());
  ASSERT_EQ(versions.size(), 2u);
  EXPECT_EQ(versions[0].folder, std::nullopt);
  EXPECT_EQ(versions[1].folder, 4);
}

TEST_F(ModelRepositoryTest, AModelNamedOnItsOwnStandsBeforeTheRepositorys) {
  files_.Write("repository/digits/1/m-symbol.json", "{}");
  files_.Write("mine/digits/7/m-symbol.json", "{}");
  EXPECT_THAT(Scan(files_.path("repository"), {files_.path("mine/digits")}), ElementsAre("digits:7"));
}

TEST_F(ModelRepositoryTest, RefusesNamesThatAreNoneAndTwoOfOneName) {
  for (const char* name : {"nets/..x", "a/net", "b/net"}) files_.Write(absl::StrCat(name, "-symbol.json"), "{}");
  EXPECT_THAT(ModelRepository::Open("", {files_.path("nets/..x")}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("got \"..x\"")));
  EXPECT_THAT(ModelRepository::Open("", {files_.path("a/net"), files_.path("b/net")}),
              StatusIs(absl::StatusCode::kInvalidArgument, "two models are called \"net\""));
  EXPECT_THAT(ModelRepository::Open("", {files_.path("nowhere")}), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ModelRepositoryTest, SaysWhenThereIsNoRepository) {
  EXPECT_THAT(ModelRepository::Open(files_.path("nowhere"), {}),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("No such file")));
  files_.Write("file", "");
  EXPECT_THAT(ModelRepository::Open(files_.path("file"), {}),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("Not a directory")));
}

TEST_F(ModelRepositoryTest, TheFingerprintChangesWithTheFilesOfTheVersion) {
  files_.Write("a/1/m-symbol.json", "{}");
  files_.Write("a/2/m-symbol.json", "{}");
  const std::vector<ModelVersion> before = Versions(files_.path());
  EXPECT_EQ(Versions(files_.path())[0].fingerprint, before[0].fingerprint);
  files_.Write("a/1/m-0000.params", "x");
  const std::vector<ModelVersion> after = Versions(files_.path());
  EXPECT_NE(after[0].fingerprint, before[0].fingerprint);
  EXPECT_EQ(after[1].fingerprint, before[1].fingerprint);
  files_.Write("a/labels.txt", "cat\n");
  EXPECT_NE(Versions(files_.path())[1].fingerprint, before[1].fingerprint) << "labels belong to every version";
}

TEST(IsModelNameTest, KnowsNamesFromPathsAndTricks) {
  for (const char* good : {"resnet50_v2", "mobilenetv2_1.0", "a", "A-b"}) EXPECT_TRUE(IsModelName(good)) << good;
  for (const char* bad : {"", ".", "..", "a..b", "../x", "a/b", "1net", "a b", "a\n", "%2e%2e", "naïve"}) {
    EXPECT_FALSE(IsModelName(bad)) << bad;
  }
  EXPECT_TRUE(IsModelName(std::string(128, 'x')));
  EXPECT_FALSE(IsModelName(std::string(129, 'x')));
}

}  // namespace
}  // namespace baryon
