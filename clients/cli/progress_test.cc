#include "clients/cli/progress.h"

#include <cstdio>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

// What a Progress writes while `work` uses it.
template <typename Work>
std::string Written(bool is_terminal, Work work) {
  std::FILE* stream = std::tmpfile();
  {
    Progress progress(stream, is_terminal);
    work(progress);
  }
  std::string text(std::ftell(stream), '\0');
  std::rewind(stream);
  EXPECT_EQ(std::fread(text.data(), 1, text.size(), stream), text.size());
  std::fclose(stream);
  return text;
}

void LoadAndMeasure(Progress& progress) {
  progress.Step("loading x");
  progress.Step("measuring");
  for (double done : {0.25, 0.5, 1.0}) progress.Update(done);
}

TEST(ProgressTest, WithoutATerminalEachStepIsALine) {
  EXPECT_EQ(Written(false, LoadAndMeasure), "baryon: loading x\nbaryon: measuring\n");
}

TEST(ProgressTest, OnATerminalOneLineIsWrittenOverAndGoneInTheEnd) {
  const std::string text = Written(true, LoadAndMeasure);
  EXPECT_THAT(text, testing::StartsWith("\r\033[Kbaryon: loading x\r\033[Kbaryon: measuring"));
  EXPECT_THAT(text, testing::EndsWith("\r\033[K"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("\n")));
}

}  // namespace
}  // namespace baryon
