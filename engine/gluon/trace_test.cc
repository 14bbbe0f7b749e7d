#include "engine/gluon/trace.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "engine/graph/graph_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using absl::StatusCode;
using testing::HasSubstr;
using testing::StrEq;

TEST(TraceTest, WritesOperatorsDown) {
  Trace trace;
  const NDArray x = trace.AddInput("data", {DType::kFloat32, {2, 3}});
  const NDArray w = trace.AddConstant(&trace, "w", np::Ones({3, 3}).tensor());
  EXPECT_TRUE(x.is_traced());
  EXPECT_EQ(x.shape(), Shape({2, 3}));
  const NDArray y = np::Exp(np::Dot(x, w)) - x;
  EXPECT_EQ(y.shape(), Shape({2, 3}));
  ASSERT_OK_AND_ASSIGN(const Graph graph, std::move(trace).Finish({y, y}));
  EXPECT_THAT(GraphToText(graph), StrEq(R"(input data: float32 [2, 3]
const w: float32 [3, 3]
dot = dot(data, w) : float32 [2, 3]
exp = exp(dot) : float32 [2, 3]
_minus = elemwise_sub(exp, data) : float32 [2, 3]
output _minus_output = _minus
output _minus_output_1 = _minus
)"));
}

TEST(TraceTest, KnowsTypesButNotElements) {
  Trace trace;
  const NDArray x = trace.AddInput("data", {DType::kFloat32, {2, 3}});
  EXPECT_THAT(x.At<float>({0, 0}).status(),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("while its block is traced")));
  EXPECT_EQ(x.Values<float>().status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(x.ToString(), HasSubstr("float32 [2, 3]"));
  EXPECT_EQ((x + np::Ones({4})).status().code(), StatusCode::kInvalidArgument);
}

// A constant met twice is one; what is computed of constants alone is computed at once.
TEST(TraceTest, TakesElementsInAsConstants) {
  Trace trace;
  const NDArray x = trace.AddInput("data", {DType::kFloat32, {1, 2}});
  const NDArray k = np::Array({1, 2}) * 2;
  EXPECT_TRUE(k.has_elements());
  const NDArray y = x + k + k;
  ASSERT_OK_AND_ASSIGN(const Graph graph, std::move(trace).Finish({y}));
  EXPECT_EQ(graph.num_nodes(), 4);
  EXPECT_EQ(graph.node(1).kind, NodeKind::kConstant);
}

// In a batch of one, shapes are equal by chance; the graph has to hold for every batch.
TEST(TraceTest, BroadcastsWhatDoesNotDependOnTheInput) {
  Trace trace;
  const NDArray x = trace.AddInput("data", {DType::kFloat32, {1, 2}});
  const NDArray w = trace.AddConstant(&trace, "w", np::Ones({1, 2}).tensor());
  EXPECT_TRUE(trace.DependsOnInput(x * 2));
  EXPECT_FALSE(trace.DependsOnInput(w));
  ASSERT_OK_AND_ASSIGN(const Graph graph, std::move(trace).Finish({x + w, x + x}));
  EXPECT_TRUE(graph.node(graph.outputs()[0].value.node).Is("broadcast_add"));
  EXPECT_TRUE(graph.node(graph.outputs()[1].value.node).Is("elemwise_add"));
}

TEST(TraceTest, TracesRowsAndSlices) {
  Trace trace;
  const NDArray x = trace.AddInput("data", {DType::kFloat32, {4, 3}});
  EXPECT_EQ(x[-1].shape(), Shape({3}));
  EXPECT_EQ(x[1][2].shape(), Shape({}));
  EXPECT_EQ(x.Slice(1, 3).shape(), Shape({2, 3}));
  EXPECT_EQ(x.Slice(-2).shape(), Shape({2, 3}));
  EXPECT_EQ(x[7].status().code(), StatusCode::kOutOfRange);
  EXPECT_TRUE(x[0].is_traced());
}

TEST(TraceTest, RefusesArraysOfAnotherTrace) {
  NDArray old;
  {
    Trace trace;
    old = trace.AddInput("data", {DType::kFloat32, {1}});
    EXPECT_EQ(Trace::Current(), &trace);
  }
  EXPECT_EQ(Trace::Current(), nullptr);
  EXPECT_EQ((old + 1).status().code(), StatusCode::kFailedPrecondition);
  Trace trace;
  EXPECT_THAT((old + 1).status(), StatusIs(StatusCode::kFailedPrecondition, HasSubstr("another trace")));
}

TEST(TraceTest, TakesWholeGraphsIn) {
  ASSERT_OK_AND_ASSIGN(const Graph inner, GraphFromText("input a: float32 [-1, 2]\nconst k: float32 [2] = 1 2\n"
                                                        "s = broadcast_add(a, k)\noutput s_output = s\n"));
  Trace trace;
  const NDArray x = trace.AddInput("data", {DType::kFloat32, {3, 2}});
  ASSERT_OK_AND_ASSIGN(const NDArrays outputs, trace.AddGraph(inner, {x * 2}));
  EXPECT_EQ(outputs[0].shape(), Shape({3, 2}));
  EXPECT_TRUE(trace.DependsOnInput(outputs[0]));
  EXPECT_EQ(trace.AddGraph(inner, {trace.AddInput("b", {DType::kFloat32, {3}})}).status().code(),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace baryon
