#include "engine/passes/pipeline.h"

#include <string>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/graph/graph_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

Graph SmallNet() {
  return *GraphFromText(R"(
      input data: float32 [2, 3, 6, 6]
      const w: float32 [4, 3, 3, 3]
      const gamma: float32 [4]
      const beta: float32 [4]
      const mean: float32 [4]
      const var: float32 [4]
      conv = Convolution(data, w) {kernel=(3, 3), no_bias=True, num_filter=4}
      norm = BatchNorm(conv, gamma, beta, mean, var)
      y = Activation(norm) {act_type=relu}
      output y_output = y)");
}

std::vector<std::string> PassesRun(const PassOptions& options_in) {
  std::vector<std::string> names;
  PassOptions options = options_in;
  options.observer = [&](const Pass& pass, const Graph&, absl::Duration) { names.push_back(pass.name); };
  Graph graph = SmallNet();
  EXPECT_OK(RunPasses(graph, options));
  return names;
}

TEST(PipelineTest, RunsEveryPassInOrderAndVerifies) {
  PassOptions options;
  options.verify = true;
  std::vector<std::string> expected;
  for (const Pass& pass : Pipeline()) expected.push_back(pass.name);
  EXPECT_EQ(PassesRun(options), expected);
}

TEST(PipelineTest, LeavesOneConvolutionOfANet) {
  Graph graph = SmallNet();
  ASSERT_OK(RunPasses(graph, {}));
  const std::string text = GraphToText(graph);
  EXPECT_THAT(text, HasSubstr("activation=relu"));
  EXPECT_THAT(text, Not(HasSubstr("BatchNorm(")));
  EXPECT_THAT(text, Not(HasSubstr("_fold_batch_norm")));
}

TEST(PipelineTest, DisabledPassesAreLeftOut) {
  PassOptions options;
  options.disabled = {"fuse_activation"};
  EXPECT_THAT(PassesRun(options), Not(Contains("fuse_activation")));
  options.disabled = {"all"};
  EXPECT_THAT(PassesRun(options), testing::IsEmpty());
}

TEST(PipelineTest, RefusesUnknownNames) {
  Graph graph = SmallNet();
  PassOptions options;
  options.disabled = {"fold_everything"};
  EXPECT_THAT(RunPasses(graph, options), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("fold_everything")));
}

}  // namespace
}  // namespace baryon
