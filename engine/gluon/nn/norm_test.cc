#include "engine/gluon/nn/norm.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "engine/gluon/testing/both_ways.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::HasSubstr;

// [2, 4, 3]
NDArray Numbers() {
  return np::Array({{{-2.25, 0.25, 2.75}, {-0.25, 2.25, -0.75}, {1.75, -1.25, 1.25}, {-1.75, 0.75, -2.25}},
                    {{0.25, 2.75, -0.25}, {2.25, -0.75, 1.75}, {-1.25, 1.25, -1.75}, {0.75, -2.25, 0.25}}});
}

// What the layer gives for Numbers() with these parameters.
template <typename Layer>
NDArray Answer(Layer& layer, const NDArray& gamma, const NDArray& beta) {
  layer.Initialize();
  EXPECT_OK(layer.gamma().SetData(gamma));
  EXPECT_OK(layer.beta().SetData(beta));
  return BothWays(layer, Numbers());
}

void ExpectMXNets(const NDArray& got, const NDArray& expected) {
  EXPECT_TRUE(np::AllClose(got, expected.Reshape({2, 4, 3}), 1e-5, 1e-5)) << got;
}

TEST(LayerNormTest, GivesWhatMXNetGives) {
  nn::LayerNorm last;
  ExpectMXNets(
      Answer(last, np::Array({1, 2, -1}), np::Array({0.5, 0, 1})),
      np::Array({-0.7247435,   0,        -0.2247435, -0.007999003, 2.793995,  1.888998, 1.388998, -2.793994, 0.4920009,
                 -0.007999003, 2.793995, 1.888998,   -0.007999063, 2.793994,  1.888998, 1.388998, -2.793995, 0.492001,
                 -0.007999063, 2.793994, 1.888998,   1.388998,     -2.793995, 0.492001}));
  nn::LayerNorm middle({.axis = 1, .epsilon = 0.1, .center = false});
  ExpectMXNets(Answer(middle, np::Array({1, 2, -1, 0.5}), np::Array({0, 0, 0.25, 1})),
               np::Array({-1.023273,  -0.1938917, 1.295319, 0.4722799,  2.714483,   -1.036255, -1.245553,  1.607242,
                          -0.2681277, 0.64579,    1.096946, 0.3523403,  -0.1938917, 1.295319,  -0.1938917, 2.714483,
                          -1.036255,  2.714483,   1.607242, -0.2681277, 1.607242,   1.096946,  0.3523403,  1.096946}));
  EXPECT_EQ(middle.beta().grad_req(), gluon::GradReq::kNull);
}

TEST(InstanceNormTest, GivesWhatMXNetGives) {
  nn::InstanceNorm first;
  ExpectMXNets(Answer(first, np::Array({1, 2, -1, 0.5}), np::Array({0, 0, 0.25, 1})),
               np::Array({-1.224743, 0,         1.224743, -1.015998, 2.793994,   -1.777997, -0.6389983, 1.646997,
                          -0.257999, 0.7460005, 1.698499, 0.5555009, -0.5079991, 1.396997,  -0.8889983, 1.777997,
                          -2.793995, 1.015998,  0.757999, -1.146997, 1.138998,   1.444499,  0.3015014,  1.253999}));
  nn::InstanceNorm last({.axis = 2, .epsilon = 0.1, .scale = true});
  ExpectMXNets(Answer(last, np::Array({1, 2, -1}), np::Array({0.5, 0, 1})),
               np::Array({-0.5232732, -0.3877833, -0.2953194, 0.73614,  2.714483,  1.518128,  1.995553,  -2.714483,
                          0.4818723,  -0.2084199, 0.3877833,  2.29532,  0.3061083, 2.590639,  1.193892,  1.857242,
                          -1.036255,  -0.3572417, -0.8572417, 1.036255, 2.357242,  0.6938916, -2.590639, 0.8061084}));
}

TEST(GroupNormTest, GivesWhatMXNetGives) {
  nn::GroupNorm layer({.num_groups = 2});
  ExpectMXNets(Answer(layer, np::Array({1, 2}), np::Array({0.5, 0})),
               np::Array({-1.003718,  0.451493,  1.906704, 0.1604507, 1.615662,    -0.1305915, 2.573065,   -1.286532,
                          1.929799,   -1.929799, 1.286532, -2.573065, -0.07035017, 1.830817,   -0.4505836, 1.450584,
                          -0.8308171, 1.07035,   -1.1407,  2.661634,  -1.901167,   1.901167,   -2.661634,  1.1407}));
}

// As MXNet 2 has it. Each channel scaled by itself is what a group of equal numbers gives.
TEST(GroupNormTest, MayHaveANumberForEachChannel) {
  nn::GroupNorm groups({.num_groups = 2}), channels({.num_groups = 2, .in_channels = 0});
  EXPECT_EQ(channels.ToString(), "GroupNorm(eps=1e-05, num_groups=2, center=True, scale=True, in_channels=-1)");
  const NDArray expected = Answer(groups, np::Array({1, 2}), np::Array({0.5, 0}));
  channels.Initialize();
  ASSERT_OK(channels(Numbers()).status());
  ASSERT_OK(channels.gamma().SetData(np::Array({1, 1, 2, 2})));
  ASSERT_OK(channels.beta().SetData(np::Array({0.5, 0.5, 0, 0})));
  EXPECT_TRUE(np::AllClose(BothWays(channels, Numbers()), expected, 1e-5, 1e-5));
  EXPECT_EQ(channels.ToString(), "GroupNorm(eps=1e-05, num_groups=2, center=True, scale=True, in_channels=4)");
}

TEST(NormTest, FollowsTheFirstInputAndPrintsIt) {
  nn::LayerNorm layer;
  EXPECT_EQ(layer.ToString(), "LayerNorm(eps=1e-05, axis=-1, center=True, scale=True, in_channels=-1)");
  layer.Initialize();
  EXPECT_EQ(layer(np::Ones({2, 5})).shape(), Shape({2, 5}));
  EXPECT_EQ(layer.ToString(), "LayerNorm(eps=1e-05, axis=-1, center=True, scale=True, in_channels=5)");
  EXPECT_THAT(layer(np::Ones({2, 4})).status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("gamma")));
  EXPECT_EQ(nn::InstanceNorm({.epsilon = 0.25, .in_channels = 3}).ToString(),
            "InstanceNorm(eps=0.25, axis=1, center=True, scale=False, in_channels=3)");
  EXPECT_EQ(nn::GroupNorm().ToString(), "GroupNorm(eps=1e-05, num_groups=1, center=True, scale=True)");
}

TEST(NormTest, ReportsInputsThatDoNotFit) {
  nn::LayerNorm beyond({.axis = 2});
  beyond.Initialize();
  EXPECT_THAT(beyond(np::Ones({2, 5})).status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("axis 2")));
  nn::GroupNorm groups({.num_groups = 3});
  groups.Initialize();
  EXPECT_THAT(groups(np::Ones({2, 4, 2})).status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("divides")));
}

}  // namespace
}  // namespace baryon
