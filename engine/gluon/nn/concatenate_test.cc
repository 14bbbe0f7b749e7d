#include "engine/gluon/nn/concatenate.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/nn/dense.h"
#include "engine/gluon/nn/identity.h"
#include "engine/gluon/np.h"
#include "engine/graph/graph_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

TEST(ConcatenateTest, PutsOutputsSideBySide) {
  const NDArray x = np::Array({{1, 2}, {3, 4}});
  nn::Concatenate columns;
  columns.Add(nn::Identity(), nn::Identity());
  EXPECT_TRUE(np::ArrayEqual(columns(x), np::Array({{1, 2, 1, 2}, {3, 4, 3, 4}})));
  nn::HybridConcatenate rows({.axis = 0});
  rows.Add(nn::Identity(), nn::Dense(2));
  rows.Initialize();
  const NDArray y = rows(x);
  EXPECT_EQ(y.shape(), Shape({4, 2}));
  rows.Hybridize();
  EXPECT_TRUE(np::AllClose(rows(x), y, 1e-5, 1e-6));
}

TEST(ConcatenateTest, WritesTheOperatorOfMXNet1) {
  const NameManager fresh;
  nn::HybridConcatenate branches({.axis = 1});
  branches.Add(nn::Identity(), nn::Identity());
  branches.Hybridize();
  ASSERT_OK(branches(np::Ones({2, 3})).status());
  EXPECT_THAT(GraphToText(*branches.traced_graph()),
              HasSubstr("hybridconcatenate0_concat0 = Concat(data, data) {num_args=2} : float32 [2, 6]"));
}

TEST(ConcatenateTest, PrintsItsBranches) {
  nn::HybridConcatenate branches;
  branches.Add(nn::Dense(2, {.in_units = 3}), nn::Identity());
  EXPECT_EQ(branches.ToString(), "HybridConcatenate(\n  (0): Dense(3 -> 2, linear)\n  (1): Identity(\n  \n  )\n)");
}

TEST(ConcatenateTest, ReportsWhatCannotBeJoined) {
  nn::HybridConcatenate none, rows({.axis = 0});
  EXPECT_THAT(none(np::Ones({2, 3})).status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("at least one block, got none")));
  rows.Add(nn::Identity(), nn::Dense(2));
  rows.Initialize();
  EXPECT_THAT(rows(np::Ones({2, 3})).status(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("Concat")));
}

}  // namespace
}  // namespace baryon
