#include "engine/runtime/slices.h"

#include <string>
#include <utility>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/graph/graph_text.h"
#include "engine/graph/run_op.h"
#include "engine/runtime/executable.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

// Two branches joined, then joined with a third: all of them slices of the last join.
constexpr char kJoins[] = R"(
    input data: float32 [1, 4, 4, 3]
    a = Pooling(data) {kernel=(2, 2), pool_type=max, layout=NHWC}
    b = Pooling(data) {kernel=(2, 2), pool_type=avg, layout=NHWC}
    ab = Concat(a, b) {dim=3, num_args=2}
    c = Pooling(data) {kernel=(2, 2), pool_type=sum, layout=NHWC}
    abc = Concat(ab, c) {dim=3, num_args=2}
    y = Pooling(abc) {kernel=(1, 1), pool_type=max, layout=NHWC}
    output y_output = y)";

class SlicesTest : public testing::Test {
 protected:
  void Plan(const std::string& text) {
    absl::StatusOr<Graph> graph = GraphFromText(text);
    ASSERT_OK(graph);
    graph_ = *std::move(graph);
    ASSERT_OK(InferTypes(graph_));
    slices_ = PlanSlices(graph_);
  }

  NodeId Id(const std::string& name) const {
    for (NodeId id = 0; id < graph_.num_nodes(); ++id) {
      if (graph_.node(id).name == name) return id;
    }
    return -1;
  }
  const Slice* Find(const std::string& name) const { return slices_.Find({Id(name), 0}); }

  Graph graph_;
  Slices slices_;
};

TEST_F(SlicesTest, JoinsOfJoinsAreOnePlace) {
  Plan(kJoins);
  const std::vector<std::pair<std::string, int64_t>> offsets = {{"a", 0}, {"b", 3}, {"ab", 0}, {"c", 6}};
  for (const auto& [name, offset] : offsets) {
    const Slice* slice = Find(name);
    ASSERT_NE(slice, nullptr) << name;
    EXPECT_EQ(slice->whole.node, Id("abc")) << name;
    EXPECT_EQ(slice->offset, offset) << name;
    EXPECT_EQ(slice->stride, 9) << name;
  }
  EXPECT_EQ(Find("abc"), nullptr);
  EXPECT_TRUE(slices_.IsInPlace(graph_, Id("ab"), 1));
  EXPECT_FALSE(slices_.IsInPlace(graph_, Id("y"), 0));
}

TEST_F(SlicesTest, AnOutputOfTheGraphHasAPlaceOfItsOwn) {
  Plan(R"(
      input data: float32 [1, 4, 4, 3]
      a = Pooling(data) {kernel=(2, 2), pool_type=max, layout=NHWC}
      b = Pooling(data) {kernel=(2, 2), pool_type=avg, layout=NHWC}
      y = Concat(a, b) {dim=3, num_args=2}
      output y_output = y
      output a_output = a)");
  EXPECT_EQ(Find("a"), nullptr);
  EXPECT_NE(Find("b"), nullptr);
}

TEST_F(SlicesTest, AReaderThatWantsDenseRowsKeepsItsInputDense) {
  Plan(R"(
      input data: float32 [1, 4, 4, 3]
      a = Pooling(data) {kernel=(2, 2), pool_type=max, layout=NHWC}
      b = Pooling(data) {kernel=(2, 2), pool_type=avg, layout=NHWC}
      y = Concat(a, b) {dim=3, num_args=2}
      z = softmax(a)
      output y_output = y
      output z_output = z)");
  EXPECT_EQ(Find("a"), nullptr);
  EXPECT_NE(Find("b"), nullptr);
}

TEST_F(SlicesTest, AValueJoinedTwiceIsCopied) {
  Plan(R"(
      input data: float32 [1, 4, 4, 3]
      a = Pooling(data) {kernel=(2, 2), pool_type=max, layout=NHWC}
      y = Concat(a, a) {dim=3, num_args=2}
      output y_output = y)");
  EXPECT_EQ(Find("a"), nullptr);
}

TEST_F(SlicesTest, OtherAxesAreCopied) {
  Plan(R"(
      input data: float32 [1, 4, 4, 3]
      a = Pooling(data) {kernel=(2, 2), pool_type=max, layout=NHWC}
      b = Pooling(data) {kernel=(2, 2), pool_type=avg, layout=NHWC}
      y = Concat(a, b) {dim=1, num_args=2}
      output y_output = y)");
  EXPECT_EQ(Find("a"), nullptr);
  EXPECT_EQ(Find("b"), nullptr);
}

TEST_F(SlicesTest, ThePlanComputesWhatNodeByNodeComputes) {
  ThreadPool pool(2);
  Tensor data = Tensor::Allocate({DType::kFloat32, {1, 4, 4, 3}});
  for (int64_t i = 0; i < data.num_elements(); ++i) data.mutable_data<float>()[i] = static_cast<float>(i % 17 - 8);
  absl::StatusOr<Graph> graph = GraphFromText(kJoins);
  ASSERT_OK(graph);
  const auto executable = Executable::Create(*graph, pool);
  ASSERT_OK(executable);
  const auto planned = (*executable)->Run(absl::MakeConstSpan(&data, 1));
  ASSERT_OK(planned);
  ASSERT_OK(InferTypes(*graph));
  const auto plain = RunGraph(*graph, {data}, pool);
  ASSERT_OK(plain);
  const auto elements = [](const Tensor& tensor) {
    return std::vector<float>(tensor.data<float>(), tensor.data<float>() + tensor.num_elements());
  };
  EXPECT_EQ(elements((*planned)[0]), elements((*plain)[0]));
}

}  // namespace
}  // namespace baryon
