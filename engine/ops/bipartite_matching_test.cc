#include "engine/base/testing/status_matchers.h"
#include "engine/ops/testing/op_tester.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

Tensor F(Shape shape, std::initializer_list<float> values) { return Tensor::FromData<float>(std::move(shape), values); }

OpTester Match(double threshold) { return OpTester("_contrib_bipartite_matching").Attr("threshold", threshold); }

const Tensor& Scores() {
  static const Tensor* const scores = new Tensor(F({3, 2}, {0.5f, 0.6f, 0.1f, 0.2f, 0.3f, 0.4f}));
  return *scores;
}

TEST(BipartiteMatchingTest, TakesTheBestPairsFirst) {
  Match(1e-12).Input(Scores()).ExpectOutputs({F({3}, {1, -1, 0}), F({2}, {2, 0})});
}

TEST(BipartiteMatchingTest, StopsAtTheThreshold) {
  Match(0.55).Input(Scores()).ExpectOutputs({F({3}, {1, -1, -1}), F({2}, {-1, 0})});
}

TEST(BipartiteMatchingTest, SmallScoresMayBeTheGoodOnes) {
  Match(100).Attr("is_ascend", true).Input(Scores()).ExpectOutputs({F({3}, {-1, 0, 1}), F({2}, {1, 2})});
}

TEST(BipartiteMatchingTest, TopkEndsAfterOneMore) {
  const Tensor diagonal = F({3, 3}, {9, 0, 0, 0, 8, 0, 0, 0, 7});
  Match(1).Attr("topk", 1).Input(diagonal).ExpectOutputs({F({3}, {0, 1, -1}), F({3}, {0, 1, -1})});
}

TEST(BipartiteMatchingTest, EveryTableForItself) {
  Match(0).Input(F({2, 1, 2}, {1, 2, 2, 1})).ExpectOutputs({F({2, 1}, {1, 0}), F({2, 2}, {-1, 0, 0, -1})});
}

TEST(BipartiteMatchingTest, RefusesVectorsAndNoThreshold) {
  EXPECT_THAT(Match(0).Input({3}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("_contrib_bipartite_matching").Input({2, 2}).Infer(), StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
