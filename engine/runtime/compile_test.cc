#include "engine/runtime/compile.h"

#include <memory>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/graph/graph_text.h"
#include "engine/runtime/workspace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr char kNet[] = R"(
    input data: float32 [-1, 8]
    const v: float32 [5, 8]
    flat = Flatten(data)
    dense = FullyConnected(flat, v) {no_bias=True, num_hidden=5}
    y = softmax(dense)
    output y_output = y)";

class CompileTest : public testing::Test {
 protected:
  std::unique_ptr<const Plan> Make(const char* text, const TensorTypes& types) {
    auto plan = Compile(*GraphFromText(text), types, 1, {}, cache_);
    EXPECT_OK(plan);
    return *std::move(plan);
  }

  PreparedCache cache_;
};

TEST_F(CompileTest, ViewsAreNoSteps) {
  const auto plan = Make(kNet, {{DType::kFloat32, {2, 8}}});
  std::vector<std::string> ops;
  for (const Plan::Step& step : plan->steps()) ops.push_back(step.op);
  EXPECT_THAT(ops, testing::ElementsAre("FullyConnected", "softmax"));
  EXPECT_EQ(plan->output_types(), TensorTypes({{DType::kFloat32, {2, 5}}}));
}

TEST_F(CompileTest, EveryPlanHasANumberOfItsOwn) {
  const TensorTypes types = {{DType::kFloat32, {1, 8}}};
  EXPECT_NE(Make(kNet, types)->id(), Make(kNet, types)->id());
}

TEST_F(CompileTest, RefusesTypesThatDoNotFit) {
  EXPECT_THAT(Compile(*GraphFromText(kNet), {{DType::kFloat32, {2, 9}}}, 1, {}, cache_),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("expected")));
  EXPECT_THAT(Compile(*GraphFromText(kNet), {TensorType()}, 1, {}, cache_),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(CompileTest, APlanRunsInAWorkspaceBoundToIt) {
  const auto plan = Make(kNet, {{DType::kFloat32, {2, 8}}});
  ThreadPool pool(1);
  Workspace workspace(pool);
  ASSERT_OK(workspace.Bind(*plan));
  EXPECT_EQ(workspace.plan_id(), plan->id());
  const std::vector<float> data(16, 0.5f);
  std::vector<float> out(10);
  const void* inputs[] = {data.data()};
  void* outputs[] = {out.data()};
  std::vector<absl::Duration> times(plan->steps().size());
  ASSERT_OK(plan->Run(workspace, inputs, outputs, absl::MakeSpan(times)));
  EXPECT_NEAR(out[0] + out[1] + out[2] + out[3] + out[4], 1, 1e-6);
  EXPECT_THAT(times, testing::Each(testing::Gt(absl::ZeroDuration())));
}

// [1, 40] int64 and [4, 40] float16 have as many bytes, but the sum needs all of the former for each of its rows.
TEST_F(CompileTest, ABroadcastOperandKeepsItsBuffer) {
  const auto plan = Make(R"(
    input x: int64 [1, 40]
    input h: float16 [4, 1]
    more = _plus_scalar(x) {scalar=1.0}
    sum = _npi_add(more, h)
    y = _plus_scalar(sum) {scalar=0.0}
    output y_output = y)",
                         {{DType::kInt64, {1, 40}}, {DType::kFloat16, {4, 1}}});
  ThreadPool pool(1);
  Workspace workspace(pool);
  ASSERT_OK(workspace.Bind(*plan));
  std::vector<int64_t> x(40);
  for (int i = 0; i < 40; ++i) x[i] = i;
  const std::vector<Half> h = {Half(0), Half(100), Half(200), Half(300)};
  std::vector<Half> y(160);
  const void* inputs[] = {x.data(), h.data()};
  void* outputs[] = {y.data()};
  ASSERT_OK(plan->Run(workspace, inputs, outputs));
  for (int i = 0; i < 160; ++i) ASSERT_EQ(y[i], static_cast<float>(i % 40 + 1 + i / 40 * 100)) << i;
}

TEST_F(CompileTest, TheOptimizedGraphHasItsTypes) {
  const auto graph = OptimizedGraph(*GraphFromText(kNet), {{DType::kFloat32, {3, 8}}}, {});
  ASSERT_OK(graph);
  EXPECT_OK(CheckTypesKnown(*graph));
  EXPECT_EQ(graph->type(graph->outputs()[0].value).shape, Shape({3, 5}));
}

}  // namespace
}  // namespace baryon
