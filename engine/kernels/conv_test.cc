#include "engine/kernels/conv.h"

#include "engine/kernels/testing/conv_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

using ::testing::StartsWith;

std::string Choice(const TestConv& conv) { return MakeConvPlan(conv.geometry, conv.Options())->ToString(); }

TEST(ConvTest, ChoosesByGeometry) {
  EXPECT_THAT(Choice(TestConv::Square(64, 128, 14, 3).Finish()), StartsWith("indirect gemm"));
  EXPECT_THAT(Choice(TestConv::Square(64, 128, 14, 1, 2).Finish()), StartsWith("indirect gemm"));
  EXPECT_THAT(Choice(TestConv::Square(3, 64, 32, 7, 2).Finish()), StartsWith("strip gemm"));
  EXPECT_THAT(Choice(TestConv::Square(64, 64, 14, 3, 1, 64).Finish()), StartsWith("depthwise 3x3"));
  EXPECT_THAT(Choice(TestConv::Square(64, 64, 14, 5, 1, 64).Finish()), StartsWith("depthwise avx"));
  EXPECT_THAT(Choice(TestConv::Square(64, 128, 14, 3, 1, 64).Finish()), StartsWith("indirect gemm"));
  EXPECT_THAT(Choice(TestConv::Square(1, 20, 14, 3).Finish()), StartsWith("planes"));
  EXPECT_THAT(Choice(TestConv::Square(6, 16, 7, 5).Finish()), StartsWith("strip gemm"));  // 5 of 11 columns are border
  EXPECT_THAT(Choice(TestConv::Square(3, 8, 14, 4, 2).Transposed().Finish()), StartsWith("indirect gemm"));
}

TEST(ConvTest, ReadsChannelsFirstOnlyWhereChannelsAreFew) {
  EXPECT_NE(MakeChannelsFirstConvPlan(TestConv::Square(3, 64, 32, 7, 2).Finish().geometry, {}), nullptr);
  EXPECT_EQ(MakeChannelsFirstConvPlan(TestConv::Square(64, 64, 32, 3).Finish().geometry, {}), nullptr);
}

// Every choice, over sizes around those where something changes.
TEST(ConvTest, MatchesReference) {
  ForEachCpuTarget([] {
    for (int64_t channels : {1, 3, 15, 16, 40}) {
      for (int64_t filters : {1, 16, 40}) {
        for (int64_t kernel : {1, 3}) {
          const TestConv conv = TestConv::Square(channels, filters, 9, kernel, 2).Finish();
          conv.Check(*MakeConvPlan(conv.geometry, conv.Options()));
        }
      }
    }
  });
}

TEST(ConvTest, AnEmptyBatchHasNoTasks) {
  for (TestConv conv :
       {TestConv::Square(3, 8, 9, 3), TestConv::Square(20, 8, 9, 3), TestConv::Square(8, 8, 9, 3, 1, 8)}) {
    conv.geometry.batch = 0;
    conv.Finish();
    EXPECT_EQ(MakeConvPlan(conv.geometry, {})->num_tasks(), 0);
  }
}

}  // namespace
}  // namespace baryon::kernels
