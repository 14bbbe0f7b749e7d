#include "clients/cli/man_page.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "clients/cli/testing/run_baryon.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/testing/temp_folder.h"

namespace baryon {
namespace {

using testing::HasSubstr;

TEST(ManPageTest, DescribesEveryCommandAndOption) {
  const std::string page = ManPage({{"fly",
                                     "Leaves the ground",
                                     {{.name = "PLACE", .help = "Where to", .is_argument = true, .required = true},
                                      {.name = "--height", .value = "INT", .otherwise = "3", .help = ".5 is low"},
                                      {.name = "--speed", .value = "CHOICE", .choices = {"fast", "slow"}, .help = "x"}},
                                     {"baryon fly home --speed fast"}}},
                                   "1.2");
  EXPECT_THAT(page, testing::StartsWith(".TH BARYON 1 \"\" \"baryon 1.2\"\n"));
  EXPECT_THAT(page, HasSubstr(".B baryon fly\nPLACE\n[OPTIONS]\n"));
  EXPECT_THAT(page, HasSubstr(".SS fly\nLeaves the ground.\n"));
  EXPECT_THAT(page, HasSubstr(".B \\-\\-height INT\n\\&.5 is low. Default: 3.\n"));
  EXPECT_THAT(page, HasSubstr(".B \\-\\-speed fast|slow\n"));
  EXPECT_THAT(page, HasSubstr(".EX\nbaryon fly home \\-\\-speed fast\n.EE\n"));
}

TEST(ManPageTest, TheProgramPrintsItsOwn) {
  const Outcome outcome = RunBaryon({"man"});
  EXPECT_EQ(outcome.exit_code, 0);
  for (const char* text : {".SS serve\n", ".SS pull\n", ".B \\-\\-offline\n", "BARYON_CACHE", "EXIT STATUS"}) {
    EXPECT_THAT(outcome.out, HasSubstr(text));
  }
  if (std::system("command -v groff > /dev/null") != 0) return;
  TempFolder files;
  files.Write("baryon.1", outcome.out);
  const std::string check = absl::StrCat("test -z \"$(groff -man -ww -z ", files.path("baryon.1"), " 2>&1)\"");
  EXPECT_EQ(std::system(check.c_str()), 0);
}

}  // namespace
}  // namespace baryon
