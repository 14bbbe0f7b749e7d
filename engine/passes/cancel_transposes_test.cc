#include "engine/passes/passes.h"
#include "engine/passes/testing/pass_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

TEST(CancelTransposesTest, ATransposeAndItsInverseGo) {
  EXPECT_EQ(RunPass(CancelTransposes, R"(
                input data: float32 [2, 3, 4, 5]
                a = transpose(data) {axes=(0, 2, 3, 1)}
                b = transpose(a) {axes=(0, 3, 1, 2)}
                y = relu(b)
                output y_output = y)"),
            WithoutTypes(R"(
                input data: float32 [2, 3, 4, 5]
                y = relu(data)
                output y_output = y)"));
}

TEST(CancelTransposesTest, TwoBecomeOne) {
  EXPECT_EQ(RunPass(CancelTransposes, R"(
                input data: float32 [2, 3, 4]
                a = transpose(data) {axes=(1, 2, 0)}
                b = transpose(a) {axes=(1, 2, 0)}
                output y_output = b)"),
            WithoutTypes(R"(
                input data: float32 [2, 3, 4]
                b = transpose(data) {axes=(2, 0, 1)}
                output y_output = b)"));
}

TEST(CancelTransposesTest, MovingAxesOfSizeOneIsAReshape) {
  EXPECT_THAT(RunPass(CancelTransposes, R"(
                  input data: float32 [2, 1, 1, 5]
                  a = transpose(data) {axes=(0, 3, 1, 2)}
                  output y_output = a)"),
              HasSubstr("a = Reshape(data) {shape=(2, 5, 1, 1)}"));
}

TEST(CancelTransposesTest, AxesNotNamedAreReversed) {
  EXPECT_EQ(RunPass(CancelTransposes, R"(
                input data: float32 [2, 3]
                a = transpose(data)
                b = transpose(a)
                output y_output = b)"),
            WithoutTypes(R"(
                input data: float32 [2, 3]
                output y_output = data)"));
}

}  // namespace
}  // namespace baryon
