#include "engine/gluon/invoke.h"

#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/naming.h"
#include "engine/gluon/np.h"
#include "engine/gluon/trace.h"
#include "engine/graph/graph_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using absl::StatusCode;
using testing::HasSubstr;
using testing::StrEq;

TEST(InvokeTest, RunsOperators) {
  EXPECT_EQ(InvokeOne("square", {}, {np::Array({3})}).ToString(), "array([9.])");
  const NDArrays pieces = Invoke("SliceChannel", {{"num_outputs", "2"}}, {np::Array({{1, 2}})});
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces[1].ToString(), "array([[2.]])");
}

// By name, or by hint and counter, in the scope of the block that runs.
TEST(InvokeTest, NamesWhatItWritesDown) {
  Trace trace;
  const gluon::OperatorScope scope("net0_");
  const NDArray x = trace.AddInput("data", {DType::kFloat32, {1, 2}});
  const NDArray y =
      InvokeOne("FullyConnected", {{"num_hidden", "3"}, {"no_bias", "True"}}, {x, np::Ones({3, 2})}, {.name = "fwd"});
  const NDArray z = InvokeOne("elemwise_add", {}, {y, y}, {.hint = "_plus"});
  ASSERT_OK_AND_ASSIGN(const Graph graph,
                       std::move(trace).Finish({InvokeOne("Activation", {{"act_type", "relu"}}, {z})}));
  EXPECT_THAT(GraphToText(graph), StrEq(R"(input data: float32 [1, 2]
const net0_constant0: float32 [3, 2]
net0_fwd = FullyConnected(data, net0_constant0) {no_bias=True, num_hidden=3} : float32 [1, 3]
net0__plus0 = elemwise_add(net0_fwd, net0_fwd) : float32 [1, 3]
net0_activation0 = Activation(net0__plus0) {act_type=relu} : float32 [1, 3]
output net0_activation0_output = net0_activation0
)"));
}

TEST(InvokeTest, PassesErrorsOn) {
  const NDArray bad = np::Ones({2}) + np::Ones({3});
  EXPECT_EQ(InvokeOne("dot", {}, {np::Ones({2}), bad}).status(), bad.status());
  Trace trace;
  const NDArray x = trace.AddInput("data", {DType::kFloat32, {2}});
  EXPECT_EQ(InvokeOne("dot", {}, {x, bad}).status(), bad.status());
}

TEST(InvokeTest, NamesTheOperatorInErrors) {
  EXPECT_THAT(InvokeOne("Conwolution", {}, {np::Ones({1})}).status(),
              StatusIs(StatusCode::kUnimplemented, HasSubstr("Conwolution: unknown operator")));
  EXPECT_THAT(InvokeOne("dot", {}, {np::Ones({1})}).status(),
              StatusIs(StatusCode::kInvalidArgument, "dot: expected 2 inputs, got 1"));
  EXPECT_THAT(InvokeOne("softmax", {{"axes", "1"}}, {np::Ones({1})}).status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("unknown attribute \"axes\"")));
}

TEST(InvokeTest, WritesAttributesAsMXNetDoes) {
  EXPECT_EQ(AttrText(3), "3");
  EXPECT_EQ(AttrText(true), "True");
  EXPECT_EQ(AttrText(0.1), "0.1");
  EXPECT_EQ(AttrText(IntTuple{3, 3}), "(3, 3)");
  EXPECT_EQ(AttrText(std::optional<int64_t>()), "None");
}

}  // namespace
}  // namespace baryon
