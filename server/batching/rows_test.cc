#include "server/batching/rows.h"

#include "engine/base/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::ElementsAre;

Tensor Floats(Shape shape) { return Tensor::Zeros({DType::kFloat32, std::move(shape)}); }

TEST(CommonRowsTest, IsTheSizeOfAxis0ThatAllInputsShare) {
  EXPECT_EQ(CommonRows({Floats({3, 2}), Floats({3})}), 3);
  EXPECT_EQ(CommonRows({Floats({3, 2}), Tensor()}), 3) << "an input that is not given has no say";
}

TEST(CommonRowsTest, IsNothingWithoutACommonAxis) {
  EXPECT_EQ(CommonRows({Floats({3, 2}), Floats({4})}), std::nullopt);
  EXPECT_EQ(CommonRows({Floats({3, 2}), Floats({})}), std::nullopt);
  EXPECT_EQ(CommonRows({}), std::nullopt);
}

TEST(CanJoinTest, AsksForTheSameDtypeAndShapeBeyondRows) {
  EXPECT_TRUE(CanJoin({Floats({1, 5})}, {Floats({7, 5})}));
  EXPECT_FALSE(CanJoin({Floats({1, 5})}, {Floats({1, 6})}));
  EXPECT_FALSE(CanJoin({Floats({1, 5})}, {Floats({1, 5, 1})}));
  EXPECT_FALSE(CanJoin({Floats({1, 5})}, {Tensor::Zeros({DType::kInt32, {1, 5}})}));
}

TEST(CanJoinTest, AsksForTheSameInputsToBeGiven) {
  EXPECT_TRUE(CanJoin({Floats({1}), Tensor()}, {Floats({1}), Tensor()}));
  EXPECT_FALSE(CanJoin({Floats({1}), Tensor()}, {Floats({1}), Floats({1})}));
  EXPECT_FALSE(CanJoin({Floats({1})}, {Floats({1}), Floats({1})}));
}

TEST(JoinKeyTest, IsEqualForWhatCanBeJoined) {
  const std::vector<Tensors> all = {{Floats({1, 5})},
                                    {Floats({7, 5})},
                                    {Floats({1, 6})},
                                    {Floats({1, 5, 1})},
                                    {Floats({1, 56})},
                                    {Tensor::Zeros({DType::kInt32, {1, 5}})},
                                    {Floats({1}), Tensor()},
                                    {Floats({1}), Floats({1})},
                                    {Tensor(), Floats({1})},
                                    {Floats({1})},
                                    {Floats({1, 5}), Floats({1})}};
  for (const Tensors& a : all) {
    for (const Tensors& b : all) EXPECT_EQ(JoinKey(a) == JoinKey(b), CanJoin(a, b)) << JoinKey(a) << " " << JoinKey(b);
  }
}

TEST(JoinRowsTest, PutsRequestsOneAfterAnother) {
  const Tensors a = {Tensor::FromData<float>({1, 2}, {1, 2}), Tensor()};
  const Tensors b = {Tensor::FromData<float>({2, 2}, {3, 4, 5, 6}), Tensor()};
  ASSERT_OK_AND_ASSIGN(const Tensors joined, JoinRows({&a, &b}));
  EXPECT_EQ(joined[0].shape(), (Shape{3, 2}));
  EXPECT_THAT(joined[0].span<float>(), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_TRUE(joined[1].empty());
}

TEST(SplitRowsTest, GivesEachRequestItsRows) {
  const Tensors outputs = {Tensor::FromData<float>({3, 2}, {1, 2, 3, 4, 5, 6}),
                           Tensor::FromData<int32_t>({3}, {7, 8, 9})};
  ASSERT_OK_AND_ASSIGN(const std::vector<Tensors> parts, SplitRows(outputs, {1, 2}));
  EXPECT_THAT(parts[0][0].span<float>(), ElementsAre(1, 2));
  EXPECT_THAT(parts[1][0].span<float>(), ElementsAre(3, 4, 5, 6));
  EXPECT_THAT(parts[1][1].span<int32_t>(), ElementsAre(8, 9));
}

TEST(SplitRowsTest, RefusesOutputsOfOtherRows) {
  EXPECT_THAT(SplitRows({Floats({4, 2})}, {1, 2}), StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(SplitRows({Floats({})}, {1, 2}), StatusIs(absl::StatusCode::kInternal));
}

}  // namespace
}  // namespace baryon
