// Numbers and texts are those of MXNet 1.9.1 for the same layers, see testing/pattern.h.
#include "engine/gluon/nn/pool.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "engine/gluon/testing/pattern.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

// `expected` has the elements in order.
void ExpectAnswer(nn::Pool&& pool, const Shape& input, const Shape& output, const NDArray& expected) {
  const NDArray y = PatternAnswer(pool, input);
  EXPECT_EQ(y.shape(), output) << pool << y;
  EXPECT_TRUE(np::AllClose(np::Ravel(y), expected, 1e-5, 1e-6)) << pool << y;
}

TEST(PoolTest, TakesTheLargestOfEachWindow) {
  ExpectAnswer(nn::MaxPool1D(), {1, 2, 5}, {1, 2, 2}, np::Array({0.5, 1.25, 1, 0}));
  ExpectAnswer(nn::MaxPool2D({.pool_size = 3, .strides = 2, .padding = 1}), {1, 1, 4, 5}, {1, 1, 2, 3},
               np::Array({1, 1.25, 1.25, 1, 1, 1.25}));
  ExpectAnswer(nn::MaxPool3D({.strides = 1}), {1, 1, 2, 2, 3}, {1, 1, 1, 1, 2}, np::Array({1.25, 0.5}));
}

TEST(PoolTest, RoundsUpInCeilMode) {
  ExpectAnswer(nn::MaxPool1D({.ceil_mode = true}), {1, 2, 5}, {1, 2, 3}, np::Array({0.5, 1.25, 0.25, 1, 0, 0.75}));
  ExpectAnswer(nn::AvgPool2D({.pool_size = 3, .strides = 2, .padding = 1, .ceil_mode = true}), {1, 1, 4, 4},
               {1, 1, 3, 3},
               np::Array({-0.138889, 0.166667, 0.208333, -0.0833333, 0.0555556, -0.166667, 0, 0.166667, 0.0625}));
}

TEST(PoolTest, TakesTheMeanOfEachWindowWithPaddingOrWithout) {
  ExpectAnswer(nn::AvgPool1D({.pool_size = 3, .strides = 1, .padding = 1}), {1, 1, 4}, {1, 1, 4},
               np::Array({-0.25, -0.416667, 0.416667, 0.25}));
  ExpectAnswer(nn::AvgPool1D({.pool_size = 3, .strides = 1, .padding = 1, .count_include_pad = false}), {1, 1, 4},
               {1, 1, 4}, np::Array({-0.375, -0.416667, 0.416667, 0.375}));
  ExpectAnswer(nn::AvgPool2D({.pool_size = {1, 2}}), {1, 1, 2, 4}, {1, 1, 2, 2},
               np::Array({-0.375, 0.375, -0.25, 0.5}));
  ExpectAnswer(nn::AvgPool3D(), {1, 1, 2, 2, 2}, {1, 1, 1, 1, 1}, np::Array({0.0625}));
}

TEST(PoolTest, PoolsWholePictures) {
  ExpectAnswer(nn::GlobalMaxPool1D(), {1, 2, 3}, {1, 2, 1}, np::Array({0.5, 1.25}));
  ExpectAnswer(nn::GlobalAvgPool1D(), {1, 2, 3}, {1, 2, 1}, np::Array({-0.416667, 0.25}));
  ExpectAnswer(nn::GlobalMaxPool2D(), {1, 2, 2, 2}, {1, 2, 1, 1}, np::Array({1.25, 1}));
  ExpectAnswer(nn::GlobalAvgPool2D(), {1, 2, 2, 2}, {1, 2, 1, 1}, np::Array({0, 0.125}));
  ExpectAnswer(nn::GlobalMaxPool3D(), {1, 2, 1, 2, 2}, {1, 2, 1, 1, 1}, np::Array({1.25, 1}));
  ExpectAnswer(nn::GlobalAvgPool3D(), {1, 2, 1, 2, 2}, {1, 2, 1, 1, 1}, np::Array({0, 0.125}));
}

TEST(PoolTest, TakesChannelsLast) {
  const NDArray x = np::random::Uniform(-1, 1, {2, 3, 6, 4}), last = x.Transpose({0, 2, 3, 1});
  nn::MaxPool2D max, max_last({.layout = "NHWC"});
  EXPECT_TRUE(np::ArrayEqual(max_last(last).Transpose({0, 3, 1, 2}), max(x)));
  nn::GlobalAvgPool2D mean, mean_last({.layout = "NHWC"});
  EXPECT_TRUE(np::AllClose(mean_last(last).Transpose({0, 3, 1, 2}), mean(x), 1e-5, 1e-6));
}

TEST(PoolTest, Prints) {
  EXPECT_EQ(nn::MaxPool1D().ToString(),
            "MaxPool1D(size=(2,), stride=(2,), padding=(0,), ceil_mode=False, global_pool=False, pool_type=max, "
            "layout=NCW)");
  EXPECT_EQ(nn::AvgPool2D({.pool_size = 3, .strides = 2, .padding = 1, .ceil_mode = true}).ToString(),
            "AvgPool2D(size=(3, 3), stride=(2, 2), padding=(1, 1), ceil_mode=True, global_pool=False, pool_type=avg, "
            "layout=NCHW)");
  EXPECT_EQ(nn::GlobalAvgPool3D().ToString(),
            "GlobalAvgPool3D(size=(1, 1, 1), stride=(1, 1, 1), padding=(0, 0, 0), ceil_mode=True, global_pool=True, "
            "pool_type=avg, layout=NCDHW)");
}

TEST(PoolTest, ReportsSizesAndInputsThatDoNotFit) {
  nn::MaxPool2D size({.pool_size = {2, 2, 2}}), layout({.layout = "NCW"}), good;
  EXPECT_THAT(size(np::Ones({1, 1, 4, 4})).status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("pool_size must be a number or a list of 2 ints")));
  EXPECT_THAT(layout(np::Ones({1, 1, 4, 4})).status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("Only NCHW and NHWC layouts are valid for 2D Pooling")));
  EXPECT_THAT(good(np::Ones({1, 4, 4})).status(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("Pooling")));
}

}  // namespace
}  // namespace baryon
