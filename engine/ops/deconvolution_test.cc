#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/conv_op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

ConvOpTester<DeconvolutionAttrs> Deconv(const Shape& data, const IntTuple& kernel, int64_t filters) {
  ConvOpTester<DeconvolutionAttrs> tester;
  tester.data = data;
  tester.attrs.kernel = kernel;
  tester.attrs.num_filter = filters;
  return tester;
}

TEST(DeconvolutionTest, MatchesReferenceInEveryDimension) {
  Deconv({2, 3, 9}, {3}, 4).Check();
  Deconv({2, 3, 5, 6}, {3, 2}, 5).Check();
  Deconv({1, 2, 3, 4, 3}, {2, 3, 2}, 3).Check();
}

TEST(DeconvolutionTest, MatchesReferenceWithEveryAttribute) {
  auto deconv = Deconv({2, 6, 5, 4}, {4, 3}, 8);
  deconv.attrs.stride = {2, 3};
  deconv.attrs.pad = {1, 2};
  deconv.attrs.adj = {1, 2};
  deconv.Check();
  deconv.attrs.num_group = 2;
  deconv.attrs.no_bias = false;
  deconv.Check();
  deconv.attrs.dilate = {2, 2};
  deconv.Check();
}

TEST(DeconvolutionTest, MatchesReferenceForKernelsSmallerThanTheStride) {
  auto deconv = Deconv({1, 3, 4, 4}, {2, 1}, 3);
  deconv.attrs.stride = {3, 4};
  deconv.attrs.no_bias = false;
  deconv.Check();
}

TEST(DeconvolutionTest, UpsamplesEachChannelByItself) {
  auto deconv = Deconv({2, 20, 5, 6}, {4, 4}, 20);
  deconv.attrs.stride = {2, 2};
  deconv.attrs.pad = {1, 1};
  deconv.attrs.num_group = 20;
  deconv.Check();
}

TEST(DeconvolutionTest, ATargetShapeReplacesPaddingAndAdjustment) {
  auto deconv = Deconv({1, 2, 3, 3}, {3, 3}, 2);
  deconv.attrs.stride = {2, 2};
  deconv.attrs.target_shape = {5, 6};  // without padding it would be 7 and 7
  deconv.attrs.pad = {9, 9};
  deconv.Check();
  EXPECT_EQ((*InferConvTypes(deconv.attrs, {{DType::kFloat32, deconv.data}, {DType::kFloat32, {2, 2, 3, 3}}}))[0].shape,
            Shape({1, 2, 5, 6}));
}

TEST(DeconvolutionTest, RejectsTargetShapesOutOfReach) {
  auto deconv = Deconv({1, 2, 3, 3}, {3, 3}, 2);
  deconv.attrs.target_shape = {50, 60};
  EXPECT_THAT(InferConvTypes(deconv.attrs, {{DType::kFloat32, deconv.data}, {DType::kFloat32, {2, 2, 3, 3}}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("target_shape")));
}

TEST(DeconvolutionTest, RejectsAdjustmentsOfTheStrideOrMore) {
  EXPECT_THAT(OpTester("Deconvolution")
                  .Attr("kernel", "(3, 3)")
                  .Attr("stride", "(2, 2)")
                  .Attr("adj", "(2, 2)")
                  .Attr("num_filter", 1)
                  .Input({1, 1, 3, 3})
                  .Input({1, 1, 3, 3})
                  .Infer(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"adj\" below the stride 2, got 2")));
}

TEST(DeconvolutionTest, RejectsPaddingThatLeavesNothing) {
  auto deconv = Deconv({1, 2, 3, 3}, {3, 3}, 2);
  deconv.attrs.pad = {3, 3};
  EXPECT_THAT(InferConvTypes(deconv.attrs, {{DType::kFloat32, deconv.data}, {DType::kFloat32, {2, 2, 3, 3}}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("padding (3, 3)")));
}

}  // namespace
}  // namespace baryon
