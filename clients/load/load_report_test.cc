#include "clients/load/load_report.h"

#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace baryon {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

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

TEST(LoadReportTest, IsALineForASpreadsheet) {
  const std::string head = CsvHead(), line = ToCsv(SomeReport(), "a,\"b");
  EXPECT_THAT(line, StartsWith("\"a,\"\"b\",4,0,2,3,108,100,1,50,150,"));
  EXPECT_THAT(line, EndsWith(",\"7 UNAVAILABLE, 1 not sent\"\n"));
  // Two commas are inside of fields.
  EXPECT_EQ(std::count(head.begin(), head.end(), ','), std::count(line.begin(), line.end(), ',') - 2);
}

TEST(LoadReportTest, IsAPictureOfBars) {
  LoadReport report = SomeReport();
  EXPECT_EQ(DrawBars(report), "");
  report.bars = {{absl::Microseconds(500), 100}, {absl::Milliseconds(1), 0}, {absl::Seconds(2), 1}};
  const std::string full(50, '#'), empty(50, ' ');
  EXPECT_EQ(DrawBars(report), "     <= 500 us  " + full + "  100\n" +     //
                                  "       <= 1 ms  " + empty + "  0\n" +  //
                                  "        <= 2 s  #" + std::string(49, ' ') + "  1\n");
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
