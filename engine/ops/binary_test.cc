#include <limits>

#include "engine/base/testing/status_matchers.h"
#include "engine/graph/op_registry.h"
#include "engine/ops/testing/op_tester.h"
#include "gtest/gtest.h"

namespace baryon {
namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

// The sum of two arrays of the same shape, or of an array and the same row for each of its rows.
std::vector<Tensor> Sum(const std::vector<Tensor>& inputs) {
  Tensor y = Tensor::Allocate(inputs[0].type());
  const int64_t row = inputs[1].num_elements();
  for (int64_t i = 0; i < y.num_elements(); ++i) {
    y.mutable_data<float>()[i] = inputs[0].data<float>()[i] + inputs[1].data<float>()[i % row];
  }
  return {y};
}

TEST(BinaryTest, AddsArraysOfAnySize) {
  for (const Shape& shape : {Shape{1}, Shape{2, 3}, Shape{7, 11, 13}, Shape{3, 1 << 15}, Shape{0, 4}}) {
    OpTester("elemwise_add").Input(shape).Input(shape).ExpectNear(Sum, Exactly());
    OpTester("_grad_add").Input(shape).Input(shape).ExpectNear(Sum, Exactly());
  }
}

TEST(BinaryTest, BroadcastsRowsAndNumbers) {
  OpTester("broadcast_add").Input({5, 7, 3}).Input({3}).ExpectNear(Sum, Exactly());
  OpTester("broadcast_add").Input({5, 700}).Input({1, 700}).ExpectNear(Sum, Exactly());
  OpTester("broadcast_add").Input({5, 700}).Input({1}).ExpectNear(Sum, Exactly());
}

TEST(BinaryTest, BroadcastsBothOperands) {
  OpTester("broadcast_mul")
      .Input(Tensor::FromData<float>({2, 1}, {2, 3}))
      .Input(Tensor::FromData<float>({1, 3}, {1, 10, 100}))
      .ExpectOutput(Tensor::FromData<float>({2, 3}, {2, 20, 200, 3, 30, 300}));
}

TEST(BinaryTest, TruthsHaveTheDTypeOfTheOperands) {
  OpTester("broadcast_lesser")
      .Input(Tensor::FromData<int32_t>({3}, {1, 2, 3}))
      .Input(Tensor::FromData<int32_t>({1}, {2}))
      .ExpectOutput(Tensor::FromData<int32_t>({3}, {1, 0, 0}));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  OpTester("_not_equal")
      .Input(Tensor::FromData<float>({2}, {nan, 1}))
      .Input(Tensor::FromData<float>({2}, {nan, 1}))
      .ExpectOutput(Tensor::FromData<float>({2}, {1, 0}));
}

TEST(BinaryTest, WholeNumbersDivideTowardsZeroAndByZero) {
  OpTester("elemwise_div")
      .Input(Tensor::FromData<int32_t>({4}, {-7, 7, 5, std::numeric_limits<int32_t>::min()}))
      .Input(Tensor::FromData<int32_t>({4}, {2, -2, 0, -1}))
      .ExpectOutput(Tensor::FromData<int32_t>({4}, {-3, -3, 0, std::numeric_limits<int32_t>::min()}));
}

TEST(BinaryTest, Float16IsRoundedOnce) {
  OpTester("broadcast_sub")
      .Input(Tensor::FromData<Half>({2}, {Half(2048), Half(1)}))
      .Input(Tensor::FromData<Half>({1}, {Half(0.5f)}))
      .ExpectOutput(Tensor::FromData<Half>({2}, {Half(2047.5f), Half(0.5f)}));
}

TEST(BinaryTest, ShapesAndDTypesCompleteEachOther) {
  const OpDef& op = *FindOp("elemwise_add");
  const BoundAttrs attrs = *op.bind({}, /*from_file=*/true);
  const TensorType state = {DType::kFloat32, {4, 8}};
  TensorTypes inputs = {{DType::kUnknown, {4, Shape::kUnknownDim}}, {}}, outputs = {state};
  ASSERT_OK(op.complete_types(attrs.get(), inputs, outputs));
  EXPECT_EQ(inputs, (TensorTypes{state, state}));
}

TEST(BinaryTest, AcceptsUnknownDimensions) {
  const OpDef& op = *FindOp("broadcast_add");
  const BoundAttrs attrs = *op.bind({}, /*from_file=*/true);
  const auto types =
      op.infer_types(attrs.get(), {{DType::kFloat32, {Shape::kUnknownDim, 3, 8, 8}}, {DType::kFloat32, {1, 3, 1, 1}}});
  ASSERT_OK(types.status());
  EXPECT_EQ((*types)[0].shape, (Shape{Shape::kUnknownDim, 3, 8, 8}));
}

TEST(BinaryTest, RejectsOperandsThatDoNotFit) {
  EXPECT_THAT(OpTester("elemwise_add").Input({2, 3}).Input({3}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("broadcast_add").Input({2, 3}).Input({2}).Infer(), StatusIs(kInvalid));
  EXPECT_THAT(OpTester("broadcast_add").Input({2}).Input({2}, Integers(0, 3).As(DType::kInt32)).Infer(),
              StatusIs(kInvalid));
}

}  // namespace
}  // namespace baryon
