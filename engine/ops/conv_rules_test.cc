#include "engine/ops/conv_rules.h"

#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr DType kF32 = DType::kFloat32;

ConvolutionAttrs Kernel3(int64_t filters) {
  ConvolutionAttrs attrs;
  attrs.kernel = {3, 3};
  attrs.num_filter = filters;
  return attrs;
}

TEST(ConvRulesTest, UnknownDimensionsPassThrough) {
  ConvolutionAttrs attrs = Kernel3(8);
  attrs.no_bias = true;
  ASSERT_OK_AND_ASSIGN(const TensorTypes out, InferConvTypes(attrs, {{kF32, {-1, 4, -1, 10}}, {kF32, {8, 4, 3, 3}}}));
  EXPECT_EQ(out[0], (TensorType{kF32, {-1, 8, -1, 8}}));
}

TEST(ConvRulesTest, APooledOutputHasHalfAsManyPixelsAlongEachAxis) {
  ConvolutionAttrs attrs = Kernel3(8);
  attrs.no_bias = true;
  attrs.layout = Layout::kNHWC;
  attrs.pool = kernels::PairPool::kMax;
  ASSERT_OK(CheckConvAttrs(attrs));
  const TensorType data = {kF32, {1, 12, 13, 4}};
  ASSERT_OK_AND_ASSIGN(const TensorTypes out, InferConvTypes(attrs, {data, {kF32, {8, 3, 3, 4}}}));
  EXPECT_EQ(out[0], (TensorType{kF32, {1, 5, 5, 8}}));
  EXPECT_EQ(ConvGeometryOf(attrs, data, out[0]).out, (kernels::Extents{1, 10, 11}));
  attrs.stride = {2, 2};
  EXPECT_THAT(CheckConvAttrs(attrs), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("stride 1")));
}

TEST(ConvRulesTest, DataTellsTheParameters) {
  ConvolutionAttrs attrs = Kernel3(8);
  attrs.num_group = 2;
  TensorTypes inputs = {{kF32, {1, 4, 9, 9}}, {}, {}}, outputs = {{}};
  ASSERT_OK(CompleteConvTypes(attrs, inputs, outputs));
  EXPECT_EQ(inputs[1], (TensorType{kF32, {8, 2, 3, 3}}));
  EXPECT_EQ(inputs[2], (TensorType{kF32, {8}}));
  EXPECT_EQ(outputs[0], (TensorType{kF32, {1, 8, 7, 7}}));
}

TEST(ConvRulesTest, ParametersTellTheDataWhatTheyCan) {
  ConvolutionAttrs attrs = Kernel3(8);
  attrs.num_group = 2;
  TensorTypes inputs = {{}, {kF32, {8, 2, 3, 3}}, {}}, outputs = {{}};
  ASSERT_OK(CompleteConvTypes(attrs, inputs, outputs));
  EXPECT_EQ(inputs[0], (TensorType{kF32, {-1, 4, -1, -1}}));
  EXPECT_EQ(outputs[0], (TensorType{kF32, {-1, 8, -1, -1}}));
}

TEST(ConvRulesTest, TransposedWeightsBeginWithTheChannels) {
  DeconvolutionAttrs attrs;
  attrs.kernel = {3, 3};
  attrs.num_filter = 8;
  attrs.num_group = 2;
  TensorTypes inputs = {{kF32, {1, 6, 9, 9}}, {}}, outputs = {{}};
  ASSERT_OK(CompleteConvTypes(attrs, inputs, outputs));
  EXPECT_EQ(inputs[1], (TensorType{kF32, {6, 4, 3, 3}}));
}

TEST(ConvRulesTest, ChannelsLastChangesEveryShape) {
  const std::optional<ConvolutionAttrs> attrs = ConvToChannelsLast(Kernel3(8), 4);
  ASSERT_TRUE(attrs.has_value());
  TensorTypes inputs = {{kF32, {1, 9, 9, 4}}, {}, {}}, outputs = {{}};
  ASSERT_OK(CompleteConvTypes(*attrs, inputs, outputs));
  EXPECT_EQ(inputs[1], (TensorType{kF32, {8, 3, 3, 4}}));
  EXPECT_EQ(outputs[0], (TensorType{kF32, {1, 7, 7, 8}}));
  EXPECT_FALSE(ConvToChannelsLast(*attrs, 4).has_value());
  EXPECT_FALSE(ConvToChannelsLast(Kernel3(8), 3).has_value());
}

TEST(ConvRulesTest, RejectsAttributesThatDoNotFitEachOther) {
  const auto refused = [](auto change, const char* message) {
    ConvolutionAttrs attrs = Kernel3(8);
    change(attrs);
    EXPECT_THAT(CheckConvAttrs(attrs), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(message)));
  };
  EXPECT_OK(CheckConvAttrs(Kernel3(8)));
  refused([](auto& a) { a.kernel = {}; }, "a kernel of 1, 2 or 3 elements");
  refused([](auto& a) { a.kernel = {3, 0}; }, "\"kernel\"");
  refused([](auto& a) { a.stride = {1, 1, 1}; }, "\"stride\": expected 2 elements");
  refused([](auto& a) { a.stride = {0, 1}; }, "\"stride\"");
  refused([](auto& a) { a.dilate = {1, -1}; }, "\"dilate\"");
  refused([](auto& a) { a.pad = {1, int64_t{1} << 40}; }, "\"pad\"");
  refused([](auto& a) { a.num_filter = -4; }, "\"num_filter\"");
  refused([](auto& a) { a.num_group = 0; }, "\"num_group\"");
  refused([](auto& a) { a.num_group = 3; }, "divisible");
  refused([](auto& a) { a.layout = Layout::kNWC; }, "\"layout\"");
  refused([](auto& a) { a.activation = "polynomial"; }, "polynomial");
}

TEST(ConvRulesTest, RejectsOperandsThatDoNotFit) {
  const auto refused = [](const TensorTypes& inputs, const char* message) {
    EXPECT_THAT(InferConvTypes(Kernel3(8), inputs), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(message)));
  };
  const TensorType data = {kF32, {1, 4, 9, 9}}, weight = {kF32, {8, 4, 3, 3}}, bias = {kF32, {8}};
  EXPECT_OK(InferConvTypes(Kernel3(8), {data, weight, bias}));
  refused({{kF32, {1, 4}}, weight, bias}, "rank 4");
  refused({{DType::kInt32, {1, 4, 9, 9}}, weight, bias}, "floating");
  refused({data, {DType::kFloat64, {8, 4, 3, 3}}, bias}, "\"weight\"");
  refused({data, weight, {kF32, {9}}}, "\"bias\"");
  refused({{kF32, {1, 4, 2, 9}}, weight, bias}, "at least as large as kernel");
}

TEST(ConvRulesTest, GeometryStandsAtTheEndOfTheAxes) {
  ConvolutionAttrs attrs;
  attrs.kernel = {5};
  attrs.stride = {2};
  attrs.num_filter = 3;
  const kernels::ConvGeometry geometry = ConvGeometryOf(attrs, {kF32, {2, 7, 20}}, {kF32, {2, 3, 8}});
  EXPECT_EQ(geometry.batch, 2);
  EXPECT_EQ(geometry.channels, 7);
  EXPECT_EQ(geometry.in, (kernels::Extents{1, 1, 20}));
  EXPECT_EQ(geometry.out, (kernels::Extents{1, 1, 8}));
  EXPECT_EQ(geometry.kernel, (kernels::Extents{1, 1, 5}));
  EXPECT_EQ(geometry.stride, (kernels::Extents{1, 1, 2}));
}

}  // namespace
}  // namespace baryon
