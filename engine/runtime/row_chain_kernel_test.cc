#include "engine/runtime/row_chain_kernel.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/graph/graph_text.h"
#include "engine/graph/run_op.h"
#include "engine/runtime/executable.h"
#include "engine/runtime/testing/tensors.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

// A join, a residual, and two values that are read behind the chain, one of them an output.
constexpr char kNet[] = R"(
    input data: float32 [-1, 3, 48, 48]
    const w: float32 [16, 3, 3, 3]
    const d: float32 [16, 1, 3, 3]
    const v: float32 [24, 16, 1, 1]
    const u: float32 [24, 24, 1, 1]
    const x: float32 [10, 110592]
    stem = Convolution(data, w) {kernel=(3, 3), pad=(1, 1), num_filter=16, no_bias=True}
    deep = Convolution(stem, d) {kernel=(3, 3), pad=(1, 1), num_filter=16, num_group=16, no_bias=True}
    relu = Activation(deep) {act_type=relu}
    left = Convolution(relu, v) {kernel=(1, 1), num_filter=24, no_bias=True}
    right = Convolution(left, u) {kernel=(1, 1), num_filter=24, no_bias=True}
    sum = elemwise_add(left, right)
    joined = Concat(sum, right) {dim=1, num_args=2}
    dense = FullyConnected(joined, x) {num_hidden=10, no_bias=True}
    output y = dense
    output z = sum)";

class RowChainKernelTest : public testing::TestWithParam<int> {
 protected:
  RowChainKernelTest() {
    auto executable = Executable::Create(*GraphFromText(kNet), pool_);
    EXPECT_OK(executable);
    executable_ = *std::move(executable);
  }

  std::vector<Tensor> Run(const Tensor& data) {
    auto outputs = executable_->Run(absl::MakeConstSpan(&data, 1));
    EXPECT_OK(outputs);
    return *std::move(outputs);
  }

  ThreadPool pool_{GetParam()};
  std::shared_ptr<const Executable> executable_;
};

INSTANTIATE_TEST_SUITE_P(Threads, RowChainKernelTest, testing::Values(1, 2, 3));

TEST_P(RowChainKernelTest, RowsAreWhatTheyAreAlone) {
  for (int64_t rows : {2, 3, 4, 7}) {
    const Tensor data = Ramp({rows, 3, 48, 48});
    const absl::StatusOr<std::shared_ptr<const Plan>> plan = executable_->PlanFor({data.type()});
    ASSERT_OK(plan);
    EXPECT_EQ((*plan)->steps()[0].op, RowChainKernel::kOp);
    const std::vector<Tensor> all = Run(data);
    for (int64_t row = 0; row < rows; ++row) {
      const std::vector<Tensor> alone = Run(data.Rows(row, row + 1));
      EXPECT_THAT(Values(alone[0]), testing::Pointwise(testing::FloatNear(1e-3), Values(all[0].Rows(row, row + 1))));
      EXPECT_EQ(Values(alone[1]), Values(all[1].Rows(row, row + 1))) << row << " of " << rows;
    }
  }
}

TEST_P(RowChainKernelTest, AgreesWithTheGraphNodeByNode) {
  const Tensor data = Ramp({5, 3, 48, 48});
  const auto want = RunGraph(executable_->graph(), absl::MakeConstSpan(&data, 1), pool_);
  ASSERT_OK(want);
  const std::vector<Tensor> got = Run(data);
  for (int i : {0, 1}) {
    const std::vector<float> values = Values((*want)[i]);
    const float largest = *std::max_element(values.begin(), values.end());
    EXPECT_THAT(Values(got[i]), testing::Pointwise(testing::FloatNear(1e-4f * largest), values)) << i;
  }
}

TEST_P(RowChainKernelTest, SaysWhatItDoes) {
  const absl::StatusOr<std::shared_ptr<const Plan>> plan = executable_->PlanFor({{DType::kFloat32, {6, 3, 48, 48}}});
  ASSERT_OK(plan);
  const Kernel& kernel = *(*plan)->steps()[0].kernel;
  EXPECT_EQ(kernel.num_multiplications(), 6 * 48 * 48 * (3 * 9 * 16 + 16 * 9 + 16 * 24 + 24 * 24));
  EXPECT_THAT(kernel.algorithm(), testing::HasSubstr("for each of 6 rows"));
}

}  // namespace
}  // namespace baryon
