#include "engine/base/processor_name.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(ProcessorNameTest, IsOneLineWithoutSpaceAround) {
  const std::string name = ProcessorName();
  EXPECT_THAT(name, testing::MatchesRegex("[^ \t\n]|[^ \t\n][^\n]*[^ \t\n]"));
  EXPECT_EQ(ProcessorName(), name);
}

}  // namespace
}  // namespace baryon
