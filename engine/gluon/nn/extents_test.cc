#include "engine/gluon/nn/extents.h"

#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::nn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ExtentsTest, AreOneNumberForAllAxesOrOneForEach) {
  const auto texts = [](const Extents& extents) { return FormatAttr(*extents.ForAxes(2, "padding")); };
  EXPECT_EQ(texts(3), "(3, 3)");
  EXPECT_EQ(texts({0, 3}), "(0, 3)");
  EXPECT_EQ(FormatAttr(*Extents({3}).ForAxes(1, "padding")), "(3,)");
}

TEST(ExtentsTest, RefuseAnotherNumberOfAxes) {
  const absl::StatusOr<IntTuple> wrong = Extents({1, 2, 3}).ForAxes(2, "kernel_size");
  EXPECT_EQ(wrong.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(wrong.status().message()),
              HasSubstr("kernel_size must be a number or a list of 2 ints, got (1, 2, 3)"));
  EXPECT_FALSE(Extents({3}).ForAxes(2, "kernel_size").ok());
}

TEST(ExtentsTest, NameLayouts) {
  EXPECT_EQ(ChannelsFirst(1), "NCW");
  EXPECT_EQ(ChannelsFirst(3), "NCDHW");
  EXPECT_EQ(ChannelsLast(2), "NHWC");
}

}  // namespace
}  // namespace baryon::nn
