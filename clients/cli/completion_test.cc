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
using testing::HasSubstr;
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
    std::FILE* const pipe = popen(absl::StrCat("bash ", files_.path("ask.bash")).c_str(), "r");
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

TEST_F(CompletionTest, TheScriptOfZshHasTheSameOptions) {
  const std::string script = RunBaryon({"completion", "zsh"}).out;
  EXPECT_THAT(script, testing::StartsWith("#compdef baryon\n"));
  EXPECT_THAT(script, AllOf(HasSubstr("'--numerics=["), HasSubstr(":CHOICE:(fast strict)'"), HasSubstr("'*:MODEL:")));
  if (std::system("command -v zsh > /dev/null") != 0) return;
  files_.Write("baryon.zsh", script);
  EXPECT_EQ(std::system(absl::StrCat("zsh -n ", files_.path("baryon.zsh")).c_str()), 0);
}

TEST_F(CompletionTest, OtherShellsAreWrongUsage) { EXPECT_EQ(RunBaryon({"completion", "fish"}).exit_code, 2); }

}  // namespace
}  // namespace baryon
