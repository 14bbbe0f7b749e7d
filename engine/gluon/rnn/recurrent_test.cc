#include "engine/gluon/rnn/recurrent.h"

#include "engine/gluon/np.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

TEST(RecurrentTest, JoinsAndSplitsSteps) {
  const NDArrays steps = {np::Array({{1}, {2}}), np::Array({{3}, {4}}), np::Array({{5}, {6}})};
  const NDArray joined = rnn::StackSteps(steps, 1);
  EXPECT_TRUE(np::ArrayEqual(joined, np::Array({{{1}, {3}, {5}}, {{2}, {4}, {6}}})));
  const NDArrays again = rnn::SplitSteps(joined, 3, 1);
  ASSERT_EQ(again.size(), 3u);
  for (size_t t = 0; t < 3; ++t) EXPECT_TRUE(np::ArrayEqual(again[t], steps[t]));
  EXPECT_FALSE(rnn::SplitSteps(joined, 2, 1)[0].ok());
}

TEST(RecurrentTest, ReversesAllStepsOrTheFirst) {
  const NDArrays steps = {np::Array({{1}, {2}}), np::Array({{3}, {4}}), np::Array({{5}, {6}})};
  const NDArray all = rnn::StackSteps(rnn::ReverseSteps(steps, {}), 1);
  EXPECT_TRUE(np::ArrayEqual(all, np::Array({{{5}, {3}, {1}}, {{6}, {4}, {2}}})));
  const NDArray first = rnn::StackSteps(rnn::ReverseSteps(steps, np::Array({3, 2})), 1);
  EXPECT_TRUE(np::ArrayEqual(first, np::Array({{{5}, {3}, {1}}, {{4}, {2}, {6}}})));
}

TEST(RecurrentTest, ShowsStatesAsAList) {
  EXPECT_EQ(rnn::ShapesWithStates({np::Ones({2, 3}), np::Ones({4}), np::Ones({5})}), "(2, 3), [(4,), (5,)]");
  EXPECT_EQ(rnn::ShapesWithStates({np::Ones({2, 3})}), "(2, 3), []");
}

TEST(RecurrentTest, GivesAnErrorToAllStates) {
  const rnn::RecurrentOutput output = rnn::ToRecurrentOutput({absl::InternalError("broken")}, 2);
  ASSERT_EQ(output.states.size(), 2u);
  EXPECT_EQ(output.states[1].status(), absl::InternalError("broken"));
}

}  // namespace
}  // namespace baryon
