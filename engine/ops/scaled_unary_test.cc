#include <cmath>
#include <limits>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(ScaledUnaryTest, SmoothL1IsAParabolaNearZero) {
  OpTester("smooth_l1")
      .Attr("scalar", 2.0)
      .Input(Tensor::FromData<float>({4}, {-1, -0.125f, 0.25f, 3}))
      .ExpectOutput(Tensor::FromData<float>({4}, {0.875f, 0.03125f, 0.125f, 2.875f}));
}

TEST(ScaledUnaryTest, AroundRoundsHalvesToEven) {
  OpTester("_npi_around")
      .Input(Tensor::FromData<float>({4}, {0.5f, 1.5f, -2.5f, 2.4f}))
      .ExpectOutput(Tensor::FromData<float>({4}, {0, 2, -2, 2}));
  OpTester("_npi_around")
      .Attr("decimals", -1)
      .Input(Tensor::FromData<float>({2}, {14, 26}))
      .ExpectOutput(Tensor::FromData<float>({2}, {10, 30}));
}

TEST(ScaledUnaryTest, NanToNumReplacesWhatIsNoNumber) {
  const float most = std::numeric_limits<float>::max();
  const Tensor x = Tensor::FromData<float>({4}, {NAN, INFINITY, -INFINITY, 2});
  OpTester("_npi_nan_to_num").Input(x).ExpectOutput(Tensor::FromData<float>({4}, {0, most, -most, 2}));
  OpTester("_npi_nan_to_num")
      .Attr("nan", 0.5)
      .Attr("posinf", 9.0)
      .Input(x)
      .ExpectOutput(Tensor::FromData<float>({4}, {0.5f, 9, -most, 2}));
}

TEST(ScaledUnaryTest, QuadraticAndDivisionByTheRootOfTheLastAxis) {
  OpTester("_contrib_quadratic")
      .Attr("a", 1.0)
      .Attr("b", -2.0)
      .Attr("c", 3.0)
      .Input(Tensor::FromData<float>({2}, {2, -1}))
      .ExpectOutput(Tensor::FromData<float>({2}, {3, 6}));
  OpTester("_contrib_div_sqrt_dim")
      .Input(Tensor::FromData<float>({1, 4}, {2, 4, 6, 8}))
      .ExpectOutput(Tensor::FromData<float>({1, 4}, {1, 2, 3, 4}));
}

TEST(ScaledUnaryTest, StraightThroughEstimatorsRoundAndTakeSigns) {
  const Tensor x = Tensor::FromData<float>({3}, {-1.5f, 0, 0.4f});
  OpTester("_contrib_round_ste").Input(x).ExpectOutput(Tensor::FromData<float>({3}, {-2, 0, 0}));
  OpTester("_contrib_sign_ste").Input(x).ExpectOutput(Tensor::FromData<float>({3}, {-1, 0, 1}));
}

}  // namespace
}  // namespace baryon
