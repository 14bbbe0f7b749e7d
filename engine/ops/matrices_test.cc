#include "engine/ops/matrices.h"

#include <vector>

#include "engine/base/testing/status_matchers.h"
#include "engine/base/thread_pool.h"
#include "engine/tensor/tensor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

using ::testing::ElementsAre;

TEST(MatricesTest, StacksHaveCountRowsAndColumns) {
  const MatrixStack stack = StackOf({2, 3, 4, 5});
  EXPECT_EQ(stack.count, 6);
  EXPECT_EQ(stack.rows, 4);
  EXPECT_EQ(stack.columns, 5);
  EXPECT_EQ(StackOf({7}).columns, 7);
  EXPECT_EQ(StackOf({}).size(), 1);
}

TEST(MatricesTest, ChecksShapesAndTypes) {
  EXPECT_OK(CheckSquareMatrices("A", {DType::kFloat16, {5, 2, 2}}));
  EXPECT_FALSE(CheckSquareMatrices("A", {DType::kFloat32, {2, 3}}).ok());
  EXPECT_FALSE(CheckMatrices("A", {DType::kFloat32, {3}}).ok());
  EXPECT_FALSE(CheckMatrices("A", {DType::kInt64, {3, 3}}).ok());
}

TEST(MatricesTest, ConvertsPartsOfArrays) {
  const Tensor from = Tensor::FromData<float>({4}, {1, 2, 3, 4});
  std::vector<double> part(2);
  LoadDoubles(from.view(), 1, 2, part.data());
  EXPECT_THAT(part, ElementsAre(2, 3));
  Tensor to = Tensor::Zeros({DType::kFloat64, {4}});
  StoreDoubles(part.data(), 2, 2, to.view());
  EXPECT_THAT(to.span<double>(), ElementsAre(0, 0, 2, 3));
}

TEST(MatricesTest, TransposesAndCompletesTriangles) {
  const std::vector<double> a = {1, 2, 3, 4, 5, 6};
  std::vector<double> t(6), square = {1, 2, 3, 4}, mirrored = square;
  TransposeMatrix(a.data(), 2, 3, t.data());
  EXPECT_THAT(t, ElementsAre(1, 4, 2, 5, 3, 6));
  ClearOtherTriangle(true, 2, square.data());
  EXPECT_THAT(square, ElementsAre(1, 0, 3, 4));
  MirrorTriangle(false, 2, mirrored.data());
  EXPECT_THAT(mirrored, ElementsAre(1, 2, 2, 4));
}

TEST(MatricesTest, TheKernelVisitsEveryMatrixAndReportsTheFirstError) {
  const auto kernel = MakeMatrixKernel(9, 4, [](OpContext& context, int64_t i, double* memory) -> absl::Status {
    memory[3] = static_cast<double>(i);
    context.output(0).data<double>()[i] = memory[3];
    return i == 5 ? absl::InvalidArgumentError("five") : absl::OkStatus();
  });
  ThreadPool pool(2);
  Tensor workspace = Tensor::Zeros({DType::kUInt8, {2 * kernel->workspace_bytes()}});
  Tensor out = Tensor::Zeros({DType::kFloat64, {9}});
  const TensorView view = out.view();
  Resources resources(pool, static_cast<char*>(workspace.mutable_raw_data()), kernel->workspace_bytes());
  OpContext context({}, absl::MakeConstSpan(&view, 1), resources);
  kernel->Compute(context);
  EXPECT_THAT(out.span<double>(), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8));
  EXPECT_EQ(resources.status().message(), "five");
}

}  // namespace
}  // namespace baryon
