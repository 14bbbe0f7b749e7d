#include "engine/passes/passes.h"
#include "engine/passes/testing/pass_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr char kHead[] = R"(
    input data: float32 [2, 3, 9, 8]
    const w3: float32 [4, 3, 3, 3]
    const w1: float32 [5, 4, 1, 1]
    const v1: float32 [6, 4, 1, 1]
    const u1: float32 [4, 4, 1, 1])";

std::string Moved(const std::string& body) { return RunPass(MoveStrides, kHead + body); }

TEST(MoveStridesTest, TheProducerComputesOnlyWhatItsReadersSample) {
  EXPECT_EQ(Moved(R"(
      a = Convolution(data, w3) {kernel=(3, 3), no_bias=True, num_filter=4, pad=(1, 1)}
      b = Convolution(a, w1) {kernel=(1, 1), no_bias=True, num_filter=5, stride=(2, 2)}
      c = Convolution(a, v1) {kernel=(1, 1), no_bias=True, num_filter=6, stride=(2, 2)}
      output b_output = b
      output c_output = c)"),
            WithoutTypes(R"(
      input data: float32 [2, 3, 9, 8]
      const w3: float32 [4, 3, 3, 3]
      a = Convolution(data, w3) {kernel=(3, 3), no_bias=True, num_filter=4, pad=(1, 1), stride=(2, 2)}
      const w1: float32 [5, 4, 1, 1]
      b = Convolution(a, w1) {kernel=(1, 1), no_bias=True, num_filter=5, stride=(1, 1)}
      const v1: float32 [6, 4, 1, 1]
      c = Convolution(a, v1) {kernel=(1, 1), no_bias=True, num_filter=6, stride=(1, 1)}
      output b_output = b
      output c_output = c)"));
}

// The end of a stage of ResNet v1.
TEST(MoveStridesTest, StridesPassPointwiseLayersAndSampleTheShortcut) {
  const std::string moved = Moved(R"(
      shortcut = Convolution(data, w3) {kernel=(3, 3), no_bias=True, num_filter=4, pad=(1, 1)}
      body = Convolution(shortcut, u1) {activation=relu, kernel=(1, 1), no_bias=True, num_filter=4}
      expand = Convolution(body, u1, shortcut) {kernel=(1, 1), no_bias=True, num_filter=4, residual=True}
      next = Convolution(expand, w1) {kernel=(1, 1), no_bias=True, num_filter=5, stride=(2, 2)}
      output y = next)");
  EXPECT_THAT(moved,
              HasSubstr("shortcut = Convolution(data, w3) {kernel=(3, 3), no_bias=True, num_filter=4, pad=(1, 1)}"));
  EXPECT_THAT(moved, HasSubstr("body = Convolution(shortcut, u1) {activation=relu, kernel=(1, 1), no_bias=True, "
                               "num_filter=4, stride=(2, 2)}"));
  EXPECT_THAT(moved, HasSubstr("shortcut_sampled = Pooling(shortcut) {kernel=(1, 1), stride=(2, 2)"));
  EXPECT_THAT(
      moved,
      HasSubstr(
          "expand = Convolution(body, u1, shortcut_sampled) {kernel=(1, 1), no_bias=True, num_filter=4, residual=True, "
          "stride=(1, 1)}"));
  EXPECT_THAT(moved,
              HasSubstr("next = Convolution(expand, w1) {kernel=(1, 1), no_bias=True, num_filter=5, stride=(1, 1)}"));
}

TEST(MoveStridesTest, StridesMultiply) {
  EXPECT_THAT(
      Moved(R"(
      a = Convolution(data, w3) {kernel=(3, 3), no_bias=True, num_filter=4, pad=(1, 1), stride=(2, 1)}
      b = Convolution(a, w1) {kernel=(1, 1), no_bias=True, num_filter=5, stride=(2, 3)}
      output y = b)"),
      HasSubstr("a = Convolution(data, w3) {kernel=(3, 3), no_bias=True, num_filter=4, pad=(1, 1), stride=(4, 3)}"));
}

TEST(MoveStridesTest, AReaderThatSamplesOtherwiseKeepsEverythingInPlace) {
  for (const char* other : {
           "c = Convolution(a, v1) {kernel=(1, 1), no_bias=True, num_filter=6}",
           "c = Convolution(a, v1) {kernel=(1, 1), no_bias=True, num_filter=6, stride=(3, 3)}",
           "c = Convolution(a, v1) {kernel=(1, 1), no_bias=True, num_filter=6, pad=(1, 1), stride=(2, 2)}",
           "c = relu(a)",
       }) {
    EXPECT_THAT(Moved(std::string(R"(
      a = Convolution(data, w3) {kernel=(3, 3), no_bias=True, num_filter=4, pad=(1, 1)}
      b = Convolution(a, w1) {kernel=(1, 1), no_bias=True, num_filter=5, stride=(2, 2)})") +
                      "\n" + other + "\n output b_output = b\n output c_output = c"),
                HasSubstr("a = Convolution(data, w3) {kernel=(3, 3), no_bias=True, num_filter=4, pad=(1, 1)}"))
        << other;
  }
}

TEST(MoveStridesTest, AnOutputOfTheGraphIsComputedWhole) {
  EXPECT_THAT(Moved(R"(
      a = Convolution(data, w3) {kernel=(3, 3), no_bias=True, num_filter=4, pad=(1, 1)}
      b = Convolution(a, w1) {kernel=(1, 1), no_bias=True, num_filter=5, stride=(2, 2)}
      output a_output = a
      output b_output = b)"),
              HasSubstr("a = Convolution(data, w3) {kernel=(3, 3), no_bias=True, num_filter=4, pad=(1, 1)}"));
}

}  // namespace
}  // namespace baryon
