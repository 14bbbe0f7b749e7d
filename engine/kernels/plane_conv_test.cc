#include "engine/kernels/plane_conv.h"

#include <vector>

#include "engine/kernels/pool.h"
#include "engine/kernels/strip_conv.h"
#include "engine/kernels/testing/conv_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

void CheckBothLayouts(TestConv conv) {
  for (bool channels_first : {false, true}) {
    conv.channels_first_input = channels_first;
    conv.Check(PlaneConvPlan(conv.geometry, conv.Options(), channels_first));
  }
}

TEST(PlaneConvTest, MatchesReferenceForSmallLayers) {
  ForEachCpuTarget([] {
    for (int64_t channels : {1, 3, 6}) {
      CheckBothLayouts(TestConv::Square(channels, 6, 28, 3).Finish());
      CheckBothLayouts(TestConv::Square(channels, 20, 12, 5).Finish());
      CheckBothLayouts(TestConv::Square(channels, 1, 5, 1).Finish());
    }
  });
}

TEST(PlaneConvTest, MatchesReferenceForOddGeometries) {
  TestConv conv = TestConv::Square(3, 5, 8, 3);
  conv.geometry.batch = 2;
  conv.geometry.in = {1, 9, 13};
  conv.geometry.kernel = {1, 4, 2};
  conv.geometry.dilation = {1, 2, 3};
  conv.geometry.pad = {0, 5, 1};
  CheckBothLayouts(conv.Finish());
  conv.geometry.pad = {0, 0, 9};  // wider than the image
  conv.geometry.in = {1, 9, 2};
  CheckBothLayouts(conv.Finish());
}

TEST(PlaneConvTest, CutsLargeImagesIntoStrips) {
  const TestConv conv = TestConv::Square(2, 9, 150, 3).Finish();
  const PlaneConvPlan plan(conv.geometry, conv.Options(), false);
  EXPECT_GT(plan.num_tasks(), 3);
  conv.Check(plan);
}

TEST(PlaneConvTest, ActivatesAndLeavesOtherChannelsAlone) {
  for (Activation kind : {Activation::kRelu, Activation::kTanh}) {
    TestConv conv = TestConv::Square(3, 10, 12, 3).Finish();
    conv.activation.kind = kind;
    conv.in_border = 2;
    conv.out_border = 4;
    conv.Check(PlaneConvPlan(conv.geometry, conv.Options(), false));
  }
}

TEST(PlaneConvTest, GivesTheBitsOfTheStripProduct) {
  ForEachCpuTarget([] {
    const TestConv conv = TestConv::Square(3, 20, 30, 5).Finish();
    EXPECT_EQ(conv.Compute(PlaneConvPlan(conv.geometry, conv.Options(), false)),
              conv.Compute(StripConvPlan(conv.geometry, conv.Options(), false)));
  });
}

// The convolution's own results, pooled element by element.
std::vector<float> Pooled(const TestConv& conv, PoolType type) {
  const std::vector<float> whole = conv.Compute(StripConvPlan(conv.geometry, conv.Options(), false));
  PoolGeometry pool;
  pool.type = type;
  pool.batch = conv.geometry.batch;
  pool.channels = conv.geometry.filters;
  pool.in = conv.geometry.out;
  pool.windows[0] = {{0, 1, 1}};
  for (int axis : {1, 2}) pool.windows[axis] = SlidingWindows(pool.in[axis], pool.in[axis] / 2, 2, 2, 0, true);
  std::vector<float> out(pool.batch * pool.out_pixels() * pool.channels);
  PoolPlain(pool, /*channels_last=*/true, whole.data(), 0, static_cast<int64_t>(out.size()), out.data());
  return out;
}

TEST(PlaneConvTest, PoolsWhatItComputes) {
  ForEachCpuTarget([] {
    for (int64_t size : {8, 11, 28, 101}) {  // an odd row and column are dropped; the last has several strips
      for (int64_t filters : {6, 16}) {
        TestConv conv = TestConv::Square(2, filters, size, 3).Finish();
        conv.geometry.batch = 3;
        conv.activation.kind = Activation::kRelu;
        TestConv pooled = conv;
        pooled.geometry.out[1] /= 2;  // where Compute finds the output
        pooled.geometry.out[2] /= 2;
        for (bool channels_first : {false, true}) {
          pooled.channels_first_input = channels_first;
          ConvOptions options = conv.Options();
          options.pool = PairPool::kMax;
          EXPECT_EQ(pooled.Compute(PlaneConvPlan(conv.geometry, options, channels_first)),
                    Pooled(conv, PoolType::kMax));
          options.pool = PairPool::kAvg;
          EXPECT_EQ(pooled.Compute(PlaneConvPlan(conv.geometry, options, channels_first)),
                    Pooled(conv, PoolType::kAvg));
        }
      }
    }
  });
}

TEST(PlaneConvTest, NothingToPoolIsNothingToDo) {
  for (int64_t size : {0, 1}) {
    TestConv conv = TestConv::Square(1, 4, 6, 3).Finish();
    conv.geometry.out = {1, 4, size};
    ConvOptions options;
    options.pool = PairPool::kMax;
    EXPECT_EQ(PlaneConvPlan(conv.geometry, options, true).num_tasks(), 0);
  }
}

TEST(PlaneConvTest, TakesOrdinaryConvolutionsWithStrideOne) {
  EXPECT_TRUE(PlaneConvPlan::Supports(TestConv::Square(3, 8, 9, 3).Finish().geometry));
  EXPECT_FALSE(PlaneConvPlan::Supports(TestConv::Square(3, 8, 9, 3, 2).Finish().geometry));
  EXPECT_FALSE(PlaneConvPlan::Supports(TestConv::Square(4, 8, 9, 3, 1, 2).Finish().geometry));
  EXPECT_FALSE(PlaneConvPlan::Supports(TestConv::Square(3, 8, 9, 3).Transposed().Finish().geometry));
}

}  // namespace
}  // namespace baryon::kernels
