#include "clients/cli/completion.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "clients/cli/testing/run_baryon.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/testing/temp_folder.h"

namespace baryon {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

class CompletionTest : public testing::Test {
 protected:
  CompletionTest() { files_.Write("baryon.bash", RunBaryon({"completion", "bash"}).out); }

  // What the shell offers when these words have been typed, the last of them in part.
  std::vector<std::string> Offered(const std::string& words, int count) {
    const std::string script =
        absl::StrCat("cd ", files_.path(), "; source baryon.bash; COMP_WORDS=(", words, "); COMP_CWORD=", count - 1,
                     "; _baryon; printf '%s\\n' \"${COMPREPLY[@]}\"");
    files_.Write("ask.bash", script);
    return LinesOf(absl::StrCat("bash ", files_.path("ask.bash")));
  }

  // What a command prints.
  static std::vector<std::string> LinesOf(const std::string& command) {
    std::FILE* const pipe = popen(command.c_str(), "r");
    std::string text;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text.push_back(static_cast<char>(c));
    EXPECT_EQ(pclose(pipe), 0);
    return absl::StrSplit(absl::StripTrailingAsciiWhitespace(text), '\n', absl::SkipEmpty());
  }

  TempFolder files_;
};

TEST_F(CompletionTest, OffersCommandsAndTheirOptions) {
  EXPECT_THAT(Offered("baryon s", 2), ElementsAre("serve", "summary", "status"));
  EXPECT_THAT(Offered("baryon ''", 2), AllOf(Contains("pull"), Contains("--help")));
  EXPECT_THAT(Offered("baryon serve --grpc", 3), ElementsAre("--grpc-port"));
  EXPECT_THAT(Offered("baryon pull --", 3),
              AllOf(Contains("--from"), Contains("--offline"), Not(Contains("--grpc-port"))));
}

TEST_F(CompletionTest, OffersValuesToChooseFrom) {
  EXPECT_THAT(Offered("baryon serve --numerics ''", 4), ElementsAre("fast", "strict"));
  EXPECT_THAT(Offered("baryon serve --numerics = s", 5), ElementsAre("strict"));
  EXPECT_THAT(Offered("baryon serve --log-format j", 4), ElementsAre("json"));
  EXPECT_THAT(Offered("baryon serve --threads ''", 4), IsEmpty());
  EXPECT_THAT(Offered("baryon completion ''", 3), ElementsAre("bash", "zsh"));
}

TEST_F(CompletionTest, OffersFilesAndNetworksWhereTheyAreMeant) {
  files_.Write("nets/a.txt", "");
  EXPECT_THAT(Offered("baryon run ne", 3), ElementsAre("nets"));
  EXPECT_THAT(Offered("baryon serve --repository ''", 4), ElementsAre("nets"));
  EXPECT_THAT(Offered("baryon pull resnet18", 3), ElementsAre("resnet18_v1", "resnet18_v2"));
}

class ZshCompletionTest : public CompletionTest {
 protected:
  void SetUp() override {
    if (std::system("command -v zsh > /dev/null") != 0) GTEST_SKIP() << "no zsh on this machine";
    files_.Write("zsh/_baryon", RunBaryon({"completion", "zsh"}).out);
  }
  // What zsh itself offers at the end of `line`.
  std::vector<std::string> Offered(const std::string& line) {
    return LinesOf(absl::StrCat("zsh -f clients/cli/testing/offer.zsh ", files_.path("zsh"), " '", line, "'"));
  }
};

TEST_F(ZshCompletionTest, OffersCommandsAndTheirOptions) {
  EXPECT_THAT(Offered("baryon s"), ElementsAre("serve", "summary", "status"));
  EXPECT_THAT(Offered("baryon serve --grpc"), ElementsAre("--grpc-port"));
  EXPECT_THAT(Offered("baryon pull --"),
              AllOf(Contains("--from"), Contains("--offline"), Not(Contains("--grpc-port"))));
}

TEST_F(ZshCompletionTest, OffersValuesFilesAndNetworks) {
  EXPECT_THAT(Offered("baryon serve --numerics "), ElementsAre("fast", "strict"));
  EXPECT_THAT(Offered("baryon serve --numerics=s"), ElementsAre("strict"));
  EXPECT_THAT(Offered("baryon pull resnet18"), ElementsAre("resnet18_v1", "resnet18_v2"));
  EXPECT_THAT(Offered("baryon run _bar"), ElementsAre("_baryon"));
}

TEST_F(CompletionTest, OtherShellsAreWrongUsage) { EXPECT_EQ(RunBaryon({"completion", "fish"}).exit_code, 2); }

}  // namespace
}  // namespace baryon
