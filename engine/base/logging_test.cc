#include "engine/base/logging.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::ElementsAre;

TEST(LoggingTest, SinkReceivesSeverityMessageAndFields) {
  std::vector<std::string> lines;
  SetLogSink([&](LogSeverity severity, absl::string_view message, LogFields fields) {
    std::string line = absl::StrCat(LogSeverityName(severity), "|", message);
    for (const auto& [name, value] : fields) absl::StrAppend(&line, "|", name, "=", value);
    lines.push_back(line);
  });
  LogInfo("ready");
  LogWarning("unknown attribute", {{"node", "conv0"}, {"attribute", "foo"}});
  LogError("no");
  SetLogSink(nullptr);
  EXPECT_THAT(lines, ElementsAre("info|ready", "warning|unknown attribute|node=conv0|attribute=foo", "error|no"));
}

TEST(LoggingTest, DefaultWritesOneLineToStderr) {
  testing::internal::CaptureStderr();
  LogWarning("half a file", {{"path", "a.params"}});
  LogInfo("done");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "baryon: warning: half a file path=a.params\nbaryon: done\n");
}

TEST(LoggingTest, NobodyForgesALineOrSteersTheTerminal) {
  testing::internal::CaptureStderr();
  LogInfo("a\nb", {{"name", "x\x1b[2J\x7f"}, {"empty", ""}, {"text", "\xc3\xa4"}});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "baryon: a\\x0ab name=x\\x1b[2J\\x7f text=\xc3\xa4\n");
}

}  // namespace
}  // namespace baryon
