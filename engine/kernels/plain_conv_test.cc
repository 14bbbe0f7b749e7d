#include "engine/kernels/plain_conv.h"

#include <vector>

#include "engine/kernels/reference.h"
#include "engine/kernels/testing/conv_tester.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

template <typename T>
void Check(const TestConv& conv, double tolerance) {
  const ConvGeometry& g = conv.geometry;
  const std::vector<float> in = conv.In(), weight = conv.Weight(), bias = conv.Bias();
  const std::vector<T> typed_in(in.begin(), in.end()), typed_weight(weight.begin(), weight.end());
  const std::vector<T> typed_bias(bias.begin(), bias.end());
  std::vector<T> out(g.batch * g.out_pixels() * g.filters);
  PlainConvOperands<T> operands;
  operands.in = typed_in.data();
  operands.in_strides = StridesOfMap(g.channels, g.in_pixels(), true);
  operands.weight = typed_weight.data();
  operands.weight_strides = StridesOfWeight(g, true);
  operands.bias = typed_bias.data();
  operands.residual = nullptr;
  operands.out = out.data();
  operands.out_strides = StridesOfMap(g.filters, g.out_pixels(), true);
  PlainConvolution(g, {AxisPhases(g, 0), AxisPhases(g, 1), AxisPhases(g, 2)}, operands, 0, g.batch * g.out_pixels());
  ExpectClose(std::vector<float>(out.begin(), out.end()), conv.Reference(), tolerance, conv.Name());
}

TEST(PlainConvTest, MatchesReferenceInDoubleAndHalf) {
  for (bool transposed : {false, true}) {
    TestConv conv = TestConv::Square(4, 6, 5, 3, 2, 2);
    conv.geometry.batch = 2;
    conv.geometry.transposed = transposed;
    conv.Finish();
    Check<double>(conv, 1e-7);
    Check<Half>(conv, 5e-3);
  }
}

}  // namespace
}  // namespace baryon::kernels
