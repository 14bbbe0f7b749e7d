#include "server/services/top_classes.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::ElementsAre;

std::vector<int64_t> Indices(const std::vector<ClassScore>& row) {
  std::vector<int64_t> indices;
  for (const ClassScore& score : row) indices.push_back(score.index);
  return indices;
}

TEST(TopClassesTest, GivesTheHighestOfEachRow) {
  const auto rows = TopClasses(Tensor::FromData<float>({2, 3}, {0.1f, 0.7f, 0.2f, 5, 4, 3}), {"a", "b", "c"}, 2);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_THAT(Indices(rows[0]), ElementsAre(1, 2));
  EXPECT_THAT(Indices(rows[1]), ElementsAre(0, 1));
  EXPECT_EQ(rows[0][0].label, "b");
  EXPECT_EQ(rows[0][0].score, 0.7f);
}

TEST(TopClassesTest, KeepsEqualScoresInOrderAndNanLast) {
  const auto rows = TopClasses(Tensor::FromData<float>({1, 4}, {NAN, 1, 2, 1}), {}, 9);
  EXPECT_THAT(Indices(rows[0]), ElementsAre(2, 1, 3, 0));
  EXPECT_EQ(rows[0][0].label, "");
}

TEST(TopClassesTest, ReadsHalfPrecision) {
  EXPECT_THAT(Indices(TopClasses(Tensor::FromData<float>({1, 2}, {1, 2}).Cast(DType::kFloat16), {}, 1)[0]),
              ElementsAre(1));
}

class IsClassifierTest : public testing::Test {
 protected:
  Signature pictures_{{{"data", {DType::kFloat32, {-1, 3, 8, 8}}}}, {}, {}};
  Signature vectors_{{{"data", {DType::kFloat32, {-1, 8}}}}, {}, {}};
  Tensor scores_ = Tensor::Zeros({DType::kFloat32, {2, 3}});
};

TEST_F(IsClassifierTest, IsTrueForPicturesOrLabels) {
  EXPECT_TRUE(IsClassifier(pictures_, {}, {scores_}));
  EXPECT_TRUE(IsClassifier(vectors_, {"a", "b", "c"}, {scores_}));
}

TEST_F(IsClassifierTest, IsFalseForEverythingElse) {
  EXPECT_FALSE(IsClassifier(vectors_, {}, {scores_}));
  EXPECT_FALSE(IsClassifier(pictures_, {"a", "b"}, {scores_})) << "two labels for three classes";
  EXPECT_FALSE(IsClassifier(pictures_, {}, {scores_, scores_}));
  EXPECT_FALSE(IsClassifier(pictures_, {}, {Tensor::Zeros({DType::kFloat32, {2, 3, 1}})}));
  EXPECT_FALSE(IsClassifier(pictures_, {}, {Tensor::Zeros({DType::kFloat32, {2, 1}})}));
  EXPECT_FALSE(IsClassifier(pictures_, {}, {Tensor::Zeros({DType::kInt32, {2, 3}})}));
}

}  // namespace
}  // namespace baryon
