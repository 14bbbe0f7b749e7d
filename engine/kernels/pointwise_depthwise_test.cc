#include "engine/kernels/pointwise_depthwise.h"

#include "engine/kernels/indirect_conv.h"
#include "engine/kernels/testing/conv_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

// The two convolutions: of `in_channels` channels to `channels`, and depthwise.
struct Net {
  PointwiseDepthwiseShape shape;
  ActivationSpec pointwise_activation = {Activation::kClip, 0, 0.5f}, activation = {};
  bool bias = true;

  Net(int64_t in_channels, int64_t channels, int64_t height, int64_t width, int64_t stride) {
    TestConv conv = TestConv::Square(channels, channels, height, 3, stride, channels);
    conv.geometry.in = {1, height, width};
    shape = {conv.Finish().geometry, in_channels};
  }

  ConvGeometry pointwise() const {
    ConvGeometry g;
    g.batch = shape.depthwise.batch;
    g.channels = shape.in_channels;
    g.filters = shape.depthwise.channels;
    g.in = g.out = shape.depthwise.in;
    return g;
  }
  std::vector<float> In() const {
    return RandomFloats(shape.depthwise.batch * pointwise().in_pixels() * shape.in_channels, 1);
  }
  std::vector<float> PointwiseWeight() const { return RandomFloats(shape.depthwise.channels * shape.in_channels, 2); }
  std::vector<float> Weight() const { return RandomFloats(shape.depthwise.channels * 9, 3); }
  std::vector<float> PointwiseBias() const { return RandomFloats(shape.depthwise.channels, 4); }
  std::vector<float> Bias() const { return RandomFloats(shape.depthwise.channels, 5); }

  // One convolution by a plan for it alone.
  static std::vector<float> Run(const ConvPlan& plan, const ConvGeometry& g, const std::vector<float>& in,
                                const std::vector<float>& weight, const float* bias, const ActivationSpec& activation) {
    AlignedBuffer packed(plan.packed_size()), workspace(plan.workspace_bytes() / 4 + 1);
    plan.Pack(weight.data(), StridesOfWeight(g, true), packed.data());
    std::vector<float> out(g.batch * g.out_pixels() * g.filters);
    const ConvOperands operands = {in.data(), packed.data(), out.data(), bias, nullptr, activation};
    for (int task = 0; task < plan.num_tasks(); ++task) {
      plan.RunTask(task, operands, reinterpret_cast<char*>(workspace.data()));
    }
    return out;
  }

  std::vector<float> OneByOne() const {
    const std::vector<float> pointwise_bias = PointwiseBias(), depthwise_bias = Bias();
    const std::vector<float> map = Run(IndirectConvPlan(pointwise(), {}), pointwise(), In(), PointwiseWeight(),
                                       bias ? pointwise_bias.data() : nullptr, pointwise_activation);
    return Run(Depthwise3x3Plan(shape.depthwise, {}), shape.depthwise, map, Weight(),
               bias ? depthwise_bias.data() : nullptr, activation);
  }

  std::vector<float> Together(int threads) const {
    const PointwiseDepthwisePlan plan(shape, threads);
    const std::vector<float> in = In(), pointwise_bias = PointwiseBias(), depthwise_bias = Bias();
    AlignedBuffer pointwise(plan.pointwise_size()), depthwise(plan.depthwise_size());
    plan.PackPointwise(PointwiseWeight().data(), pointwise.data());
    plan.PackDepthwise(Weight().data(), depthwise.data());
    std::vector<float> out(shape.depthwise.batch * shape.depthwise.out_pixels() * shape.depthwise.channels);
    const PointwiseDepthwiseOperands operands = {
        in.data(),
        out.data(),
        {pointwise.data(), bias ? pointwise_bias.data() : nullptr, pointwise_activation},
        {depthwise.data(), bias ? depthwise_bias.data() : nullptr, activation}};
    for (int task = plan.num_tasks() - 1; task >= 0; --task) {
      // A task finds nothing that another left.
      AlignedBuffer workspace(plan.workspace_bytes() / 4);
      std::fill_n(workspace.data(), workspace.size(), 1e30f);
      plan.RunTask(task, operands, reinterpret_cast<char*>(workspace.data()));
    }
    return out;
  }

  void Check() const {
    for (int threads : {1, 2, 3, 16}) {
      EXPECT_EQ(Together(threads), OneByOne())
          << shape.in_channels << " to " << shape.depthwise.channels << " channels, " << shape.depthwise.in[1] << "x"
          << shape.depthwise.in[2] << ", stride " << shape.depthwise.stride[1] << ", " << threads << " threads";
    }
  }
};

TEST(PointwiseDepthwiseTest, IsBothConvolutionsToTheBit) {
  ForEachCpuTarget([] {
    for (int64_t stride : {1, 2}) {
      for (int64_t channels : {1, 16, 24, 70}) Net(7, channels, 14, 12, stride).Check();
    }
  });
}

TEST(PointwiseDepthwiseTest, EveryHeightFitsTheRing) {
  for (int64_t stride : {1, 2}) {
    for (int64_t height = 1; height < 14; ++height) Net(5, 20, height, 9, stride).Check();
  }
}

TEST(PointwiseDepthwiseTest, BandsMayCrossImages) {
  for (int64_t stride : {1, 2}) {
    Net net(6, 33, 10, 10, stride);
    net.shape.depthwise.batch = 3;
    net.Check();
  }
}

TEST(PointwiseDepthwiseTest, PadsLessThanTheKernel) {
  Net net(4, 8, 11, 11, 2);
  net.shape.depthwise.pad = {0, 0, 1};
  net.shape.depthwise.out[1] = 5;
  net.Check();
}

TEST(PointwiseDepthwiseTest, ActivatesBothOrNeither) {
  Net net(9, 18, 9, 9, 1);
  net.pointwise_activation = {Activation::kSwish};
  net.activation = {Activation::kClip, -0.1f, 0.1f};
  net.bias = false;
  net.Check();
  net.pointwise_activation = {};
  net.Check();
}

TEST(PointwiseDepthwiseTest, CountsTheRowsThatTasksComputeAgain) {
  const Net net(4, 8, 32, 32, 1);
  const PointwiseDepthwisePlan one(net.shape, 1), two(net.shape, 2);
  EXPECT_EQ(one.num_multiplications(), 32 * 32 * 8 * (4 + 9));
  EXPECT_EQ(one.num_executed_multiplications(), one.num_multiplications());
  EXPECT_EQ(two.num_tasks(), 2);
  EXPECT_EQ(two.num_executed_multiplications(), two.num_multiplications() + 2 * 32 * 8 * 4);
}

}  // namespace
}  // namespace baryon::kernels
