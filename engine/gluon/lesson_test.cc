// Gluon's lesson "Create a neural network", step by step, against what MXNet 2.0.0b1 printed at each (LessonText):
// texts letter by letter, arrays number by number. engine/examples has the lesson as a text to read.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "engine/base/testing/status_matchers.h"
#include "engine/gluon/nn.h"
#include "engine/gluon/np.h"
#include "engine/gluon/symbol_block.h"
#include "engine/gluon/testing/tutorial.h"
#include "gtest/gtest.h"
#include "tests/support/seeded.h"

namespace baryon {
namespace {

NDArray Input(const Shape& shape) { return SeededInput("data", shape); }

std::string Text(const gluon::Block& block) { return block.ToString(); }

// The numbers in `text`, a NumPy array.
std::vector<double> Numbers(const std::string& text) {
  std::vector<double> numbers;
  for (const char* p = text.c_str(); *p != '\0';) {
    char* end = nullptr;
    const double number = std::strtod(p, &end);
    if (end != p) numbers.push_back(number);
    p = end == p ? p + 1 : end;
  }
  return numbers;
}

void ExpectNumbers(const NDArray& array, const std::string& text) {
  ASSERT_OK(array.status());
  const std::vector<double> numbers = Numbers(text);
  EXPECT_TRUE(np::AllClose(np::Ravel(array.AsType(DType::kFloat64)),
                           np::FromData<double>({static_cast<int64_t>(numbers.size())}, numbers), 1e-5, 1e-5))
      << array << "\nexpected " << text;
}

// The net with the parameters of the transcript, whose shapes the first forward settles.
template <typename Net>
Net& Seed(Net& net, const Shape& input) {
  net.Initialize();
  EXPECT_OK(net(Input(input)).status());
  SetSeededParameters(net);
  return net;
}

class MLP : public nn::Block {
 public:
  NDArray Forward(const NDArray& x) override { return dense3(dense2(dense1(x))); }

  Child<nn::Dense> dense1 = Register("dense1", nn::Dense(5, {.activation = "relu"}));
  Child<nn::Dense> dense2 = Register("dense2", nn::Dense(25, {.activation = "relu"}));
  Child<nn::Dense> dense3 = Register("dense3", nn::Dense(2));
};

// The lesson's layer of one's own, with its size known or learnt from the first input.
template <typename Base>
class Affine : public Base {
 public:
  explicit Affine(int64_t out_units, int64_t in_units = -1)
      : weight(this->Register("weight", Deferred("weight", {in_units, out_units}))),
        bias(this->Register("bias", Deferred("bias", {out_units}))) {}

  static gluon::Parameter Deferred(const char* name, const Shape& shape) {
    return gluon::Parameter(name, {.shape = shape, .allow_deferred_init = true});
  }
  NDArray Forward(const NDArray& x) override { return np::Dot(x, weight.data()) + bias.data(); }

  gluon::Parameter weight, bias;
};

class DeferredAffine : public Affine<nn::HybridBlock> {
 public:
  using Affine::Affine;
  absl::Status InferShape(const NDArray& x) override { return weight.SetShape({x.shape().back(), weight.shape()[1]}); }
};

class LeNetAffine : public LeNet {
 public:
  NDArray Forward(const NDArray& x) override { return last(dense2(dense1(pool2(conv2(pool1(conv1(x))))))); }
  Child<DeferredAffine> last = Register("dense3", DeferredAffine(10, 84));
};

TEST(LessonTest, PrintsLayersAndContainers) {
  EXPECT_EQ(Text(nn::Dense(5)), LessonText(1));
  EXPECT_EQ(Text(nn::Dense(5, {.in_units = 3})), LessonText(2));
  EXPECT_EQ(Text(nn::Dense(5, {.activation = "relu", .in_units = 3})), LessonText(3));
  nn::Sequential net = Stack<nn::Sequential>();
  EXPECT_EQ(Text(net), LessonText(7));
  EXPECT_EQ(Text(net[1]), LessonText(8));
  EXPECT_EQ(Text(MLP()), LessonText(9));
  EXPECT_EQ(Text(LeNet()), LessonText(13));
  EXPECT_EQ(Text(Stack<nn::HybridSequential>()), LessonText(18));
}

TEST(LessonTest, ComputesALayerAndShowsItsParameters) {
  nn::Dense layer(5, {.activation = "relu", .in_units = 3});
  Seed(layer, {10, 3});
  ExpectNumbers(layer(Input({10, 3})), LessonText(4));
  EXPECT_EQ(layer.params().ToString(), LessonText(5));
  EXPECT_EQ(layer.weight().data().ToString(), LessonText(6));
  EXPECT_EQ(MLP().dense1->params().ToString(), LessonText(10));
  const gluon::Parameter weight("custom_parameter_weight", {.shape = {5, -1}}),
      bias("custom_parameter_bias", {.shape = {5, -1}});
  EXPECT_EQ(absl::StrCat("(", weight.ToString(), ", ", bias.ToString(), ")"),
            absl::StrReplaceAll(LessonText(11), {{"<class 'numpy.float32'>", "float32"}}));
}

TEST(LessonTest, ComputesLayersOfOnesOwn) {
  Affine<nn::Block> affine(3, 5);
  Seed(affine, {4, 5});
  ExpectNumbers(affine(Input({4, 5})), LessonText(12));
  DeferredAffine deferred(3);
  EXPECT_EQ(deferred.weight.ToString(), absl::StrReplaceAll(LessonText(20), {{"<class 'numpy.float32'>", "float32"}}));
  Seed(deferred, {4, 5});
  EXPECT_EQ(deferred.weight.ToString(), absl::StrReplaceAll(LessonText(21), {{"<class 'numpy.float32'>", "float32"}}));
  ExpectNumbers(deferred(Input({4, 5})), LessonText(22));
}

TEST(LessonTest, ComputesLeNet) {
  LeNet lenet;
  Seed(lenet, {1, 1, 28, 28});
  ExpectNumbers(lenet(Input({1, 1, 28, 28})), LessonText(14));
  LeNetAffine custom;
  Seed(custom, {1, 1, 28, 28});
  ExpectNumbers(custom(Input({1, 1, 28, 28})), LessonText(15));
  EXPECT_EQ(absl::StrCat("(", ShapeTuple(lenet.conv1->weight().data().shape()), ", ",
                         ShapeTuple(lenet.dense1->bias().data().shape()), ")"),
            LessonText(16));
}

TEST(LessonTest, GivesTheSameHybridizedAndImported) {
  MLP_Hybrid net;
  Seed(net, {1, 512});
  const NDArray x = Input({1, 512});
  ExpectNumbers(net(x), LessonText(29));
  net.Hybridize();
  ExpectNumbers(net(x), LessonText(29));
  ASSERT_OK_AND_ASSIGN(const auto files, net.Export(testing::TempDir() + "/MLP_hybrid"));
  EXPECT_EQ(absl::StrReplaceAll(absl::StrCat("('", files.first, "', '", files.second, "')"),
                                {{testing::TempDir() + "/", ""}}),
            LessonText(27));
  ASSERT_OK_AND_ASSIGN(nn::SymbolBlock loaded, nn::SymbolBlock::Imports(files.first, {"data"}, files.second));
  ExpectNumbers(loaded(x), LessonText(29));
}

TEST(LessonTest, Summarizes) {
  nn::Dense layer(5, {.activation = "relu", .in_units = 3});
  layer.Initialize();
  ASSERT_OK_AND_ASSIGN(const std::string dense, layer.Summary(Input({10, 3})));
  EXPECT_EQ(dense, LessonText(31) + "\n");
  LeNet lenet;
  lenet.Initialize();
  ASSERT_OK_AND_ASSIGN(const std::string pictures, lenet.Summary(Input({1, 1, 28, 28})));
  EXPECT_EQ(pictures, LessonText(32) + "\n");
  MLP_Hybrid net;
  net.Initialize();
  ASSERT_OK_AND_ASSIGN(const std::string mlp, net.Summary(Input({1, 512})));
  EXPECT_EQ(mlp, LessonText(34) + "\n");
  net.Hybridize();
  EXPECT_EQ("AssertionError: " + std::string(net.Summary(Input({1, 512})).status().message()), LessonText(33));
}

}  // namespace
}  // namespace baryon
