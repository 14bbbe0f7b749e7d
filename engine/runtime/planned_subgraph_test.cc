#include "engine/runtime/planned_subgraph.h"

#include <thread>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/graph/graph_text.h"
#include "engine/graph/run_op.h"
#include "engine/runtime/compile.h"
#include "engine/runtime/executable.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::ElementsAre;

// A loop over rows whose body multiplies with a weight, a parameter of the graph around it.
Graph LoopWithWeight() {
  auto body = std::make_shared<Graph>(*GraphFromText(R"(
      input row: float32 [-1, 4]
      input w: float32 [4, 4]
      input state: float32 [-1, 4]
      dense = FullyConnected(row, w) {no_bias=True, num_hidden=4}
      sum = elemwise_add(dense, state)
      y = Activation(sum) {act_type=tanh}
      output y = y
      output s = sum)"));
  Graph graph = *GraphFromText(R"(
      input data: float32 [3, -1, 4]
      input begin: float32 [-1, 4]
      const w: float32 [4, 4]
      output unused = data)");
  const Attrs attrs = {{"num_outputs", "2"},
                       {"num_out_data", "1"},
                       {"in_data_locs", "(0,)"},
                       {"in_state_locs", "(2,)"},
                       {"remain_locs", "(1,)"}};
  const NodeId loop = *graph.AddOperator("_foreach", "loop", attrs, {{0, 0}, {1, 0}, {2, 0}}, true, {body});
  graph.AddOutput({loop, 0}, "rows");
  graph.AddOutput({loop, 1}, "last");
  return graph;
}

std::vector<Tensor> Inputs(int64_t batch) {
  Tensor data = Tensor::Allocate({DType::kFloat32, {3, batch, 4}}),
         begin = Tensor::Zeros({DType::kFloat32, {batch, 4}});
  for (int64_t i = 0; i < data.num_elements(); ++i) data.mutable_data<float>()[i] = static_cast<float>(i % 7) / 7;
  return {data, begin};
}

TEST(PlannedSubgraphTest, ALoopGivesTheSameCompiledAndNodeByNode) {
  ThreadPool pool(2);
  const Graph graph = LoopWithWeight();
  ASSERT_OK_AND_ASSIGN(const auto executable, Executable::Create(graph, pool));
  for (int64_t batch : {1, 5}) {
    const std::vector<Tensor> inputs = Inputs(batch);
    ASSERT_OK_AND_ASSIGN(const std::vector<Tensor> want, RunGraph(graph, inputs, pool));
    ASSERT_OK_AND_ASSIGN(const std::vector<Tensor> got, executable->Run(inputs));
    ASSERT_EQ(got.size(), want.size());
    for (size_t i = 0; i < got.size(); ++i) {
      ASSERT_EQ(got[i].type(), want[i].type());
      EXPECT_THAT(got[i].span<float>(), testing::Pointwise(testing::FloatNear(1e-6f), want[i].span<float>()));
    }
  }
}

TEST(PlannedSubgraphTest, RequestsMayRunAtOnce) {
  ThreadPool pool(2);
  ASSERT_OK_AND_ASSIGN(const auto executable, Executable::Create(LoopWithWeight(), pool));
  const std::vector<Tensor> inputs = Inputs(2);
  ASSERT_OK_AND_ASSIGN(const std::vector<Tensor> want, executable->Run(inputs));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        const auto got = executable->Run(inputs);
        ASSERT_OK(got);
        EXPECT_EQ((*got)[1].span<float>(), want[1].span<float>());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(PlannedSubgraphTest, ConstantsAreCompiledIn) {
  PreparedCache cache;
  auto plan = Compile(
      *GraphFromText("input b: float32 [2]\n const a: float32 [2] = 3 4\n y = elemwise_mul(a, b)\n output y = y"),
      {{DType::kFloat32, {2}}}, 1, {}, cache);
  ASSERT_OK(plan);
  const PlannedSubgraph subgraph(*std::move(plan), {1});  // its input 0 is the constant
  ThreadPool pool(1);
  const std::vector<float> b = {10, 100};
  std::vector<float> y(2);
  const void* inputs[] = {nullptr, b.data()};
  void* outputs[] = {y.data()};
  ASSERT_OK(subgraph.Run(inputs, outputs, pool));
  EXPECT_THAT(y, ElementsAre(30, 400));
}

}  // namespace
}  // namespace baryon
