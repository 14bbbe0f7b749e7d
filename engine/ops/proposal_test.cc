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

// One anchor of 16 x 16 in each of three cells of a row.
OpTester Propose(const char* op) {
  return OpTester(op)
      .Attr("scales", "(1,)")
      .Attr("ratios", "(1,)")
      .Attr("rpn_post_nms_top_n", 3)
      .Attr("rpn_min_size", 0)
      .Attr("output_score", true);
}

TEST(ProposalTest, OrdersBoxesByScoreAndCutsThemToThePicture) {
  Propose("_contrib_Proposal")
      .Input(F({1, 2, 1, 3}, {0, 0, 0, 0.2f, 0.9f, 0.5f}))
      .Input(Tensor::Zeros({DType::kFloat32, {1, 4, 1, 3}}))
      .Input(F({1, 3}, {16, 48, 1}))
      .ExpectOutputs({F({3, 5}, {0, 16, 0, 31, 15, 0, 32, 0, 47, 15, 0, 0, 0, 15, 15}), F({3, 1}, {0.9f, 0.5f, 0.2f})});
}

TEST(ProposalTest, RepeatsWhatIsLeft) {
  // The first moves onto the second; both are one then.
  Propose("_contrib_Proposal")
      .Input(F({1, 2, 1, 3}, {0, 0, 0, 0.2f, 0.9f, 0.5f}))
      .Input(F({1, 4, 1, 3}, {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}))
      .Input(F({1, 3}, {16, 48, 1}))
      .ExpectOutputs(
          {F({3, 5}, {0, 16, 0, 31, 15, 0, 32, 0, 47, 15, 0, 16, 0, 31, 15}), F({3, 1}, {0.9f, 0.5f, 0.9f})});
}

TEST(ProposalTest, PaddingAndSmallBoxesLoseTheirScores) {
  Propose("_contrib_Proposal")
      .Attr("rpn_min_size", 8)
      .Input(F({1, 2, 1, 3}, {0, 0, 0, 0.2f, 0.9f, 0.5f}))
      .Input(F({1, 4, 1, 3}, {0, 0, 0, 0, 0, 0, 0, std::log(0.25f), 0, 0, 0, 0}))
      .Input(F({1, 3}, {16, 32, 2}))
      .ExpectOutputs({F({3, 5}, {0, 0, 0, 15, 15,    //
                                 0, 14, -8, 33, 23,  //
                                 0, 23.f, -8, 39.f, 23}),
                      F({3, 1}, {0.2f, -1, -1})});
}

TEST(ProposalTest, ShiftsCornersOnRequestAndCountsImages) {
  Propose("_contrib_MultiProposal")
      .Attr("iou_loss", true)
      .Attr("rpn_post_nms_top_n", 1)
      .Input(F({2, 2, 1, 1}, {0, 0.5f, 0, 0.75f}))
      .Input(F({2, 4, 1, 1}, {1, 2, -3, -4, 0, 0, 0, 0}))
      .Input(F({2, 3}, {16, 16, 1, 16, 16, 1}))
      .ExpectOutputs({F({2, 5}, {0, 1, 2, 12, 11, 1, 0, 0, 15, 15}), F({2, 1}, {0.5f, 0.75f})});
}

TEST(ProposalTest, RefusesOtherShapesAndManyImages) {
  const auto infer = [](const char* op, const Shape& scores, const Shape& deltas, const Shape& info) {
    return Propose(op).Input(scores).Input(deltas).Input(info).Infer();
  };
  EXPECT_THAT(infer("_contrib_Proposal", {1, 4, 2, 2}, {1, 4, 2, 2}, {1, 3}),
              StatusIs(kInvalid, HasSubstr("2 channels")));
  EXPECT_THAT(infer("_contrib_Proposal", {1, 2, 2, 2}, {1, 8, 2, 2}, {1, 3}),
              StatusIs(kInvalid, HasSubstr("bbox_pred")));
  EXPECT_THAT(infer("_contrib_Proposal", {1, 2, 2, 2}, {1, 4, 2, 2}, {1, 2}), StatusIs(kInvalid, HasSubstr("im_info")));
  EXPECT_THAT(infer("_contrib_Proposal", {2, 2, 2, 2}, {2, 4, 2, 2}, {2, 3}),
              StatusIs(kInvalid, HasSubstr("one image")));
}

}  // namespace
}  // namespace baryon
