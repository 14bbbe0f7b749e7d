#include "engine/graph/run_op.h"

#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/graph/graph_text.h"
#include "engine/graph/op_registry.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RunOpTest : public testing::Test {
 protected:
  absl::StatusOr<std::vector<Tensor>> Run(const char* op_name, const Attrs& attrs, std::vector<Tensor> inputs) {
    const OpDef* op = FindOp(op_name);
    BARYON_ASSIGN_OR_RETURN(const BoundAttrs bound, op->bind(attrs, /*from_file=*/false));
    return RunOp(*op, bound, inputs, pool_);
  }

  ThreadPool pool_{1};
};

TEST_F(RunOpTest, ComputesOneOperator) {
  const auto got = Run("Concat", {{"num_args", "2"}, {"dim", "1"}},
                       {Tensor::FromData<float>({1, 2}, {1, 2}), Tensor::FromData<float>({1, 1}, {3})});
  ASSERT_OK(got);
  EXPECT_THAT((*got)[0].span<float>(), ElementsAre(1, 2, 3));
}

TEST_F(RunOpTest, AViewSharesItsElements) {
  const Tensor data = Tensor::FromData<float>({1, 2, 2}, {1, 2, 3, 4});
  const auto got = Run("Flatten", {}, {data});
  ASSERT_OK(got);
  EXPECT_EQ((*got)[0].shape(), Shape({1, 4}));
  EXPECT_EQ((*got)[0].raw_data(), data.raw_data());
}

TEST_F(RunOpTest, HiddenOutputsAreNotReturned) {
  const auto got = Run("BatchNorm", {},
                       {Tensor::Zeros({DType::kFloat32, {2, 3}}), Tensor::Zeros({DType::kFloat32, {3}}),
                        Tensor::Zeros({DType::kFloat32, {3}}), Tensor::Zeros({DType::kFloat32, {3}}),
                        Tensor::Zeros({DType::kFloat32, {3}})});
  ASSERT_OK(got);
  EXPECT_EQ(got->size(), 1u);
}

TEST_F(RunOpTest, RefusesTypesThatDoNotFit) {
  EXPECT_THAT(Run("Concat", {{"num_args", "2"}, {"dim", "1"}},
                  {Tensor::FromData<float>({1, 2}, {1, 2}), Tensor::FromData<float>({2, 1}, {3, 4})}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("expected")));
}

TEST_F(RunOpTest, AGraphRunsNodeByNode) {
  const auto graph = GraphFromText(R"(
      input data: float32 [1, 2]
      const k: float32 [1, 1] = 7
      a = Concat(data, k) {num_args=2, dim=1}
      y = Flatten(a)
      output y_output = y
      output k_output = k)");
  ASSERT_OK(graph);
  const Tensor data = Tensor::FromData<float>({1, 2}, {5, 6});
  const auto got = RunGraph(*graph, absl::MakeConstSpan(&data, 1), pool_);
  ASSERT_OK(got);
  EXPECT_THAT((*got)[0].span<float>(), ElementsAre(5, 6, 7));
  EXPECT_THAT((*got)[1].span<float>(), ElementsAre(7));
  EXPECT_THAT(RunGraph(*graph, {}, pool_),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("expected 1 inputs")));
}

}  // namespace
}  // namespace baryon
