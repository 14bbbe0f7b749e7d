#include "engine/gluon/block.h"

#include "engine/base/logging.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/np.h"
#include "engine/gluon/testing/tutorial.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StrEq;

class MLP : public gluon::Block {
 public:
  NDArray Forward(const NDArray& x) override { return dense3(dense2(dense1(x))); }

  Child<nn::Dense> dense1 = Register("dense1", nn::Dense(5, {.activation = "relu"}));
  Child<nn::Dense> dense2 = Register("dense2", nn::Dense(25, {.activation = "relu"}));
  Child<nn::Dense> dense3 = Register("dense3", nn::Dense(2));
};

// Adds its two inputs, and gives the difference too.
class SumAndDifference : public gluon::Block {
 public:
  NDArrays ForwardMany(absl::Span<const NDArray> inputs) override {
    return {inputs[0] + inputs[1], inputs[0] - inputs[1]};
  }
};

class Sum : public gluon::Block {
 public:
  NDArrays ForwardMany(absl::Span<const NDArray> inputs) override { return {inputs[0] + inputs[1]}; }
};

class Affine : public gluon::Block {
 public:
  explicit Affine(int64_t out_units, int64_t in_units = 0)
      : weight(Register("weight", gluon::Parameter("weight", {.shape = {in_units, out_units}}))),
        bias(Register("bias", gluon::Parameter("bias", {.shape = {out_units}}))) {}

  NDArray Forward(const NDArray& x) override { return np::Dot(x, weight.data()) + bias.data(); }

  gluon::Parameter weight, bias;
};

TEST(BlockTest, PrintsItsChildren) {
  MLP net;
  EXPECT_THAT(net.ToString(), StrEq(R"(MLP(
  (dense1): Dense(-1 -> 5, Activation(relu))
  (dense2): Dense(-1 -> 25, Activation(relu))
  (dense3): Dense(-1 -> 2, linear)
))"));
  EXPECT_THAT(SumAndDifference().ToString(), StrEq("SumAndDifference(\n\n)"));
}

TEST(BlockTest, CollectsParametersByStructure) {
  MLP net;
  EXPECT_THAT(net.CollectParams().names(), ElementsAre("dense1.weight", "dense1.bias", "dense2.weight", "dense2.bias",
                                                       "dense3.weight", "dense3.bias"));
  ASSERT_OK_AND_ASSIGN(gluon::ParameterDict weights, net.CollectParams("dense[12].*weight|dense3"));
  EXPECT_THAT(weights.names(), ElementsAre("dense1.weight", "dense2.weight", "dense3.weight", "dense3.bias"));
  ASSERT_OK_AND_ASSIGN(weights, net.CollectParams("weight"));  // from the start of the name
  EXPECT_TRUE(weights.empty());
  EXPECT_EQ(net.CollectParams("(").status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(net.dense1->params().ToString(), StrEq("{'weight': Parameter (shape=(5, -1), dtype=float32), 'bias': "
                                                     "Parameter (shape=(5,), dtype=float32)}"));
}

TEST(BlockTest, ResolvesShapesAtTheFirstForward) {
  MLP net;
  net.Initialize();
  EXPECT_THAT(net.dense2->weight().data().status(),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("initialization was deferred")));
  EXPECT_EQ(net(np::Ones({4, 3})).shape(), Shape({4, 2}));
  EXPECT_EQ(net.dense2->weight().data().shape(), Shape({25, 5}));
}

TEST(BlockTest, HasParametersOfItsOwn) {
  Affine layer(3, 5);
  layer.Initialize(init::One());
  EXPECT_EQ(layer(np::Ones({1, 5})).ToString(), "array([[6., 6., 6.]])");
  EXPECT_THAT(layer.CollectParams().names(), ElementsAre("weight", "bias"));
  ASSERT_OK(layer.weight.SetData(np::Zeros({5, 3})));
  EXPECT_EQ(layer(np::Ones({1, 5})).ToString(), "array([[1., 1., 1.]])");
}

TEST(BlockTest, ReportsParametersOfUnknownShape) {
  Affine layer(3);
  layer.Initialize();
  EXPECT_THAT(layer(np::Ones({1, 5})).status(),
              StatusIs(StatusCode::kInvalidArgument,
                       "Cannot initialize Parameter 'weight' because it has invalid shape: (-1, 3)."));
}

TEST(BlockTest, TakesAndGivesSeveralArrays) {
  SumAndDifference block;
  const NDArrays outputs = block.Call({np::Ones({2}), np::Ones({2})});
  ASSERT_EQ(outputs.size(), 2u);
  EXPECT_EQ(outputs[0].ToString(), "array([2., 2.])");
  EXPECT_EQ(outputs[1].ToString(), "array([0., 0.])");
  EXPECT_THAT(block(np::Ones({2}), np::Ones({2})).status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("gives 2 outputs")));
  EXPECT_EQ(Sum()(np::Ones({1}), np::Ones({1})).ToString(), "array([2.])");
}

TEST(BlockTest, SaysWhatIsMissing) {
  class Empty : public gluon::Block {};
  Empty empty;
  EXPECT_THAT(empty(np::Ones({1})).status(),
              StatusIs(StatusCode::kUnimplemented, HasSubstr("Must define Empty::Forward")));
  EXPECT_THAT(empty(np::Ones({1}), np::Ones({1})).status(),
              StatusIs(StatusCode::kInvalidArgument, "Empty: expected 1 input, got 2"));
  MLP net;
  EXPECT_THAT(net(np::Ones({1}) + np::Ones({2}) * np::Ones({3})).status(), StatusIs(StatusCode::kInvalidArgument));
}

TEST(BlockTest, AppliesChildrenFirst) {
  MLP net;
  std::vector<std::string> seen;
  net.Apply([&](gluon::Block& block) { seen.push_back(block.class_name()); });
  EXPECT_THAT(seen, ElementsAre("Activation", "Dense", "Activation", "Dense", "Dense", "MLP"));
}

TEST(BlockTest, CallsHooksUntilTheyAreDetached) {
  MLP net;
  net.Initialize();
  std::vector<std::string> calls;
  gluon::HookHandle before = net.dense2->RegisterForwardPreHook([&](gluon::Block& block, absl::Span<const NDArray> x) {
    calls.push_back(block.class_name() + " of " + ShapeTuple(x[0].shape()));
  });
  gluon::HookHandle after =
      net.RegisterForwardHook([&](gluon::Block& block, absl::Span<const NDArray>, absl::Span<const NDArray> y) {
        calls.push_back(block.class_name() + " gives " + ShapeTuple(y[0].shape()));
      });
  net(np::Ones({1, 3}));
  EXPECT_THAT(calls, ElementsAre("Dense of (1, 5)", "MLP gives (1, 2)"));
  before.Detach();
  after.Detach();
  net(np::Ones({1, 3}));
  EXPECT_EQ(calls.size(), 2u);
}

TEST(BlockTest, CastsAllParameters) {
  MLP net;
  net.Initialize();
  net(np::Ones({1, 3}));
  net.Cast(DType::kFloat64);
  EXPECT_EQ(net.dense1->weight().data().dtype(), DType::kFloat64);
  const NDArray y = net(np::Ones({1, 3}, DType::kFloat64));
  ASSERT_OK(y.status());
  EXPECT_EQ(y.dtype(), DType::kFloat64);
}

TEST(BlockTest, SharesParameters) {
  MLP a, b;
  b.ShareParameters(a.CollectParams());
  a.Initialize();
  a(np::Ones({1, 3}));
  EXPECT_EQ(a.dense1->weight(), b.dense1->weight());
  EXPECT_TRUE(np::ArrayEqual(a(np::Ones({1, 3})), b(np::Ones({1, 3}))));
}

TEST(BlockTest, RepeatsGluonsWordsAboutMistakes) {
  const TutorialCase fresh = MakeTutorialCase("hybrid_sequential");
  const NDArray x = np::Ones(fresh.input);
  EXPECT_THAT(std::string((*fresh.net)(x).status().message()),
              StrEq(TutorialMessage("v2", "forward before initialize")));
  fresh.net->Initialize();
  auto& net = dynamic_cast<nn::HybridSequential&>(*fresh.net);
  EXPECT_THAT(std::string(net.Get<nn::Dense>(1)->weight().data().status().message()),
              StrEq(TutorialMessage("v2", "data() before the first forward of a layer without in_units")));

  nn::Dense dense(5, {.activation = "relu", .in_units = 3});
  dense.Initialize();
  EXPECT_THAT(std::string(dense(np::Ones({10, 4})).status().message()),
              StrEq(TutorialMessage("v2", "input with 4 columns into in_units=3")));
  EXPECT_THAT(std::string(dense.weight().SetData(np::Zeros({4, 4})).message()),
              StrEq(TutorialMessage("v2", "set_data of a wrong shape")));
  EXPECT_THAT(dense.params().ToString(), StrEq(TutorialMessage("v2", "collect_params of the dense layer")));
  EXPECT_THAT(nn::Dense(5).weight().ToString(),
              StrEq(TutorialMessage("v2", "repr of a parameter before the shape is known")));
}

TEST(BlockTest, WarnsWhenInitializedTwice) {
  std::vector<std::string> warnings;
  SetLogSink([&](LogSeverity, absl::string_view message, LogFields) { warnings.emplace_back(message); });
  nn::Dense dense(5, {.use_bias = false, .in_units = 3});
  dense.Initialize();
  dense.Initialize();
  SetLogSink({});
  EXPECT_THAT(warnings, ElementsAre(TutorialMessage("v2", "initialize twice")));
}

}  // namespace
}  // namespace baryon
