#include "engine/kernels/winograd_conv.h"

#include <vector>

#include "engine/kernels/testing/conv_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

// Winograd's error is larger than that of the definition; 4x4 stays within a hundredth of what `fast` allows here.
void Check(const TestConv& conv, int m) {
  const WinogradConvPlan plan(conv.geometry, conv.Options(), m);
  const double terms = static_cast<double>(conv.geometry.channels);
  ExpectClose(conv.Compute(plan), conv.Reference(),
              (m == 2   ? 5e-7
               : m == 3 ? 2.5e-6
                        : 4e-6) *
                  std::sqrt(terms * 9 + 4),
              absl::StrCat(conv.Name(), ", ", plan.ToString()));
}

TEST(WinogradConvTest, MatchesReferenceOverSizesAndChannels) {
  ForEachCpuTarget([] {
    for (int m : {2, 3, 4}) {
      for (int64_t size : {1, 2, 5, 8, 13}) {
        for (int64_t channels : {1, 16, 21}) {
          for (int64_t filters : {1, 17, 64, 70}) Check(TestConv::Square(channels, filters, size, 3).Finish(), m);
        }
      }
    }
  });
}

TEST(WinogradConvTest, PaddingMayBeNoneOrUneven) {
  for (int m : {2, 3, 4}) {
    TestConv conv = TestConv::Square(16, 20, 9, 3);
    conv.geometry.pad = {0, 0, 0};
    Check(conv.Finish(), m);
    conv.geometry.pad = {0, 2, 0};
    conv.geometry.in = {1, 7, 11};
    Check(conv.Finish(), m);
  }
}

TEST(WinogradConvTest, ResidualActivationAndWiderTensors) {
  for (int m : {2, 3, 4}) {
    TestConv conv = TestConv::Square(24, 40, 10, 3);
    conv.residual = true;
    conv.activation.kind = Activation::kRelu;
    Check(conv.Finish(), m);
    conv.in_place = true;
    Check(conv, m);
    conv.in_place = conv.residual = conv.bias = false;
    conv.activation.kind = Activation::kSigmoid;
    conv.in_border = conv.out_border = 8;
    Check(conv, m);
  }
}

TEST(WinogradConvTest, BitsDependOnNeitherThreadsNorBatch) {
  TestConv conv = TestConv::Square(40, 150, 14, 3);
  conv.geometry.batch = 3;
  conv.Finish();
  for (int m : {2, 3, 4}) {
    const std::vector<float> want = conv.Compute(WinogradConvPlan(conv.geometry, conv.Options(), m));
    for (int threads : {2, 3, 8}) {
      conv.threads = threads;
      EXPECT_EQ(conv.Compute(WinogradConvPlan(conv.geometry, conv.Options(), m)), want) << threads;
    }
    conv.threads = 1;
    TestConv one = conv;
    one.geometry.batch = 1;
    const std::vector<float> first = one.Compute(WinogradConvPlan(one.geometry, one.Options(), m));
    EXPECT_EQ(first, std::vector<float>(want.begin(), want.begin() + first.size()));
  }
}

TEST(WinogradConvTest, ManyTilesAreCutIntoBlocks) {
  for (int m : {2, 3, 4}) Check(TestConv::Square(128, 64, 40, 3).Finish(), m);
}

TEST(WinogradConvTest, IsTakenWhereItPays) {
  EXPECT_EQ(WinogradConvPlan::BestTile(TestConv::Square(64, 64, 56, 3).Finish().geometry, 4), 4);
  EXPECT_EQ(WinogradConvPlan::BestTile(TestConv::Square(64, 64, 56, 3).Finish().geometry, 2), 2);
  EXPECT_EQ(WinogradConvPlan::BestTile(TestConv::Square(64, 64, 56, 3).Finish().geometry, 0), 0);
  EXPECT_EQ(WinogradConvPlan::BestTile(TestConv::Square(512, 512, 7, 3).Finish().geometry, 4), 2);
  EXPECT_EQ(WinogradConvPlan::BestTile(TestConv::Square(256, 256, 14, 3).Finish().geometry, 4), 3);
  EXPECT_EQ(WinogradConvPlan::BestTile(TestConv::Square(64, 64, 56, 3, 2).Finish().geometry, 4), 0);
  EXPECT_EQ(WinogradConvPlan::BestTile(TestConv::Square(64, 64, 56, 1).Finish().geometry, 4), 0);
  EXPECT_EQ(WinogradConvPlan::BestTile(TestConv::Square(64, 64, 56, 3, 1, 2).Finish().geometry, 4), 0);
  EXPECT_EQ(WinogradConvPlan::BestTile(TestConv::Square(3, 64, 224, 3).Finish().geometry, 4), 0);
}

TEST(WinogradConvTest, AnEmptyBatchHasNoTasks) {
  TestConv conv = TestConv::Square(16, 16, 9, 3);
  conv.geometry.batch = 0;
  EXPECT_EQ(WinogradConvPlan(conv.Finish().geometry, {}, 4).num_tasks(), 0);
}

}  // namespace
}  // namespace baryon::kernels
