#include <cmath>

#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

Tensor F(Shape shape, std::initializer_list<float> values) { return Tensor::FromData<float>(std::move(shape), values); }

// Background and two classes for four anchors: the second is background, the first and third are the same place.
OpTester Detect() {
  return OpTester("_contrib_MultiBoxDetection")
      .Input(F({1, 3, 4}, {0.2f, 0.9f, 0.1f, 0.3f,   //
                           0.6f, 0.05f, 0.8f, 0.2f,  //
                           0.2f, 0.005f, 0.1f, 0.5f}))
      .Input(Tensor::Zeros({DType::kFloat32, {1, 16}}))
      .Input(F({1, 4, 4}, {0, 0, 0.5f, 0.5f, 0, 0, 1, 1, 0, 0, 0.5f, 0.5f, 0, 0, 0.5f, 0.5f}));
}

TEST(MultiBoxDetectionTest, BestClassesAreSortedAndSuppressedWithinTheirClass) {
  Detect().Attr("threshold", 0.1).ExpectOutput(F({1, 4, 6}, {0,  0.8f, 0,  0,  0.5f, 0.5f,  //
                                                             -1, 0.6f, 0,  0,  0.5f, 0.5f,  //
                                                             1,  0.5f, 0,  0,  0.5f, 0.5f,  //
                                                             -1, -1,   -1, -1, -1,   -1}));
}

TEST(MultiBoxDetectionTest, ForcedSuppressionIgnoresClasses) {
  Detect()
      .Attr("threshold", 0.1)
      .Attr("force_suppress", true)
      .ExpectOutput(F({1, 4, 6}, {0,  0.8f, 0,  0,  0.5f, 0.5f,  //
                                  -1, 0.6f, 0,  0,  0.5f, 0.5f,  //
                                  -1, 0.5f, 0,  0,  0.5f, 0.5f,  //
                                  -1, -1,   -1, -1, -1,   -1}));
}

TEST(MultiBoxDetectionTest, RowsBehindTopkStayInTheOrderOfAnchors) {
  Detect().Attr("threshold", 0.1).Attr("nms_topk", 1).ExpectOutput(F({1, 4, 6}, {0,  0.8f, 0,  0,  0.5f, 0.5f,  //
                                                                                 -1, 0.8f, 0,  0,  0.5f, 0.5f,  //
                                                                                 -1, 0.5f, 0,  0,  0.5f, 0.5f,  //
                                                                                 -1, -1,   -1, -1, -1,   -1}));
}

TEST(MultiBoxDetectionTest, WithoutSuppressionNothingIsSorted) {
  Detect()
      .Attr("threshold", 0.1)
      .Attr("nms_threshold", 0.0)
      .ExpectOutput(F({1, 4, 6}, {0,  0.6f, 0,  0,  0.5f, 0.5f,  //
                                  0,  0.8f, 0,  0,  0.5f, 0.5f,  //
                                  1,  0.5f, 0,  0,  0.5f, 0.5f,  //
                                  -1, -1,   -1, -1, -1,   -1}));
}

TEST(MultiBoxDetectionTest, BoxesAreDecodedAndCutToThePicture) {
  const auto tester = [] {
    return OpTester("_contrib_MultiBoxDetection")
        .Input(F({2, 2, 1}, {0.1f, 0.9f, 0.1f, 0.7f}))
        .Input(F({2, 4}, {2, 0, 5 * std::log(2.0f), 0, 0, 0, 0, 0}))
        .Input(F({1, 1, 4}, {0.2f, 0.2f, 0.6f, 0.6f}));
  };
  tester().ExpectOutput(F({2, 1, 6}, {0, 0.9f, 0.08f, 0.2f, 0.88f, 0.6f, 0, 0.7f, 0.2f, 0.2f, 0.6f, 0.6f}),
                        {2e-6, 1e-6});
  OpTester("_contrib_MultiBoxDetection")
      .Input(F({1, 2, 1}, {0, 1}))
      .Input(F({1, 4}, {0, 0, 50, 50}))
      .Input(F({1, 1, 4}, {0.2f, 0.2f, 0.6f, 0.6f}))
      .ExpectOutput(F({1, 1, 6}, {0, 1, 0, 0, 1, 1}));
}

TEST(MultiBoxDetectionTest, RefusesAnchorsThatDoNotFit) {
  const auto infer = [](const Shape& scores, const Shape& codes, const Shape& anchors) {
    return OpTester("_contrib_MultiBoxDetection").Input(scores).Input(codes).Input(anchors).Infer();
  };
  EXPECT_THAT(infer({1, 3, 4}, {1, 16}, {1, 5, 4}), StatusIs(kInvalid, HasSubstr("\"anchor\"")));
  EXPECT_THAT(infer({1, 3, 4}, {1, 15}, {1, 4, 4}), StatusIs(kInvalid, HasSubstr("\"loc_pred\"")));
  EXPECT_THAT(infer({3, 4}, {1, 16}, {1, 4, 4}), StatusIs(kInvalid));
  EXPECT_THAT(Detect().Attr("variances", "(1, 1)").Infer(), StatusIs(kInvalid, HasSubstr("variances")));
}

}  // namespace
}  // namespace baryon
