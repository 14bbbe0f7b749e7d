#include "engine/zoo/net_builder.h"

#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baryon::zoo {
namespace {

TEST(NetBuilderTest, CountsLayersOfAKind) {
  NetBuilder net("net0_", 8);
  Sequence features(net, "features", net.data());
  features.Conv({.channels = 4}).Relu().Conv({.channels = 2, .use_bias = false}).Flatten();
  const auto network = std::move(net).Build(features.value());
  ASSERT_OK(network);
  ASSERT_EQ(network->parameters.size(), 3u);
  EXPECT_EQ(network->parameters[0].name, "net0_conv0_weight");
  EXPECT_EQ(network->parameters[1].name, "net0_conv0_bias");
  EXPECT_EQ(network->parameters[2].name, "net0_conv1_weight");
  EXPECT_EQ(network->parameters[2].structure, "features.2.weight");
  EXPECT_EQ(network->graph.outputs()[0].name, "net0_flatten0_flatten0_output");
}

TEST(NetBuilderTest, FindsShapesOfParameters) {
  NetBuilder net("net0_", 8);
  const Value conv = net.Conv(net.data(), "conv", {.channels = 4, .kernel = {3, 3}});
  const auto network = std::move(net).Build(net.Dense(conv, "output", 10));
  ASSERT_OK(network);
  const auto shape = [&](int i) { return network->graph.type({network->parameters[i].node, 0}).shape; };
  EXPECT_EQ(shape(0), (Shape{4, 3, 3, 3}));
  EXPECT_EQ(shape(2), (Shape{10, 4 * 6 * 6}));
}

TEST(NetBuilderTest, CountsAnewWithinAScope) {
  NetBuilder net("net0_", 8);
  Value x = net.Relu(net.data());
  {
    const NetBuilder::Scope scope(net, "stage1_");
    x = net.Add(net.Relu(x), x, "_plus");
  }
  EXPECT_EQ(net.NextName("relu"), "relu1");
  const auto network = std::move(net).Build(x);
  ASSERT_OK(network);
  EXPECT_EQ(network->graph.outputs()[0].name, "net0_stage1__plus0_output");
}

TEST(NetBuilderTest, ReportsAPictureTooSmallForAKernel) {
  NetBuilder net("net0_", 8);
  const Value conv = net.Conv(net.data(), "conv", {.channels = 4, .kernel = {9, 9}});
  EXPECT_EQ(std::move(net).Build(conv).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace baryon::zoo
