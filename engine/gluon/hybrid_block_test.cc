#include "engine/gluon/hybrid_block.h"

#include "engine/base/logging.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/invoke.h"
#include "engine/gluon/nn/dense.h"
#include "engine/gluon/np.h"
#include "engine/gluon/sequential.h"
#include "engine/gluon/testing/tutorial.h"
#include "engine/graph/graph_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StrEq;

class MLP : public nn::HybridBlock {
 public:
  NDArray Forward(const NDArray& x) override { return dense2(dense1(x)); }

  Child<nn::Dense> dense1 = Register("dense1", nn::Dense(5, {.activation = "relu"}));
  Child<nn::Dense> dense2 = Register("dense2", nn::Dense(2));
};

TEST(HybridBlockTest, GivesTheSameHybridizedAndNot) {
  MLP net;
  net.Initialize();
  const NDArray x = np::random::Uniform(-1, 1, {10, 3});
  const NDArray before = net(x);
  net.Hybridize();
  const NDArray after = net(x);
  ASSERT_OK(after.status());
  EXPECT_EQ(before.ToString(), after.ToString());
  net.Hybridize(false);
  EXPECT_EQ(net(x).ToString(), before.ToString());
  EXPECT_EQ(net.executable(), nullptr);
}

TEST(HybridBlockTest, WritesDownWhatForwardComputes) {
  const NameManager fresh;
  MLP net;
  net.Initialize();
  net.Hybridize();
  ASSERT_OK(net(np::Ones({4, 3})).status());
  EXPECT_THAT(GraphToText(*net.traced_graph()), StrEq(R"(input data: float32 [4, 3]
const dense0_weight: float32 [5, 3]
const dense0_bias: float32 [5]
dense0_fwd = FullyConnected(data, dense0_weight, dense0_bias) {num_hidden=5} : float32 [4, 5]
dense0_relu_fwd = Activation(dense0_fwd) {act_type=relu} : float32 [4, 5]
const dense1_weight: float32 [2, 5]
const dense1_bias: float32 [2]
dense1_fwd = FullyConnected(dense0_relu_fwd, dense1_weight, dense1_bias) {num_hidden=2} : float32 [4, 2]
output dense1_fwd_output = dense1_fwd
)"));
}

TEST(HybridBlockTest, SharesOneExecutableBetweenBatchSizes) {
  MLP net;
  net.Initialize();
  net.Hybridize();
  ASSERT_OK(net(np::Ones({1, 3})).status());
  const auto executable = net.executable();
  const NDArray two = net(np::Ones({2, 3}));
  EXPECT_EQ(two.shape(), Shape({2, 2}));
  EXPECT_EQ(net.executable(), executable);
}

TEST(HybridBlockTest, SharesItAlsoWhereForwardHoldsNumbers) {
  class Scaled : public nn::HybridBlock {
   public:
    NDArray Forward(const NDArray& x) override { return x * np::Array({1, 2, 3}); }
  };
  Scaled block;
  block.Hybridize();
  ASSERT_OK(block(np::Ones({1, 3})).status());
  const auto executable = block.executable();
  EXPECT_EQ(block(np::Ones({2, 3})).shape(), Shape({2, 3}));
  EXPECT_EQ(block.executable(), executable);
}

TEST(HybridBlockTest, SeesParametersThatAreSetAgain) {
  nn::Dense dense(1, {.use_bias = false, .in_units = 2});
  dense.Initialize(init::One());
  dense.Hybridize();
  EXPECT_EQ(dense(np::Ones({1, 2})).ToString(), "array([[2.]])");
  ASSERT_OK(dense.weight().SetData(np::Full({1, 2}, 3)));
  EXPECT_EQ(dense(np::Ones({1, 2})).ToString(), "array([[6.]])");
  dense.Initialize(init::Zero(), /*force_reinit=*/true);
  EXPECT_EQ(dense(np::Ones({1, 2})).ToString(), "array([[0.]])");
}

// The lesson's layer: the shape of its weight follows from the input, because it says how.
class DeferredAffine : public nn::HybridBlock {
 public:
  explicit DeferredAffine(int64_t out_units, int64_t in_units = 0)
      : weight(Register("weight",
                        gluon::Parameter("weight", {.shape = {in_units, out_units}, .allow_deferred_init = true}))),
        bias(Register("bias", gluon::Parameter("bias", {.shape = {out_units}}))) {}

  NDArray Forward(const NDArray& x) override { return np::Dot(x, weight.data()) + bias.data(); }
  absl::Status InferShape(const NDArray& x) override { return weight.SetShape({x.shape().back(), weight.shape()[1]}); }

  gluon::Parameter weight, bias;
};

TEST(HybridBlockTest, InfersShapesAsTheBlockSays) {
  DeferredAffine layer(3);
  EXPECT_THAT(layer.weight.ToString(), StrEq("Parameter (shape=(-1, 3), dtype=float32)"));
  layer.Initialize(init::One());
  layer.Hybridize();
  EXPECT_EQ(layer(np::Ones({1, 5})).ToString(), "array([[6., 6., 6.]])");
  EXPECT_THAT(layer.weight.ToString(), StrEq("Parameter (shape=(5, 3), dtype=float32)"));
  EXPECT_EQ(layer(np::Ones({1, 4})).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(HybridBlockTest, WritesItsGraphWithoutValues) {
  const NameManager fresh;
  nn::HybridSequential net = Stack<nn::HybridSequential>();
  ASSERT_OK_AND_ASSIGN(const Graph graph, net.TraceGraph({{DType::kFloat32, {10, 3}}}));
  std::vector<std::string> inputs;
  for (NodeId id : graph.inputs()) {
    inputs.push_back(graph.node(id).name + " " + graph.type({id, 0}).shape.ToString());
  }
  EXPECT_THAT(inputs, ElementsAre("data [10, 3]", "dense0_weight [5, 3]", "dense0_bias [5]", "dense1_weight [25, 5]",
                                  "dense1_bias [25]", "dense2_weight [2, 25]", "dense2_bias [2]"));
  EXPECT_EQ(graph.type(graph.outputs()[0].value).shape, Shape({10, 2}));
  EXPECT_EQ(net[1].ToString(), "Dense(5 -> 25, Activation(relu))");
  EXPECT_FALSE(net[1].param("weight").is_initialized());
  EXPECT_FALSE(net.TraceGraph({{DType::kFloat32, {10, 4}}}).ok());
}

TEST(HybridBlockTest, ReportsShapesThatNobodyInfers) {
  class Forgetful : public nn::HybridBlock {
   public:
    NDArray Forward(const NDArray& x) override { return np::Dot(x, weight.data()); }
    gluon::Parameter weight =
        Register("weight", gluon::Parameter("weight", {.shape = {0, 3}, .allow_deferred_init = true}));
  };
  Forgetful layer;
  layer.Initialize();
  EXPECT_THAT(layer(np::Ones({1, 5})).status(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       "Forgetful has parameters with unknown shape. You need to either specify the shape in __init__ "
                       "or implement Forgetful.infer_shape to set the parameter shapes based on the first input. "
                       "Parameters with unknown shapes are weight ((-1, 3))"));
}

TEST(HybridBlockTest, TakesSeveralInputsSomeOfThemNone) {
  class MaybeAdd : public nn::HybridBlock {
   public:
    NDArrays ForwardMany(absl::Span<const NDArray> inputs) override {
      return {inputs[1].is_none() ? inputs[0] : inputs[0] + inputs[1], inputs[0] * 2};
    }
  };
  MaybeAdd block;
  block.Hybridize();
  const NDArray x = np::Array({1, 2});
  EXPECT_EQ(block.Call({x, x})[0].ToString(), "array([2., 4.])");
  EXPECT_EQ(block.traced_graph()->node(1).name, "data1");
  const NDArrays without = block.Call({x, NDArray()});
  ASSERT_EQ(without.size(), 2u);
  EXPECT_EQ(without[0].ToString(), "array([1., 2.])");
  EXPECT_EQ(without[1].ToString(), "array([2., 4.])");
  EXPECT_EQ(block.traced_graph()->node(0).name, "data");
  EXPECT_EQ(block.Call({x, x})[0].ToString(), "array([2., 4.])");
}

// Where Forward looks at shapes, each has a graph of its own.
TEST(HybridBlockTest, TracesAnewWhereShapesDecide) {
  class ByShape : public nn::HybridBlock {
   public:
    NDArray Forward(const NDArray& x) override { return x * static_cast<double>(x.shape()[0]); }
  };
  ByShape block;
  block.Hybridize();
  EXPECT_EQ(block(np::Ones({1})).ToString(), "array([1.])");
  const auto one = block.executable();
  EXPECT_EQ(block(np::Ones({2})).ToString(), "array([2., 2.])");
  EXPECT_NE(block.executable(), one);
  EXPECT_EQ(block(np::Ones({1})).ToString(), "array([1.])");
}

TEST(HybridBlockTest, CannotReadElementsWhileItIsTraced) {
  class Peeking : public nn::HybridBlock {
   public:
    NDArray Forward(const NDArray& x) override {
      const absl::StatusOr<float> first = x.At<float>({0});
      if (!first.ok()) return first.status();
      return x * *first;
    }
  };
  Peeking block;
  EXPECT_EQ(block(np::Array({3})).ToString(), "array([9.])");
  block.Hybridize();
  EXPECT_THAT(block(np::Array({3})).status(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("not known while its block is traced")));
}

TEST(HybridBlockTest, SeesChangesOfItsStructure) {
  MLP net;
  net.Initialize(init::One());
  net.Hybridize();
  const NDArray before = net(np::Ones({1, 3}));
  MLP other;
  other.Initialize(init::Zero());
  other(np::Ones({1, 3}));
  net.dense2->ShareParameters(other.dense2->CollectParams());
  EXPECT_EQ(net(np::Ones({1, 3})).ToString(), "array([[0., 0.]])");
  EXPECT_FALSE(np::ArrayEqual(before, net(np::Ones({1, 3}))));
}

TEST(HybridBlockTest, StaysHybridizedByPart) {
  MLP net;
  net.Initialize();
  net.dense1->Hybridize();
  EXPECT_FALSE(net.active());
  ASSERT_OK(net(np::Ones({1, 3})).status());
  EXPECT_NE(net.dense1->executable(), nullptr);
  EXPECT_EQ(net.dense2->executable(), nullptr);
}

TEST(HybridBlockTest, StopsBeingHybridizedWhenCast) {
  std::vector<std::string> warnings;
  SetLogSink([&](LogSeverity, absl::string_view message, LogFields) { warnings.emplace_back(message); });
  MLP net;
  net.Initialize();
  net.Hybridize();
  net(np::Ones({1, 3}));
  net.Cast(DType::kFloat64);
  net.Hybridize();
  const NDArray y = net(np::Ones({1, 3}, DType::kFloat64));
  nn::HybridSequential more;
  more.Hybridize();
  more.Add(nn::Dense(1));
  SetLogSink({});
  EXPECT_EQ(y.dtype(), DType::kFloat64);
  EXPECT_FALSE(more.active());
  ASSERT_FALSE(warnings.empty());
  EXPECT_THAT(warnings.front(), HasSubstr("Automatically deactivate the hybridization when cast"));
  EXPECT_THAT(warnings.back(), HasSubstr("when adding new children block"));
}

// Its own hooks are called, those of the blocks inside are not.
TEST(HybridBlockTest, CallsItsOwnHooks) {
  MLP net;
  net.Initialize();
  net.Hybridize();
  net(np::Ones({1, 3}));
  int own = 0, inner = 0;
  const auto count = [](int& calls) {
    return [&calls](gluon::Block&, absl::Span<const NDArray>, absl::Span<const NDArray>) { ++calls; };
  };
  net.RegisterForwardHook(count(own));
  net.dense1->RegisterForwardHook(count(inner));
  net(np::Ones({1, 3}));
  EXPECT_EQ(own, 1);
  EXPECT_EQ(inner, 0);
}

TEST(HybridBlockTest, GivesConstantsAndInputsBack) {
  class Odd : public nn::HybridBlock {
   public:
    NDArrays ForwardMany(absl::Span<const NDArray> inputs) override { return {inputs[0], np::Array({7})}; }
  };
  Odd block;
  block.Hybridize();
  const NDArrays outputs = block.Call({np::Array({1, 2})});
  ASSERT_EQ(outputs.size(), 2u);
  EXPECT_EQ(outputs[0].ToString(), "array([1., 2.])");
  EXPECT_EQ(outputs[1].ToString(), "array([7.])");
}

TEST(HybridBlockTest, CompilesStrictlyWhenAsked) {
  MLP net;
  net.Initialize();
  net.Hybridize(true, {.numerics = Numerics::kStrict});
  net(np::Ones({1, 3}));
  EXPECT_EQ(net.executable()->options().numerics, Numerics::kStrict);
}

}  // namespace
}  // namespace baryon
