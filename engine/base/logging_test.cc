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

TEST(LoggingTest, NamesFromFilesCannotBreakALine) {
  testing::internal::CaptureStderr();
  LogInfo("\"a\nb\033[31m\"", {{"name", "x\r\ny"}});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "baryon: \"a b [31m\" name=x  y\n");
}

}  // namespace
}  // namespace baryon
