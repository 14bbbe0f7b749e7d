#include "engine/ops/indexing.h"

#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::ElementsAre;

std::vector<int64_t> Resolved(IndexMode mode, int64_t size, std::initializer_list<float> values) {
  const Tensor indices = Tensor::FromData<float>({static_cast<int64_t>(values.size())}, values);
  std::vector<int64_t> resolved(values.size());
  EXPECT_OK(ResolveIndices(indices.view(), 0, indices.num_elements(), mode, size, resolved.data()));
  return resolved;
}

TEST(IndexingTest, ModesBringPositionsInside) {
  EXPECT_THAT(Resolved(IndexMode::kClip, 3, {-1, 1.9f, 7}), ElementsAre(0, 1, 2));
  EXPECT_THAT(Resolved(IndexMode::kWrap, 3, {-1, 1, 7}), ElementsAre(2, 1, 1));
  EXPECT_THAT(Resolved(IndexMode::kFromEnd, 3, {-1, 0}), ElementsAre(2, 0));
  EXPECT_THAT(Resolved(IndexMode::kKeep, 3, {-5, 9}), ElementsAre(-5, 9));
}

TEST(IndexingTest, PositionsOutsideAreErrorsWhereNothingBringsThemInside) {
  const Tensor indices = Tensor::FromData<int64_t>({2}, {1, 3});
  int64_t resolved[2];
  EXPECT_THAT(ResolveIndices(indices.view(), 0, 2, IndexMode::kRaise, 3, resolved),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ResolveIndices(indices.view(), 0, 1, IndexMode::kClip, 0, resolved),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(IndexingTest, RowsAreCountedOverTheFirstAxes) {
  const Tensor indices = Tensor::FromData<float>({2, 2}, {0, 1, 2, 1});
  int64_t rows[2];
  ASSERT_OK(ResolveRows(indices.view(), 2, 2, IndexMode::kRaise, {2, 3, 5}, rows));
  EXPECT_THAT(rows, ElementsAre(2, 4));
}

}  // namespace
}  // namespace baryon
