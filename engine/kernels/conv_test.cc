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
  EXPECT_THAT(Choice(TestConv::Square(3, 64, 32, 7, 2).Finish()), StartsWith("strip"));
  EXPECT_THAT(Choice(TestConv::Square(64, 64, 14, 3, 1, 64).Finish()), StartsWith("depthwise 3x3"));
  EXPECT_THAT(Choice(TestConv::Square(64, 64, 14, 5, 1, 64).Finish()), StartsWith("depthwise avx"));
  EXPECT_THAT(Choice(TestConv::Square(64, 128, 14, 3, 1, 64).Finish()), StartsWith("indirect gemm"));
  EXPECT_THAT(Choice(TestConv::Square(1, 20, 14, 3).Finish()), StartsWith("planes"));
  EXPECT_THAT(Choice(TestConv::Square(6, 16, 7, 5).Finish()), StartsWith("strip"));  // 5 of 11 columns are border
  EXPECT_THAT(Choice(TestConv::Square(3, 8, 14, 4, 2).Transposed().Finish()), StartsWith("indirect gemm"));
}

TEST(ConvTest, ReadsChannelsFirstOnlyWhereChannelsAreFew) {
  EXPECT_NE(MakeChannelsFirstConvPlan(TestConv::Square(3, 64, 32, 7, 2).Finish().geometry, {}), nullptr);
  EXPECT_EQ(MakeChannelsFirstConvPlan(TestConv::Square(64, 64, 32, 3).Finish().geometry, {}), nullptr);
}

TEST(ConvTest, TakesTheAlgorithmThatOptionsName) {
  const auto choice = [](const TestConv& conv, const char* name, int most_winograd = 4) {
    ConvOptions options;
    options.most_winograd = most_winograd;
    options.most_strassen = 2;
    options.algorithm = name;
    return MakeConvPlan(conv.geometry, options)->ToString();
  };
  const TestConv three = TestConv::Square(64, 128, 14, 3).Finish(), one = TestConv::Square(64, 128, 14, 1).Finish();
  EXPECT_THAT(choice(three, "indirect"), StartsWith("indirect gemm"));
  EXPECT_THAT(choice(three, "winograd2"), StartsWith("winograd 2x2"));
  EXPECT_THAT(choice(three, "winograd3"), StartsWith("winograd 3x3"));
  EXPECT_THAT(choice(three, "winograd4"), StartsWith("winograd 4x4"));
  EXPECT_THAT(choice(one, "strassen1"), StartsWith("strassen 7 "));
  EXPECT_THAT(choice(one, "strassen2"), StartsWith("strassen 7x7 "));
  // What cannot be taken, or is not allowed, leaves the rule's.
  EXPECT_EQ(choice(one, "winograd2"), choice(one, ""));
  EXPECT_EQ(choice(three, "winograd4", 2), choice(three, "", 2));
  EXPECT_EQ(choice(three, "no such name"), choice(three, ""));
  const TestConv depthwise = TestConv::Square(64, 64, 14, 3, 1, 64).Finish();
  EXPECT_EQ(choice(depthwise, "indirect"), choice(depthwise, ""));
}

TEST(ConvTest, TakesPhasesForFirstLayersOfResidualNetworksUnlessStrict) {
  const TestConv stem = TestConv::Square(3, 64, 64, 7, 2).Finish();
  ConvOptions options;
  options.most_winograd = 4;
  EXPECT_THAT(MakeConvPlan(stem.geometry, options)->ToString(), StartsWith("winograd 3x3 of 4x4"));
  EXPECT_THAT(MakeChannelsFirstConvPlan(stem.geometry, options)->ToString(), StartsWith("winograd 3x3 of 4x4"));
  options.most_winograd = 2;
  EXPECT_THAT(MakeConvPlan(stem.geometry, options)->ToString(), StartsWith("strip"));
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
