#include "clients/load/load_report.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace baryon {
namespace {

using testing::AllOf;
using testing::HasSubstr;

LoadReport SomeReport() {
  LoadReport report;
  report.concurrency = 4;
  report.time = absl::Seconds(2);
  report.rows = 3;
  report.answered = 100;
  report.failed = {{"UNAVAILABLE", 7}};
  report.unsent = 1;
  report.latency.p99 = absl::Milliseconds(12.5);
  return report;
}

TEST(LoadReportTest, CountsWhatWasAnswered) {
  EXPECT_EQ(SomeReport().requests(), 108);
  EXPECT_EQ(SomeReport().requests_per_second(), 50);
  EXPECT_EQ(LoadReport().requests_per_second(), 0);
}

TEST(LoadReportTest, IsJson) {
  const nlohmann::json json = nlohmann::json::parse(ToJson(SomeReport(), "a\"b"));
  EXPECT_EQ(json["model"], "a\"b");
  EXPECT_EQ(json["concurrency"], 4);
  EXPECT_FALSE(json.contains("rate"));
  EXPECT_EQ(json["rows_per_second"], 150);
  EXPECT_EQ(json["p99_ms"], 12.5);
  EXPECT_EQ(json["failed"]["UNAVAILABLE"], 7);
}

TEST(LoadReportTest, IsALineOfATable) {
  EXPECT_THAT(TableLine(SomeReport()),
              AllOf(HasSubstr("4 clients"), HasSubstr("12.500"), HasSubstr("7 UNAVAILABLE, 1 not sent\n")));
  LoadReport open = SomeReport();
  open.concurrency = 0;
  open.rate = 250;
  EXPECT_THAT(TableLine(open), HasSubstr("250/s"));
}

}  // namespace
}  // namespace baryon
