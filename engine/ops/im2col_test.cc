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

TEST(Im2ColTest, EveryPositionIsARow) {
  OpTester("im2col")
      .Attr("kernel", "(2, 2)")
      .Input(F({1, 1, 2, 3}, {0, 1, 2, 3, 4, 5}))
      .ExpectOutput(F({1, 4, 2}, {0, 1, 1, 2, 3, 4, 4, 5}));
}

TEST(Im2ColTest, StridePaddingAndDilation) {
  OpTester("im2col")
      .Attr("kernel", "(2,)")
      .Attr("stride", "(2,)")
      .Attr("dilate", "(2,)")
      .Attr("pad", "(1,)")
      .Input(F({1, 2, 4}, {1, 2, 3, 4, 5, 6, 7, 8}))
      .ExpectOutput(F({1, 4, 2}, {0, 2, 2, 4, 0, 6, 6, 8}));
}

// Summing the columns back counts how many windows see each pixel.
TEST(Col2ImTest, IsTheTransposeOfIm2Col) {
  for (const char* kernel : {"(2, 2)", "(3, 1)"}) {
    const auto with = [&](const char* op) {
      return OpTester(op)
          .Attr("kernel", kernel)
          .Attr("stride", "(2, 1)")
          .Attr("pad", "(1, 0)")
          .Attr("dilate", "(1, 2)");
    };
    const OpTester im2col = with("im2col").Input({2, 3, 7, 6}, Integers(-4, 4));
    const Tensor columns = (*im2col.Run())[0];
    const Tensor weights = OpTester("im2col").Input(columns.shape(), Integers(-4, 4)).inputs()[0];
    const Tensor image = (*with("col2im").Attr("output_size", "(7, 6)").Input(weights).Run())[0];
    double by_columns = 0, by_pixels = 0;
    for (int64_t i = 0; i < columns.num_elements(); ++i)
      by_columns += columns.data<float>()[i] * weights.data<float>()[i];
    for (int64_t i = 0; i < image.num_elements(); ++i) {
      by_pixels += image.data<float>()[i] * im2col.inputs()[0].data<float>()[i];
    }
    EXPECT_EQ(by_columns, by_pixels) << kernel;
  }
}

TEST(Col2ImTest, OverlappingWindowsAreSummed) {
  OpTester("col2im")
      .Attr("kernel", "(2,)")
      .Attr("output_size", "(3,)")
      .Input(F({1, 2, 2}, {1, 2, 3, 4}))
      .ExpectOutput(F({1, 1, 3}, {1, 5, 4}));
}

TEST(Im2ColTest, RefusesWhatDoesNotFit) {
  EXPECT_THAT(OpTester("im2col").Attr("kernel", "(4, 1)").Input({1, 1, 3, 3}).Infer(),
              StatusIs(kInvalid, HasSubstr("an image of 4 or more")));
  EXPECT_THAT(OpTester("im2col").Attr("kernel", "(1, 1)").Attr("stride", "(0, 1)").Input({1, 1, 3, 3}).Infer(),
              StatusIs(kInvalid, HasSubstr("stride")));
  EXPECT_THAT(OpTester("im2col").Attr("kernel", "(1, 1)").Input({1, 3, 3}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("col2im").Attr("kernel", "(2,)").Attr("output_size", "(3,)").Input({1, 3, 2}).Infer(),
              StatusIs(kInvalid, HasSubstr("a multiple of 2")));
  EXPECT_THAT(OpTester("col2im").Attr("kernel", "(2,)").Attr("output_size", "(4,)").Input({1, 2, 2}).Infer(),
              StatusIs(kInvalid));
}

TEST(Im2ColTest, EndlessKernelsAreRefusedRatherThanCounted) {
  EXPECT_FALSE(OpTester("im2col")
                   .Attr("kernel", "(1073741824, 1073741824, 1073741824)")
                   .Attr("pad", "(1073741824, 1073741824, 1073741824)")
                   .Input({1, 1, 1, 1, 1})
                   .Run()
                   .ok());
}

}  // namespace
}  // namespace baryon
