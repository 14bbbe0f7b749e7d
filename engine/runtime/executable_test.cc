#include "engine/runtime/executable.h"

#include <thread>  // NOLINT: tests start plain threads
#include <utility>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/graph/graph_text.h"
#include "engine/graph/run_op.h"
#include "engine/runtime/testing/tensors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;

constexpr char kNet[] = R"(
    input data: float32 [-1, 3, 6, 6]
    const w: float32 [4, 3, 3, 3]
    const v: float32 [5, 16]
    const b: float32 [5]
    conv = Convolution(data, w) {kernel=(3, 3), stride=(2, 2), pad=(1, 1), no_bias=True, num_filter=4}
    pool = Pooling(conv) {kernel=(2, 2), stride=(1, 1)}
    flat = Flatten(pool)
    dense = FullyConnected(flat, v, b) {num_hidden=5}
    y = softmax(dense)
    output y_output = y)";

class ExecutableTest : public testing::Test {
 protected:
  std::shared_ptr<const Executable> Make(const char* text, CompileOptions options = {}) {
    absl::StatusOr<Graph> graph = GraphFromText(text);
    EXPECT_OK(graph);
    auto executable = Executable::Create(*std::move(graph), pool_, std::move(options));
    EXPECT_OK(executable);
    return *std::move(executable);
  }

  ThreadPool pool_{2};
};

TEST_F(ExecutableTest, AgreesWithTheGraphNodeByNodeForAnyBatchSize) {
  const auto executable = Make(kNet);
  for (int64_t batch : {1, 2, 5}) {
    const Tensor data = Ramp({batch, 3, 6, 6});
    const auto got = executable->Run(absl::MakeConstSpan(&data, 1));
    const auto want = RunGraph(executable->graph(), absl::MakeConstSpan(&data, 1), pool_);
    ASSERT_OK(got);
    ASSERT_OK(want);
    EXPECT_THAT(Values((*got)[0]), testing::Pointwise(testing::FloatNear(1e-6), Values((*want)[0])));
  }
}

TEST_F(ExecutableTest, AgreesWithAnyOnePassLeftOut) {
  const Tensor data = Ramp({2, 3, 6, 6});
  const auto want = RunGraph(*GraphFromText(kNet), absl::MakeConstSpan(&data, 1), pool_);
  ASSERT_OK(want);
  for (const Pass& pass : Pipeline()) {
    CompileOptions options;
    options.passes.disabled = {pass.name};
    const auto got = Make(kNet, options)->Run(absl::MakeConstSpan(&data, 1));
    ASSERT_OK(got) << pass.name;
    EXPECT_THAT(Values((*got)[0]), testing::Pointwise(testing::FloatNear(1e-6), Values((*want)[0]))) << pass.name;
  }
}

// The large layers of a transformer, with their items one behind the other and one inside the other.
TEST_F(ExecutableTest, ASequenceIsTheSameAloneAndInABatch) {
  constexpr char kBody[] = R"(
      const w: float32 [512, 256]
      const v: float32 [256, 512]
      const b: float32 [512]
      f = FullyConnected(x, w, b) {num_hidden=512, flatten=False}
      g = LeakyReLU(f) {act_type=gelu}
      h = FullyConnected(g, v) {num_hidden=256, no_bias=True, flatten=False}
      y = elemwise_add(h, x))";
  const std::string input = "input data: float32 [-1, 67, 256]\n";
  for (const std::string& text : {input + "x = _mul_scalar(data) {scalar=0.5}\n" + kBody + "\n output y_output = y",
                                  input + "x = transpose(data) {axes=(1, 0, 2)}\n" + kBody +
                                      "\n z = transpose(y) {axes=(1, 0, 2)}\n output z_output = z"}) {
    const auto executable = Make(text.c_str());
    const Tensor batch = Ramp({3, 67, 256});
    const auto together = executable->Run(absl::MakeConstSpan(&batch, 1));
    ASSERT_OK(together);
    const auto want = RunGraph(executable->graph(), absl::MakeConstSpan(&batch, 1), pool_);
    ASSERT_OK(want);
    EXPECT_THAT(Values((*together)[0]), testing::Pointwise(testing::FloatNear(1e-3), Values((*want)[0])));
    for (int64_t item = 0; item < 3; ++item) {
      const Tensor row = batch.Rows(item, item + 1);
      const auto alone = executable->Run(absl::MakeConstSpan(&row, 1));
      ASSERT_OK(alone);
      EXPECT_EQ(Values((*alone)[0]), Values((*together)[0].Rows(item, item + 1)));
    }
  }
}

TEST_F(ExecutableTest, ARowIsTheSameAloneAndInABatch) {
  const auto executable = Make(kNet);
  const Tensor batch = Ramp({4, 3, 6, 6});
  const auto all = executable->Run(absl::MakeConstSpan(&batch, 1));
  ASSERT_OK(all);
  for (int64_t row = 0; row < 4; ++row) {
    const Tensor one = batch.Rows(row, row + 1);
    const auto alone = executable->Run(absl::MakeConstSpan(&one, 1));
    ASSERT_OK(alone);
    EXPECT_THAT(Values((*alone)[0]),
                testing::Pointwise(testing::FloatNear(1e-6), Values((*all)[0].Rows(row, row + 1))));
  }
}

TEST_F(ExecutableTest, ManyThreadsGetEqualBits) {
  const auto executable = Make(kNet);
  const Tensor data = Ramp({3, 3, 6, 6});
  const std::vector<float> want = Values((*executable->Run(absl::MakeConstSpan(&data, 1)))[0]);
  std::vector<std::thread> threads;
  std::vector<int> differing(8, 0);
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const auto got = executable->Run(absl::MakeConstSpan(&data, 1));
        differing[t] += !got.ok() || Values((*got)[0]) != want;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(differing, testing::Each(0));
}

TEST_F(ExecutableTest, NamesTheInputWhenOnlyTheWholeGraphShowsThatItsSizeIsWrong) {
  const auto executable = Make(R"(
      input data: float32 [-1, 1, -1, -1]
      const w: float32 [5, 64]
      y = FullyConnected(data, w) {num_hidden=5, no_bias=True}
      output y_output = y)");
  const Tensor narrow = Ramp({2, 1, 8, 4});
  EXPECT_THAT(executable->Run(absl::MakeConstSpan(&narrow, 1)),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("input \"data\": expected float32 [-1, 1, -1, -1], such as [1, 1, 8, 8], got float32 "
                                 "[2, 1, 8, 4]; node \"y\"")));
}

TEST_F(ExecutableTest, ABiasMayBeAColumn) {
  const auto executable = Make(R"(
      input data: float32 [-1, 2]
      input w: float32 [3, 2]
      input b: float32 [3]
      y = FullyConnected(data, w, b) {num_hidden=3}
      output y_output = y)");
  const Tensor data = Ramp({2, 2}), weight = Ramp({3, 2}), bias = Ramp({3});
  const auto want = executable->Run(std::vector<Tensor>{data, weight, bias});
  const auto got = executable->Run(std::vector<Tensor>{data, weight, bias.Reshaped({3, 1})});
  ASSERT_OK(want);
  ASSERT_OK(got);
  EXPECT_EQ(Values((*got)[0]), Values((*want)[0]));
  EXPECT_THAT(executable->Run(std::vector<Tensor>{data, weight, bias.Reshaped({1, 3})}),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(ExecutableTest, InputsByNameComeInAnyOrderAndEachOnce) {
  const auto executable = Make(R"(
      input a: float32 [-1, 2]
      input b: float32 [-1, 3]
      y = Concat(a, b) {dim=1, num_args=2}
      output y_output = y)");
  const Tensor a = Ramp({1, 2}), b = Ramp({1, 3});
  const auto got = executable->Run(NamedTensors{{"b", b}, {"a", a}});
  ASSERT_OK(got);
  EXPECT_EQ((*got)[0].first, "y_output");
  EXPECT_EQ((*got)[0].second.shape(), Shape({1, 5}));
  EXPECT_THAT(executable->Run(NamedTensors{{"a", a}, {"a", a}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("twice")));
  EXPECT_THAT(executable->Run(NamedTensors{{"a", a}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("input \"b\" is missing")));
  EXPECT_THAT(
      executable->Run(NamedTensors{{"c", a}}),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no input is called \"c\", expected \"a\", \"b\"")));
}

TEST_F(ExecutableTest, RefusesWrongTypesWithExpectedAndGot) {
  const auto executable = Make(kNet);
  const Tensor wide = Ramp({1, 3, 6, 7});
  EXPECT_THAT(executable->Run(absl::MakeConstSpan(&wide, 1)),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("input \"data\": expected float32 [-1, 3, 6, 6], got float32 [1, 3, 6, 7]")));
  const Tensor whole = Tensor::Zeros({DType::kInt32, {1, 3, 6, 6}});
  EXPECT_THAT(executable->Run(absl::MakeConstSpan(&whole, 1)), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(executable->Run(absl::Span<const Tensor>()), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(ExecutableTest, APlanBeyondTheArenaLimitIsRefused) {
  CompileOptions options;
  options.max_arena_bytes = 1000;
  const Tensor data = Ramp({5, 3, 6, 6});
  EXPECT_THAT(Make(kNet, options)->Run(absl::MakeConstSpan(&data, 1)), StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(ExecutableTest, MoreShapesThanPlansAreKeptStillRun) {
  const auto executable = Make(R"(
      input data: float32 [-1, 2]
      y = softmax(data)
      output y_output = y)");
  for (int64_t batch = 1; batch <= Executable::kMostPlans + 3; ++batch) {
    const Tensor data = Ramp({batch, 2});
    const auto got = executable->Run(absl::MakeConstSpan(&data, 1));
    ASSERT_OK(got);
    EXPECT_EQ((*got)[0].shape(), Shape({batch, 2}));
  }
}

TEST_F(ExecutableTest, OutputsGivenByTheCallerAreFilled) {
  const auto executable = Make(kNet);
  const Tensor data = Ramp({2, 3, 6, 6});
  Tensor output = Tensor::Zeros({DType::kFloat32, {2, 5}});
  ASSERT_OK(executable->Run(absl::MakeConstSpan(&data, 1), absl::MakeSpan(&output, 1)));
  EXPECT_EQ(Values(output), Values((*executable->Run(absl::MakeConstSpan(&data, 1)))[0]));
  Tensor narrow = Tensor::Zeros({DType::kFloat32, {2, 4}});
  EXPECT_THAT(executable->Run(absl::MakeConstSpan(&data, 1), absl::MakeSpan(&narrow, 1)),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(ExecutableTest, AnOutputThatIsAnInputOrAConstantIsCopied) {
  const auto executable = Make(R"(
      input data: float32 [-1, 2]
      const k: float32 [2] = 3 4
      output same = data
      output fixed = k)");
  const Tensor data = Ramp({1, 2});
  const auto got = executable->Run(absl::MakeConstSpan(&data, 1));
  ASSERT_OK(got);
  EXPECT_EQ(Values((*got)[0]), Values(data));
  EXPECT_THAT(Values((*got)[1]), testing::ElementsAre(3, 4));
}

}  // namespace
}  // namespace baryon
