#include "engine/kernels/conv_depthwise.h"

#include "engine/kernels/indirect_conv.h"
#include "engine/kernels/strip_conv.h"
#include "engine/kernels/testing/conv_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

// The two convolutions.
struct Net {
  ConvDepthwiseShape shape;
  ActivationSpec first_activation = {Activation::kClip, 0, 0.5f}, activation = {};
  bool bias = true;

  // A pointwise one to `channels` channels, and depthwise.
  Net(int64_t in_channels, int64_t channels, int64_t height, int64_t width, int64_t stride) {
    ConvGeometry first;
    first.channels = in_channels;
    first.filters = channels;
    first.in = first.out = {1, height, width};
    *this = Net(first, stride);
  }
  // Any, and depthwise.
  Net(const ConvGeometry& first, int64_t stride) {
    TestConv conv = TestConv::Square(first.filters, first.filters, first.out[1], 3, stride, first.filters);
    conv.geometry.in = first.out;
    conv.geometry.batch = first.batch;
    shape = {first, conv.Finish().geometry};
  }

  void SetBatch(int64_t batch) { shape.first.batch = shape.depthwise.batch = batch; }
  std::vector<float> In() const {
    return RandomFloats(shape.first.batch * shape.first.in_pixels() * shape.first.channels, 1);
  }
  std::vector<float> FirstWeight() const {
    return RandomFloats(shape.first.filters * shape.first.num_positions() * shape.first.channels, 2);
  }
  std::vector<float> Weight() const { return RandomFloats(shape.depthwise.channels * 9, 3); }
  std::vector<float> FirstBias() const { return RandomFloats(shape.first.filters, 4); }
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
    const std::vector<float> first_bias = FirstBias(), depthwise_bias = Bias();
    const float* const bias_of_first = bias ? first_bias.data() : nullptr;
    const std::vector<float> map = shape.channels_first ? Run(StripConvPlan(shape.first, {}, true), shape.first, In(),
                                                              FirstWeight(), bias_of_first, first_activation)
                                                        : Run(IndirectConvPlan(shape.first, {}), shape.first, In(),
                                                              FirstWeight(), bias_of_first, first_activation);
    return Run(Depthwise3x3Plan(shape.depthwise, {}), shape.depthwise, map, Weight(),
               bias ? depthwise_bias.data() : nullptr, activation);
  }

  std::vector<float> Together(int threads) const {
    const ConvDepthwisePlan plan(shape, threads);
    const std::vector<float> in = In(), first_bias = FirstBias(), depthwise_bias = Bias();
    AlignedBuffer first(plan.first_size()), depthwise(plan.depthwise_size());
    plan.PackFirst(FirstWeight().data(), first.data());
    plan.PackDepthwise(Weight().data(), depthwise.data());
    std::vector<float> out(shape.depthwise.batch * shape.depthwise.out_pixels() * shape.depthwise.channels);
    const ConvDepthwiseOperands operands = {in.data(),
                                            out.data(),
                                            {first.data(), bias ? first_bias.data() : nullptr, first_activation},
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
          << shape.first.channels << " to " << shape.depthwise.channels << " channels, " << shape.depthwise.in[1] << "x"
          << shape.depthwise.in[2] << ", stride " << shape.depthwise.stride[1] << ", " << threads << " threads";
    }
  }
};

TEST(ConvDepthwiseTest, IsBothConvolutionsToTheBit) {
  ForEachCpuTarget([] {
    for (int64_t stride : {1, 2}) {
      for (int64_t channels : {1, 16, 24, 70}) Net(7, channels, 14, 12, stride).Check();
    }
  });
}

TEST(ConvDepthwiseTest, TheFirstMayReadColours) {
  ForEachCpuTarget([] {
    for (int64_t stride : {1, 2}) {
      for (int64_t channels : {3, 4}) {  // of others than three there is no kernel for rows
        for (const TestConv& first :
             {TestConv::Square(channels, 16, 31, 3, 2), TestConv::Square(channels, 40, 14, 5)}) {
          Net net(TestConv(first).Finish().geometry, stride);
          net.SetBatch(2);
          net.Check();
          net.shape.channels_first = true;
          net.Check();
        }
      }
    }
  });
}

TEST(ConvDepthwiseTest, StripsMayBeShorterThanTheRing) {
  TestConv first = TestConv::Square(3, 8, 12, 3);
  first.geometry.in[2] = 9000;  // three rows fill a strip
  Net(first.Finish().geometry, 2).Check();
}

TEST(ConvDepthwiseTest, EveryHeightFitsTheRing) {
  for (int64_t stride : {1, 2}) {
    for (int64_t height = 1; height < 14; ++height) Net(5, 20, height, 9, stride).Check();
  }
}

TEST(ConvDepthwiseTest, BandsMayCrossImages) {
  for (int64_t stride : {1, 2}) {
    Net net(6, 33, 10, 10, stride);
    net.SetBatch(3);
    net.Check();
  }
}

TEST(ConvDepthwiseTest, PadsLessThanTheKernel) {
  Net net(4, 8, 11, 11, 2);
  net.shape.depthwise.pad = {0, 0, 1};
  net.shape.depthwise.out[1] = 5;
  net.Check();
}

TEST(ConvDepthwiseTest, ActivatesBothOrNeither) {
  Net net(9, 18, 9, 9, 1);
  net.first_activation = {Activation::kSwish};
  net.activation = {Activation::kClip, -0.1f, 0.1f};
  net.bias = false;
  net.Check();
  net.first_activation = {};
  net.Check();
}

TEST(ConvDepthwiseTest, CountsTheRowsThatTasksComputeAgain) {
  const Net net(4, 8, 32, 32, 1);
  const ConvDepthwisePlan one(net.shape, 1), two(net.shape, 2);
  EXPECT_EQ(one.num_multiplications(), 32 * 32 * 8 * (4 + 9));
  EXPECT_EQ(one.num_executed_multiplications(), one.num_multiplications());
  EXPECT_EQ(two.num_tasks(), 2);
  EXPECT_EQ(two.num_executed_multiplications(), two.num_multiplications() + 2 * 32 * 8 * 4);
}

}  // namespace
}  // namespace baryon::kernels
