#include "server/quote.h"

#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(QuoteTest, LeavesPlainNamesAlone) { EXPECT_EQ(Quote("resnet50_v2"), "\"resnet50_v2\""); }

TEST(QuoteTest, EscapesWhatWouldForgeALogLine) { EXPECT_EQ(Quote("a\n\"b\"\x1b"), R"("a\n\"b\"\033")"); }

TEST(QuoteTest, CutsLongTexts) {
  const std::string quoted = Quote(std::string(1 << 20, 'x'));
  EXPECT_EQ(quoted, "\"" + std::string(128, 'x') + "...\"");
}

}  // namespace
}  // namespace baryon
