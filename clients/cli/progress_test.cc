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

TEST(ProgressTest, TransfersSayHowFastTheyAreAndHowLongTheyTake) {
  EXPECT_EQ(DescribeTransfer(25000000, 100000000, 20000000, absl::Seconds(2)),
            "[=====               ] 25.0 of 100.0 MB, 10.0 MB/s, 0:08 left");
  EXPECT_EQ(DescribeTransfer(1000000, 1000000000, 1000000, absl::Seconds(1)),
            "[                    ] 1.0 of 1000.0 MB, 1.0 MB/s, 16:39 left");
  EXPECT_EQ(DescribeTransfer(100, 100, 100, absl::ZeroDuration()), "[====================] 0.0 of 0.0 MB");
  EXPECT_EQ(DescribeTransfer(2500000, 0, 0, absl::Seconds(1)), "2.5 MB");
}

TEST(ProgressTest, TransfersShowOnTerminalsAlone) {
  const auto transfer = [](Progress& progress) {
    for (int64_t done = 0; done < 100; ++done) progress.UpdateBytes(done, 100);
  };
  EXPECT_EQ(Written(false, transfer), "");
  EXPECT_THAT(Written(true, transfer), testing::HasSubstr("of 0.0 MB"));
}

}  // namespace
}  // namespace baryon
