#include "engine/runtime/profile.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/graph/graph_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

// A layer that runs by Winograd's method, one that does not, and an operator whose work is not counted.
constexpr char kNet[] = R"(
    input data: float32 [1, 32, 16, 16]
    const w: float32 [32, 32, 3, 3]
    const v: float32 [10, 8192]
    conv = Convolution(data, w) {kernel=(3, 3), pad=(1, 1), no_bias=True, num_filter=32}
    dense = FullyConnected(conv, v) {num_hidden=10, no_bias=True}
    y = softmax(dense)
    output y_output = y)";

class ProfileTest : public testing::Test {
 protected:
  Profile Run(int runs) {
    absl::StatusOr<Graph> graph = GraphFromText(kNet);
    EXPECT_OK(graph);
    auto executable = Executable::Create(*std::move(graph), pool_);
    EXPECT_OK(executable);
    Tensor data = Tensor::Allocate({DType::kFloat32, {1, 32, 16, 16}});
    std::fill_n(data.mutable_data<float>(), data.num_elements(), 0.5f);
    absl::StatusOr<Profile> profile = ProfileRuns(**executable, absl::MakeConstSpan(&data, 1), runs);
    EXPECT_OK(profile);
    return *std::move(profile);
  }

  const StepProfile& Step(const Profile& profile, absl::string_view op) {
    const auto it = std::find_if(profile.steps.begin(), profile.steps.end(),
                                 [&](const StepProfile& step) { return absl::string_view(step.op) == op; });
    EXPECT_NE(it, profile.steps.end()) << op;
    return *it;
  }

  ThreadPool pool_{1};
};

TEST_F(ProfileTest, CountsWhatStepsDo) {
  const Profile profile = Run(3);
  EXPECT_GT(profile.peak, 0);
  const StepProfile& conv = Step(profile, "Convolution");
  EXPECT_EQ(conv.node, "conv");
  EXPECT_THAT(conv.algorithm, HasSubstr("winograd 4x4"));
  EXPECT_EQ(conv.multiplications, 256 * 9 * 32 * 32);
  EXPECT_EQ(conv.executed, 16 * 36 * 32 * 32);
  EXPECT_EQ(conv.bytes, 4 * (2 * 256 * 32 + 36 * 32 * 32));
  const StepProfile& dense = Step(profile, "FullyConnected");
  EXPECT_EQ(dense.multiplications, 81920);
  EXPECT_EQ(dense.executed, 81920);
  EXPECT_EQ(Step(profile, "softmax").multiplications, 0);
  for (const StepProfile& step : profile.steps) EXPECT_GT(step.time, absl::ZeroDuration()) << step.node;
}

TEST_F(ProfileTest, ListsTheStepsOfAChainForAllRows) {
  ThreadPool pool(2);
  absl::StatusOr<Graph> graph = GraphFromText(R"(
      input data: float32 [-1, 96, 96, 8]
      a = Activation(data) {act_type=tanh}
      b = Pooling(a) {kernel=(2, 2), pool_type=max, layout=NHWC}
      output y = b)");
  ASSERT_OK(graph);
  const auto executable = Executable::Create(*std::move(graph), pool);
  ASSERT_OK(executable);
  Tensor data = Tensor::Allocate({DType::kFloat32, {3, 96, 96, 8}});
  std::fill_n(data.mutable_data<float>(), data.num_elements(), 0.5f);
  const absl::StatusOr<Profile> profile = ProfileRuns(**executable, absl::MakeConstSpan(&data, 1), 3);
  ASSERT_OK(profile);
  ASSERT_EQ(profile->steps.size(), 3);
  EXPECT_EQ(profile->steps[0].node, "a");
  EXPECT_EQ(profile->steps[0].bytes, 2 * data.size_bytes());
  EXPECT_GT(profile->steps[0].time, absl::ZeroDuration());
  EXPECT_EQ(profile->steps[1].node, "b");
  EXPECT_GT(profile->steps[1].time, absl::ZeroDuration());
  EXPECT_EQ(profile->steps[2].node, "a to b");
  EXPECT_EQ(profile->steps[2].algorithm, "2 steps for each of 3 rows, 1 of them by all threads");
}

TEST_F(ProfileTest, IsATableWithTheSlowestFirst) {
  Profile profile;
  profile.peak = 50e9;
  profile.steps = {{"small", "softmax", "", absl::Milliseconds(1), 0, 0, 1000},
                   {"large", "Convolution", "winograd", absl::Milliseconds(3), 120000000, 30000000, 2000000}};
  EXPECT_EQ(ToTable(profile),
            "peak 100.0 GFLOP/s\n"
            "       ms      %   GFLOP/s % peak       MB  operator         node: algorithm\n"
            "    3.000   75.0      80.0   20.0     2.00  Convolution      large: winograd\n"
            "    1.000   25.0                      0.00  softmax          small\n"
            "    4.000  100.0      60.0   15.0     2.00  all\n");
}

}  // namespace
}  // namespace baryon
