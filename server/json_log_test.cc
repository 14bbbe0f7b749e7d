#include "server/json_log.h"

#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(JsonLogTest, WritesOneObjectALine) {
  EXPECT_EQ(FormatJsonLog(absl::UnixEpoch(), LogSeverity::kWarning, "loaded", {{"model", "a"}, {"ms", "7"}}),
            "{\"time\":\"1970-01-01T00:00:00+00:00\",\"severity\":\"warning\",\"message\":\"loaded\",\"model\":\"a\","
            "\"ms\":\"7\"}\n");
}

TEST(JsonLogTest, LeavesOutWhatIsEmpty) {
  EXPECT_EQ(FormatJsonLog(absl::UnixEpoch(), LogSeverity::kInfo, "request", {{"trace_id", ""}, {"model", "m"}}),
            "{\"time\":\"1970-01-01T00:00:00+00:00\",\"severity\":\"info\",\"message\":\"request\",\"model\":\"m\"}\n");
}

TEST(JsonLogTest, EscapesWhateverStandsInAMessage) {
  const std::string line = FormatJsonLog(absl::UnixEpoch(), LogSeverity::kInfo, "a\n\"b\"\xff", {});
  EXPECT_NE(line.find("a\\n\\\"b\\\"\xEF\xBF\xBD"), std::string::npos) << line;
  EXPECT_EQ(line.find('\n'), line.size() - 1);
}

}  // namespace
}  // namespace baryon
