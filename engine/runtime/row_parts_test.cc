#include "engine/runtime/row_parts.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/graph/graph_text.h"
#include "engine/graph/run_op.h"
#include "engine/runtime/compile.h"
#include "engine/runtime/executable.h"
#include "engine/runtime/testing/tensors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// LeNet: two convolutions with poolings, three dense layers; the head is for the test to add.
constexpr char kLenet[] = R"(
    input data: float32 [-1, 1, 28, 28]
    const w0: float32 [6, 1, 3, 3]
    const b0: float32 [6]
    const w1: float32 [16, 6, 3, 3]
    const w2: float32 [120, 400]
    const w3: float32 [10, 120]
    conv0 = Convolution(data, w0, b0) {kernel=(3, 3), num_filter=6}
    act0 = Activation(conv0) {act_type=relu}
    pool0 = Pooling(act0) {kernel=(2, 2), stride=(2, 2)}
    conv1 = Convolution(pool0, w1) {kernel=(3, 3), no_bias=True, num_filter=16}
    act1 = Activation(conv1) {act_type=tanh}
    pool1 = Pooling(act1) {kernel=(2, 2), pool_type=avg, stride=(2, 2)}
    flat = Flatten(pool1)
    dense0 = FullyConnected(flat, w2) {no_bias=True, num_hidden=120}
    dense1 = FullyConnected(dense0, w3) {no_bias=True, num_hidden=10}
)";

std::string Lenet(const std::string& head = "y = softmax(dense1)") {
  return std::string(kLenet) + head + "\n output y_output = y";
}

// A network on a pool of so many threads.
struct Net {
  Net(const std::string& text, int threads) : pool(threads) {
    absl::StatusOr<Graph> graph = GraphFromText(text);
    EXPECT_OK(graph);
    auto made = Executable::Create(*std::move(graph), pool);
    EXPECT_OK(made);
    executable = *std::move(made);
  }

  std::vector<float> Run(const Tensor& data) const {
    const auto outputs = executable->Run(absl::MakeConstSpan(&data, 1));
    EXPECT_OK(outputs);
    return Values((*outputs)[0]);
  }
  std::vector<RowPart> Parts(const Tensor& data) const {
    const auto plan = executable->PlanFor({data.type()});
    EXPECT_OK(plan);
    return PartsOf(**plan);
  }

  mutable ThreadPool pool;
  std::shared_ptr<const Executable> executable;
};

TEST(RowPartsTest, GiveTheBitsOfTheWholeBatchForAnyNumberOfThreads) {
  const Net one(Lenet(), 1);
  for (int threads : {2, 3}) {
    const Net many(Lenet(), threads);
    for (int64_t rows : {6, 7, 8}) {
      const Tensor data = Ramp({rows, 1, 28, 28});
      ASSERT_THAT(many.Parts(data), SizeIs(threads));
      EXPECT_THAT(one.Parts(data), IsEmpty());
      EXPECT_EQ(many.Run(data), one.Run(data)) << rows << " rows, " << threads << " threads";
    }
  }
}

TEST(RowPartsTest, AgreeWithTheGraphNodeByNode) {
  const Net net(Lenet(), 2);
  const Tensor data = Ramp({8, 1, 28, 28});
  const auto want = RunGraph(net.executable->graph(), absl::MakeConstSpan(&data, 1), net.pool);
  ASSERT_OK(want);
  EXPECT_THAT(net.Run(data), testing::Pointwise(testing::FloatNear(1e-6), Values((*want)[0])));
}

TEST(RowPartsTest, ARowIsTheSameAloneAndInABatch) {
  const Net net(Lenet(), 2);
  const Tensor data = Ramp({9, 1, 28, 28});
  const std::vector<float> all = net.Run(data);
  for (int64_t row = 0; row < 9; ++row) {
    const std::vector<float> alone = net.Run(data.Rows(row, row + 1));
    EXPECT_EQ(alone, std::vector<float>(all.begin() + row * 10, all.begin() + (row + 1) * 10)) << row;
  }
}

TEST(RowPartsTest, PartsAreNearlyEqualAndCoverTheBatch) {
  const Net net(Lenet(), 3);
  int64_t next = 0;
  for (const RowPart& part : net.Parts(Ramp({10, 1, 28, 28}))) {
    EXPECT_EQ(part.first, next);
    const int64_t rows = part.plan->output_types()[0].shape[0];
    EXPECT_THAT(rows, testing::AnyOf(3, 4));
    next += rows;
  }
  EXPECT_EQ(next, 10);
}

TEST(RowPartsTest, ProfilesShowThem) {
  const Net net(Lenet(), 2);
  const auto plan = net.executable->PlanFor({{DType::kFloat32, {8, 1, 28, 28}}});
  ASSERT_OK(plan);
  ASSERT_THAT((*plan)->steps(), SizeIs(1));
  EXPECT_THAT((*plan)->steps()[0].kernel->algorithm(), HasSubstr("4 + 4 rows"));
  EXPECT_GT((*plan)->steps()[0].kernel->num_multiplications(), 8 * 48000);
}

TEST(RowPartsTest, OneRowAndLongStepsStayWhole) {
  EXPECT_THAT(Net(Lenet(), 2).Parts(Ramp({1, 1, 28, 28})), IsEmpty());
  EXPECT_THAT(Net(Lenet(), 2).Parts(Ramp({2048, 1, 28, 28})), IsEmpty());
  const Net tiny(R"(
      input data: float32 [-1, 8]
      const w: float32 [8, 8]
      y = FullyConnected(data, w) {no_bias=True, num_hidden=8}
      output y_output = y)",
                 2);
  EXPECT_THAT(tiny.Parts(Ramp({8, 8})), IsEmpty());
}

TEST(RowPartsTest, RowsThatDependOnEachOtherStayTogether) {
  for (const char* head : {"y = softmax(dense1) {axis=0}", "y = Reshape(dense1) {shape=(-1, 2)}",
                           "y = sum(dense1) {axis=0}", "y = reverse(dense1) {axis=0}"}) {
    const Net net(Lenet(head), 2);
    const Tensor data = Ramp({8, 1, 28, 28});
    EXPECT_THAT(net.Parts(data), IsEmpty()) << head;
    const auto want = RunGraph(net.executable->graph(), absl::MakeConstSpan(&data, 1), net.pool);
    ASSERT_OK(want) << head;
    EXPECT_THAT(net.Run(data), testing::Pointwise(testing::FloatNear(2e-3), Values((*want)[0]))) << head;
  }
}

// The reshape names the batch's size, so that no part of it has a plan.
TEST(RowPartsTest, AGraphForOneBatchSizeStaysWhole) {
  const Net net(Lenet("y = Reshape(dense1) {shape=(8, 10)}"), 2);
  EXPECT_THAT(net.Parts(Ramp({8, 1, 28, 28})), IsEmpty());
  EXPECT_THAT(net.Run(Ramp({8, 1, 28, 28})), SizeIs(80));
}

}  // namespace
}  // namespace baryon
