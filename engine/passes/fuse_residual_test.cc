#include "engine/passes/passes.h"
#include "engine/passes/testing/pass_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr char kHead[] = R"(
    input data: float32 [2, 3, 4, 4]
    const w: float32 [3, 3, 1, 1]
    conv = Convolution(data, w) {kernel=(1, 1), no_bias=True, num_filter=3})";

TEST(FuseResidualTest, TheShortcutBecomesAnInputOfTheConvolution) {
  for (const char* sum :
       {"y = elemwise_add(conv, data)", "y = elemwise_add(data, conv)", "y = broadcast_add(data, conv)"}) {
    EXPECT_EQ(RunPass(FuseResidual, std::string(kHead) + "\n" + sum + "\n output y_output = y"), WithoutTypes(R"(
                input data: float32 [2, 3, 4, 4]
                const w: float32 [3, 3, 1, 1]
                conv = Convolution(data, w, data) {kernel=(1, 1), no_bias=True, num_filter=3, residual=True}
                output y_output = conv)"));
  }
}

TEST(FuseResidualTest, AConvolutionWithAnotherReaderStays) {
  EXPECT_THAT(RunPass(FuseResidual, std::string(kHead) + R"(
                  y = elemwise_add(conv, data)
                  z = elemwise_mul(conv, y)
                  output z_output = z)"),
              HasSubstr("elemwise_add"));
}

TEST(FuseResidualTest, AConvolutionAddedToItselfStays) {
  EXPECT_THAT(RunPass(FuseResidual, std::string(kHead) + "\n y = elemwise_add(conv, conv)\n output y_output = y"),
              HasSubstr("elemwise_add"));
}

TEST(FuseResidualTest, OneOfTwoConvolutionsTakesTheOther) {
  EXPECT_THAT(RunPass(FuseResidual, std::string(kHead) + R"(
                  const v: float32 [3, 3, 1, 1]
                  other = Convolution(data, v) {kernel=(1, 1), no_bias=True, num_filter=3}
                  y = elemwise_add(conv, other)
                  output y_output = y)"),
              HasSubstr("conv = Convolution(data, w, other)"));
}

TEST(FuseResidualTest, ABroadcastIsNoResidual) {
  EXPECT_THAT(RunPass(FuseResidual, std::string(kHead) + R"(
                  const v: float32 [1, 3, 1, 1]
                  y = broadcast_add(conv, v)
                  output y_output = y)"),
              HasSubstr("broadcast_add"));
}

}  // namespace
}  // namespace baryon
