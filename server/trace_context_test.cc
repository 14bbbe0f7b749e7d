#include "server/trace_context.h"

#include <string>

#include "gtest/gtest.h"

namespace baryon {
namespace {

constexpr char kHeader[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceContextTest, TakesAHeaderApart) {
  const std::optional<TraceContext> context = ParseTraceparent(kHeader);
  ASSERT_TRUE(context.has_value());
  EXPECT_EQ(context->trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(context->parent_id, "00f067aa0ba902b7");
  EXPECT_TRUE(context->sampled);
}

TEST(TraceContextTest, PassesTheJourneyOnWithANewParent) {
  EXPECT_EQ(FormatTraceparent(*ParseTraceparent(kHeader), "0123456789abcdef"),
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0123456789abcdef-01");
}

TEST(TraceContextTest, ReadsWhatLaterVersionsAdd) {
  EXPECT_TRUE(ParseTraceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes").has_value());
}

TEST(TraceContextTest, IgnoresWhatIsNoHeader) {
  for (const std::string& header :
       {std::string(), std::string("00-"), std::string(kHeader) + "-more",
        std::string("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        std::string("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"),
        std::string("00-00000000000000000000000000000000-00f067aa0ba902b7-01"),
        std::string("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"),
        std::string("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0\n"),
        std::string("00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), std::string(1 << 20, '0')}) {
    EXPECT_FALSE(ParseTraceparent(header).has_value()) << header.substr(0, 80);
  }
}

TEST(TraceContextTest, SpanIdsDiffer) {
  const std::string id = NewSpanId();
  EXPECT_EQ(id.size(), 16u);
  EXPECT_NE(id, NewSpanId());
}

}  // namespace
}  // namespace baryon
