#include "engine/io/model_files.h"

#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/file.h"
#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Optional;

// A folder of its own for each test.
class ModelFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = testing::TempDir() + "/models_" + testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directories(root_);
  }

  void AddFiles(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      std::filesystem::create_directories(std::filesystem::path(Path(name)).parent_path());
      ASSERT_OK(WriteFileAtomically(Path(name), ""));
    }
  }
  std::string Path(const std::string& name) const { return root_ + "/" + name; }

  std::string root_;
};

TEST_F(ModelFilesTest, FindsSymbolAndHighestEpochInAFolder) {
  AddFiles({"net/r-symbol.json", "net/r-0000.params", "net/r-0010.params", "net/r-0009.params", "net/r-99.params",
            "net/other-0042.params", "net/r.params"});
  ASSERT_OK_AND_ASSIGN(const ModelFiles files, FindModelFiles(Path("net")));
  EXPECT_EQ(files.name, "net");
  EXPECT_EQ(files.folder, Path("net"));
  EXPECT_EQ(files.symbol, Path("net/r-symbol.json"));
  EXPECT_THAT(files.params, Optional(Path("net/r-0010.params")));
  EXPECT_FALSE(files.labels.has_value() || files.preprocess.has_value() || files.version.has_value());
}

TEST_F(ModelFilesTest, EpochsMayHaveMoreThanFourDigits) {
  AddFiles({"r-symbol.json", "r-9999.params", "r-10000.params"});
  EXPECT_THAT(FindModelFiles(root_)->params, Optional(Path("r-10000.params")));
}

TEST_F(ModelFilesTest, ParametersWithoutEpochCount) {
  AddFiles({"a/net-symbol.json", "a/net.params", "a/other.params", "b/net-symbol.json", "b/weights.params"});
  EXPECT_THAT(FindModelFiles(Path("a"))->params, Optional(Path("a/net.params")));
  EXPECT_THAT(FindModelFiles(Path("b"))->params, Optional(Path("b/weights.params")));
}

TEST_F(ModelFilesTest, SeveralParametersOfOtherNamesAreRefused) {
  AddFiles({"net-symbol.json", "a-0001.params", "b-0001.params"});
  EXPECT_THAT(FindModelFiles(root_),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("net-NNNN.params"), HasSubstr("\"a-0001.params\", \"b-0001.params\""))));
}

TEST_F(ModelFilesTest, FolderWithoutParametersHasNone) {
  AddFiles({"net-symbol.json"});
  EXPECT_FALSE(FindModelFiles(root_)->params.has_value());
}

TEST_F(ModelFilesTest, TakesASymbolPathOrAPrefix) {
  AddFiles({"nets/a-symbol.json", "nets/a-0003.params", "nets/b-symbol.json", "nets/labels.txt", "nets/c.json",
            "nets/c.params"});
  for (const char* model : {"nets/a-symbol.json", "nets/a"}) {
    ASSERT_OK_AND_ASSIGN(const ModelFiles files, FindModelFiles(Path(model)));
    EXPECT_EQ(files.name, "a");
    EXPECT_EQ(files.symbol, Path("nets/a-symbol.json"));
    EXPECT_THAT(files.params, Optional(Path("nets/a-0003.params")));
    EXPECT_THAT(files.labels, Optional(Path("nets/labels.txt")));
  }
  ASSERT_OK_AND_ASSIGN(const ModelFiles files, FindModelFiles(Path("nets/c.json")));
  EXPECT_EQ(files.name, "c");
  EXPECT_THAT(files.params, Optional(Path("nets/c.params")));
}

TEST_F(ModelFilesTest, PathsStayAsTheUserGaveThem) {
  AddFiles({"a-symbol.json", "a-0000.params"});
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(root_);
  ASSERT_OK_AND_ASSIGN(const ModelFiles prefix, FindModelFiles("a"));
  ASSERT_OK_AND_ASSIGN(const ModelFiles folder, FindModelFiles("."));
  std::filesystem::current_path(before);
  EXPECT_EQ(prefix.symbol, "a-symbol.json");
  EXPECT_THAT(prefix.params, Optional(std::string("a-0000.params")));
  EXPECT_EQ(folder.symbol, "./a-symbol.json");
  EXPECT_EQ(folder.name, std::filesystem::path(root_).filename().string());
}

TEST_F(ModelFilesTest, TakesTheHighestVersionOrTheOneAskedFor) {
  AddFiles({"net/2/a-symbol.json", "net/2/a-0000.params", "net/10/a-symbol.json", "net/010/x", "net/0/x", "net/-3/x",
            "net/99999999999999999999/x", "net/1.0/x", "net/11", "net/labels.txt", "net/10/labels.txt",
            "net/preprocess.json"});
  EXPECT_THAT(*ListVersions(Path("net")), ElementsAre(2, 10));
  ASSERT_OK_AND_ASSIGN(const ModelFiles highest, FindModelFiles(Path("net/")));
  EXPECT_EQ(highest.name, "net");
  EXPECT_THAT(highest.version, Optional(10));
  EXPECT_EQ(highest.folder, Path("net/10"));
  EXPECT_THAT(highest.labels, Optional(Path("net/10/labels.txt")));
  EXPECT_THAT(highest.preprocess, Optional(Path("net/preprocess.json")));
  ASSERT_OK_AND_ASSIGN(const ModelFiles second, FindModelFiles(Path("net"), 2));
  EXPECT_EQ(second.symbol, Path("net/2/a-symbol.json"));
  EXPECT_THAT(second.labels, Optional(Path("net/labels.txt")));
}

TEST_F(ModelFilesTest, AVersionFolderItselfIsAModelToo) {
  AddFiles({"net/3/a-symbol.json", "net/labels.txt", "net/preprocess.json", "net/3/preprocess.json"});
  for (const char* model : {"net/3", "net/3/a-symbol.json"}) {
    ASSERT_OK_AND_ASSIGN(const ModelFiles files, FindModelFiles(Path(model)));
    EXPECT_EQ(files.name, "net");
    EXPECT_THAT(files.version, Optional(3));
    EXPECT_THAT(files.labels, Optional(Path("net/3/../labels.txt")));
    EXPECT_THAT(files.preprocess, Optional(Path("net/3/preprocess.json")));
  }
}

TEST_F(ModelFilesTest, VersionThatIsNotThereIsAnErrorWithThoseThatAre) {
  AddFiles({"net/1/a-symbol.json", "net/2/a-symbol.json", "plain/a-symbol.json"});
  EXPECT_THAT(FindModelFiles(Path("net"), 7),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("expected version 7, got 1, 2")));
  EXPECT_THAT(FindModelFiles(Path("plain"), 7),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("expected version 7, got a folder without versions")));
  EXPECT_THAT(FindModelFiles(Path("plain/a"), 7),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("a model without versions")));
}

TEST_F(ModelFilesTest, VersionWithoutASymbolIsAnErrorThatNamesIt) {
  AddFiles({"net/1/a-symbol.json", "net/2/a-0000.params"});
  EXPECT_THAT(FindModelFiles(Path("net")),
              StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr(Path("net/2")), HasSubstr("\"a-0000.params\""))));
}

TEST_F(ModelFilesTest, SeveralSymbolsInOneFolderAreAnErrorThatListsThem) {
  AddFiles({"a-symbol.json", "b-symbol.json"});
  EXPECT_THAT(FindModelFiles(root_), StatusIs(absl::StatusCode::kInvalidArgument,
                                              HasSubstr("\"a-symbol.json\", \"b-symbol.json\"; name one of them")));
}

TEST_F(ModelFilesTest, NothingFoundSaysWhatIsThere) {
  AddFiles({"empty/readme.txt", "resnet-0000.params"});
  EXPECT_THAT(FindModelFiles(Path("empty")),
              StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("version folders"), HasSubstr("\"readme.txt\""))));
  EXPECT_THAT(FindModelFiles(Path("resnet")),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("got \"empty/\", \"resnet-0000.params\" in")));
  EXPECT_THAT(FindModelFiles(Path("no/such/thing")), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(FindModelFiles(""), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(FindModelFiles(Path("resnet-0000.params")),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("got another file")));
  EXPECT_THAT(ListVersions(Path("no")), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace baryon
