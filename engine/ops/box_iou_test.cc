#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(BoxIouTest, EveryBoxMeetsEveryOther) {
  const Tensor lhs = Tensor::FromData<float>({2, 4}, {0, 0, 2, 2, 1, 1, 3, 3});
  const Tensor rhs = Tensor::FromData<float>({3, 4}, {0, 0, 2, 2, 1, 0, 3, 2, 5, 5, 6, 6});
  OpTester("_contrib_box_iou")
      .Input(lhs)
      .Input(rhs)
      .ExpectOutput(Tensor::FromData<float>({2, 3}, {1, 1 / 3.0f, 0, 1 / 7.0f, 1 / 3.0f, 0}), Ulps(1));
}

TEST(BoxIouTest, CenterFormatAndLeadingAxes) {
  const Tensor lhs = Tensor::FromData<float>({1, 2, 4}, {1, 1, 2, 2, 2, 2, 2, 2});
  const Tensor rhs = Tensor::FromData<float>({1, 1, 4}, {1, 1, 2, 2});
  OpTester("_contrib_box_iou")
      .Attr("format", "center")
      .Input(lhs)
      .Input(rhs)
      .ExpectOutput(Tensor::FromData<float>({1, 2, 1, 1}, {1, 1 / 7.0f}), Ulps(1));
}

TEST(BoxIouTest, ManyPairsAgreeOnAnyNumberOfThreads) {
  OpTester("_contrib_box_iou")
      .Input({90, 4}, Uniform(0, 1))
      .Input({100, 4}, Uniform(0, 1))
      .ExpectNear(
          [](const std::vector<Tensor>& inputs) {
            Tensor result = Tensor::Allocate({DType::kFloat32, {90, 100}});
            for (int64_t i = 0; i < 9000; ++i) {
              const float *a = inputs[0].data<float>() + i / 100 * 4, *b = inputs[1].data<float>() + i % 100 * 4;
              const auto area = [](const float* p) {
                return p[2] < p[0] || p[3] < p[1] ? 0.0 : static_cast<double>(p[2] - p[0]) * (p[3] - p[1]);
              };
              const double width = std::max(std::min(a[2], b[2]) - std::max(a[0], b[0]), 0.0f);
              const double height = std::max(std::min(a[3], b[3]) - std::max(a[1], b[1]), 0.0f);
              const double shared = width * height;
              result.mutable_data<float>()[i] =
                  shared > 0 ? static_cast<float>(shared / (area(a) + area(b) - shared)) : 0;
            }
            return std::vector<Tensor>{result};
          },
          {1e-5, 1e-6});
}

TEST(BoxIouTest, RefusesOtherWidths) {
  EXPECT_THAT(OpTester("_contrib_box_iou").Input({3, 5}).Input({3, 4}).Infer(), StatusIs(kInvalid, HasSubstr("lhs")));
  EXPECT_THAT(OpTester("_contrib_box_iou").Input({3, 4}).Input({4}).Infer(), StatusIs(kInvalid, HasSubstr("rhs")));
}

}  // namespace
}  // namespace baryon
