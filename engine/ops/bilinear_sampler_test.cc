#include <cmath>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

Tensor F(Shape shape, std::initializer_list<float> values) { return Tensor::FromData<float>(std::move(shape), values); }

const Tensor& Picture() {  // 10 y + x
  static const Tensor* const picture = new Tensor(F({1, 1, 3, 3}, {0, 1, 2, 10, 11, 12, 20, 21, 22}));
  return *picture;
}

TEST(BilinearSamplerTest, ReadsPointsGivenAsShares) {
  // x: -1, 0.5, 1; y: -1, 0, 0.25
  OpTester("BilinearSampler")
      .Input(Picture())
      .Input(F({1, 2, 1, 3}, {-1, 0.5f, 1, -1, 0, 0.25f}))
      .ExpectOutput(F({1, 1, 1, 3}, {0, 11.5f, 14.5f}));
}

TEST(BilinearSamplerTest, OutsideIsZero) {
  OpTester("BilinearSampler")
      .Input(Picture())
      .Input(F({1, 2, 1, 3}, {1.5f, 2, std::nanf(""), 1, 0, 0}))
      .ExpectOutput(F({1, 1, 1, 3}, {11, 0, 0}));
}

TEST(BilinearSamplerTest, ImagesAndChannelsAgreeOnAnyNumberOfThreads) {
  OpTester("BilinearSampler")
      .Input({2, 5, 20, 30}, Uniform(-1, 1))
      .Input({2, 2, 17, 19}, Uniform(-1.2, 1.2))
      .ExpectNear(
          [](const std::vector<Tensor>& inputs) {
            Tensor result = Tensor::Allocate({DType::kFloat32, {2, 5, 17, 19}});
            for (int64_t i = 0; i < result.num_elements(); ++i) {
              const int64_t plane = i / 323, pixel = i % 323;
              const float* grid = inputs[1].data<float>() + plane / 5 * 646 + pixel;
              const double x = (grid[0] + 1.0) * 29 / 2, y = (grid[323] + 1.0) * 19 / 2;
              double sum = 0;
              for (int corner = 0; corner < 4; ++corner) {
                const double row = std::floor(y) + corner / 2, column = std::floor(x) + corner % 2;
                if (row < 0 || row > 19 || column < 0 || column > 29) continue;
                const double weight = (1 - std::abs(y - row)) * (1 - std::abs(x - column));
                sum += weight * inputs[0].data<float>()[plane * 600 + static_cast<int64_t>(row * 30 + column)];
              }
              result.mutable_data<float>()[i] = static_cast<float>(sum);
            }
            return std::vector<Tensor>{result};
          },
          {1e-5, 1e-5});
}

TEST(SpatialTransformerTest, TheIdentityKeepsThePicture) {
  OpTester("SpatialTransformer")
      .Attr("target_shape", "(3, 3)")
      .Attr("transform_type", "affine")
      .Attr("sampler_type", "bilinear")
      .Input(Picture())
      .Input(F({1, 6}, {1, 0, 0, 0, 1, 0}))
      .ExpectOutput(Picture());
}

TEST(SpatialTransformerTest, AffineMapsTurnAndScale) {
  OpTester("SpatialTransformer")
      .Attr("target_shape", "(2, 2)")
      .Attr("transform_type", "affine")
      .Attr("sampler_type", "bilinear")
      .Input(Picture())
      .Input(F({1, 6}, {0, 0.5f, 0, 0.5f, 0, 0}))  // half the size, x and y exchanged
      .ExpectOutput(F({1, 1, 2, 2}, {5.5f, 15.5f, 6.5f, 16.5f}));
}

TEST(GridGeneratorTest, AffineGridsRunFromMinusOneToOne) {
  OpTester("GridGenerator")
      .Attr("transform_type", "affine")
      .Attr("target_shape", "(2, 3)")
      .Input(F({1, 6}, {2, 0, 1, 0, 1, 0}))
      .ExpectOutput(F({1, 2, 2, 3}, {-1, 1, 3, -1, 1, 3, -1, -1, -1, 1, 1, 1}));
}

TEST(GridGeneratorTest, FlowsAreAddedToWhereTheyBegin) {
  OpTester("GridGenerator")
      .Attr("transform_type", "warp")
      .Input(F({1, 2, 2, 3}, {0, 0, 1, 0, 0, 0, 0, 0, 0, 0.5f, 0, 0}))
      .ExpectOutput(F({1, 2, 2, 3}, {-1, 0, 2, -1, 0, 1, -1, -1, -1, 2, 1, 1}));
}

TEST(GridGeneratorTest, RefusesOtherShapes) {
  EXPECT_THAT(OpTester("GridGenerator").Attr("transform_type", "affine").Input({1, 6}).Infer(),
              StatusIs(kInvalid, HasSubstr("target_shape")));
  EXPECT_THAT(
      OpTester("GridGenerator").Attr("transform_type", "affine").Attr("target_shape", "(2, 2)").Input({1, 5}).Infer(),
      StatusIs(kInvalid));
  EXPECT_THAT(OpTester("GridGenerator").Attr("transform_type", "warp").Input({1, 3, 2, 2}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("BilinearSampler").Input({2, 1, 3, 3}).Input({1, 2, 3, 3}).Infer(),
              StatusIs(kInvalid, HasSubstr("grid")));
  EXPECT_THAT(OpTester("SpatialTransformer")
                  .Attr("target_shape", "(3, 3)")
                  .Attr("transform_type", "affine")
                  .Attr("sampler_type", "bilinear")
                  .Input({2, 1, 3, 3})
                  .Input({1, 6})
                  .Infer(),
              StatusIs(kInvalid, HasSubstr("loc")));
}

}  // namespace
}  // namespace baryon
