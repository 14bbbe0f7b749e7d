#include "engine/kernels/boxes.h"

#include <array>
#include <cmath>

#include "engine/tensor/dtype.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon::kernels {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

TEST(BoxesTest, BothFormatsDescribeTheSameBox) {
  const float corners[] = {1, 2, 5, 10}, center[] = {3, 6, 4, 8};
  const Box<float> a = ReadBox<float>(corners, BoxFormat::kCorner), b = ReadBox<float>(center, BoxFormat::kCenter);
  for (const Box<float>& box : {a, b}) {
    EXPECT_THAT((std::array{box.left, box.top, box.right, box.bottom, box.area}), ElementsAre(1, 2, 5, 10, 32));
  }
}

TEST(BoxesTest, ConversionGoesThereAndBack) {
  Half box[] = {1.0f, 2.0f, 5.0f, 10.0f};
  ConvertBox<float>(BoxFormat::kCenter, box);
  EXPECT_THAT(box, ElementsAre(3, 6, 4, 8));
  ConvertBox<float>(BoxFormat::kCorner, box);
  EXPECT_THAT(box, ElementsAre(1, 2, 5, 10));
}

TEST(BoxesTest, RowsWithoutABoxStayAsTheyAre) {
  float row[] = {-1, -1, -1, -1};
  ConvertBox<float>(BoxFormat::kCenter, row);
  EXPECT_THAT(row, ElementsAre(-1, -1, -1, -1));
}

TEST(BoxesTest, OverlapIsIntersectionOverUnion) {
  const float a[] = {0, 0, 2, 2}, b[] = {1, 1, 3, 3}, c[] = {2, 0, 4, 2}, inverted[] = {3, 3, 1, 1};
  const auto box = [](const float* p) { return ReadBox<float>(p, BoxFormat::kCorner); };
  EXPECT_FLOAT_EQ(Overlap(box(a), box(b)), 1.0f / 7);
  EXPECT_EQ(Overlap(box(a), box(a)), 1);
  EXPECT_EQ(Overlap(box(a), box(c)), 0);
  EXPECT_EQ(box(inverted).area, 0);
  EXPECT_EQ(Overlap(box(a), box(inverted)), 0);
}

TEST(BoxesTest, CodesShiftAndScaleTheAnchor) {
  const BoxCoding<double> coding = {{0.1, 0.1, 0.2, 0.2}};
  const double code[] = {1, -1, 5 * std::log(2.0), 0}, half[] = {0, 0, 9, -9};
  double corners[4];
  DecodeBox(coding, code, 10.0, 20.0, 4.0, 6.0, corners);
  EXPECT_THAT(corners, ElementsAreArray({testing::DoubleNear(6.4, 1e-12), testing::DoubleNear(16.4, 1e-12),
                                         testing::DoubleNear(14.4, 1e-12), testing::DoubleNear(22.4, 1e-12)}));
  DecodeBox<double>({{1, 1, 1, 1}, std::log(3.0)}, half, 0.0, 0.0, 2.0, 2.0, corners);
  EXPECT_DOUBLE_EQ(corners[2], 3);
  EXPECT_DOUBLE_EQ(corners[3], std::exp(-9.0));
}

}  // namespace
}  // namespace baryon::kernels
