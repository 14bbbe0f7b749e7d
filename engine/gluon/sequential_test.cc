#include "engine/gluon/sequential.h"

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

TEST(SequentialTest, PrintsAsGluonDoes) {
  for (const char* name : {"dense", "sequential", "hybrid_sequential", "lenet", "mlp_hybrid"}) {
    const TutorialCase test_case = MakeTutorialCase(name);
    EXPECT_THAT(test_case.net->ToString() + "\n", StrEq(TutorialText(name, "v2", "print_before.txt")));
    test_case.net->Initialize();
    ASSERT_OK((*test_case.net)(np::Ones(test_case.input)).status());
    EXPECT_THAT(test_case.net->ToString() + "\n", StrEq(TutorialText(name, "v2", "print_after.txt")));
  }
  EXPECT_THAT(nn::Sequential().ToString(), StrEq("Sequential(\n\n)"));
}

TEST(SequentialTest, PrintsContainersInsideContainers) {
  nn::Sequential outer;
  nn::HybridSequential inner;
  inner.Add(nn::Dense(2, {.in_units = 3}), nn::Activation("tanh"));
  outer.Add(std::move(inner), nn::Dense(1));
  EXPECT_THAT(outer.ToString(), StrEq(R"(Sequential(
  (0): HybridSequential(
    (0): Dense(3 -> 2, linear)
    (1): Activation(tanh)
  )
  (1): Dense(-1 -> 1, linear)
))"));
}

TEST(SequentialTest, GivesItsBlocks) {
  nn::Sequential net = Stack<nn::Sequential>();
  EXPECT_EQ(net.size(), 3);
  EXPECT_THAT(net[1].ToString(), StrEq("Dense(-1 -> 25, Activation(relu))"));
  EXPECT_THAT(net[-1].ToString(), StrEq("Dense(-1 -> 2, linear)"));
  EXPECT_EQ(net.Get<nn::Dense>(0)->weight().shape(), Shape({5, 3}));
  EXPECT_EQ(net.Get<nn::Activation>(0), nullptr);
  std::vector<std::string> names;
  for (nn::Block& block : net) names.push_back(block.class_name());
  EXPECT_THAT(names, ElementsAre("Dense", "Dense", "Dense"));
}

TEST(SequentialTest, AnswersWithAnErrorBeyondItsEnd) {
  nn::Sequential net = Stack<nn::Sequential>();
  EXPECT_THAT(net[3].status(), StatusIs(StatusCode::kOutOfRange, HasSubstr("list index out of range")));
  EXPECT_THAT(net[-4](np::Ones({1})).status(), StatusIs(StatusCode::kOutOfRange));
  EXPECT_EQ(net.Get<nn::Dense>(3), nullptr);
}

TEST(SequentialTest, SharesBlocksWithItsSlices) {
  nn::HybridSequential net = Stack<nn::HybridSequential>();
  net.Initialize();
  nn::HybridSequential first = net.Slice(0, 2);
  EXPECT_EQ(first.size(), 2);
  EXPECT_EQ(net.Slice(-1).size(), 1);
  EXPECT_EQ(net.Slice(2, 1).size(), 0);
  ASSERT_OK(net(np::Ones({1, 3})).status());
  EXPECT_EQ(first.Get<nn::Dense>(1), net.Get<nn::Dense>(1));
  EXPECT_EQ(first(np::Ones({1, 3})).shape(), Shape({1, 25}));
}

TEST(SequentialTest, TakesBlocksThatOthersOwnToo) {
  const Child<nn::Dense> tied(std::make_shared<nn::Dense>(nn::Dense(3, {.in_units = 3})));
  nn::Sequential net;
  net.Add(tied, tied);
  net.Initialize(init::One());
  EXPECT_EQ(net(np::Ones({1, 3})).ToString(), "array([[9., 9., 9.]])");
}

// Two outputs are the two inputs of the next.
TEST(SequentialTest, PassesAllOutputsOn) {
  class Twice : public nn::HybridBlock {
   public:
    NDArrays ForwardMany(absl::Span<const NDArray> inputs) override { return {inputs[0], inputs[0] * 2}; }
  };
  class Add : public nn::HybridBlock {
   public:
    NDArrays ForwardMany(absl::Span<const NDArray> inputs) override { return {inputs[0] + inputs[1]}; }
  };
  nn::HybridSequential net;
  net.Add(Twice(), Add());
  EXPECT_EQ(net(np::Ones({2})).ToString(), "array([3., 3.])");
  net.Hybridize();
  EXPECT_EQ(net(np::Ones({2})).ToString(), "array([3., 3.])");
}

TEST(SequentialTest, RefusesPlainBlocksWhereAllAreHybrid) {
  nn::HybridSequential net;
  net.Add(nn::Sequential());
  // Python prints its class where this prints the name.
  EXPECT_THAT(net.status(), StatusIs(StatusCode::kInvalidArgument,
                                     "Children of HybridBlock must also be HybridBlock, but Sequential(\n\n) has type "
                                     "Sequential. If you are using Sequential, please try HybridSequential instead."));
  EXPECT_EQ(net(np::Ones({1})).status(), net.status());
}

TEST(SequentialTest, SuggestsHybridSequential) {
  std::vector<std::string> warnings;
  SetLogSink([&](LogSeverity, absl::string_view message, LogFields) { warnings.emplace_back(message); });
  Stack<nn::Sequential>().Hybridize();
  SetLogSink({});
  EXPECT_THAT(warnings, ElementsAre(TutorialMessage("v2", "hybridize a Sequential of HybridBlocks")));
}

TEST(SequentialTest, CompilesTheHybridBlocksInIt) {
  nn::Sequential net = Stack<nn::Sequential>();
  net.Initialize();
  const NDArray x = np::random::Uniform(-1, 1, {4, 3}), before = net(x);
  net.Hybridize();
  EXPECT_TRUE(np::ArrayEqual(net(x), before));
  EXPECT_NE(net.Get<nn::Dense>(1)->executable(), nullptr);
}

}  // namespace
}  // namespace baryon
